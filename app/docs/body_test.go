package docs_test

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"parvis/app/docs"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

var update = flag.Bool("update", false, "write testdata/body.json anew")

// vector is one encoded body and what becomes of it. An empty Bad means valid.
type vector struct {
	Rule string `json:"rule"`
	What string `json:"what"`
	Hex  string `json:"hex"`
	Bad  string `json:"bad"`
}

var (
	vectorSpace  = seal.SpaceID{7}
	vectorDevice = seal.ID{8}
	vectorIDs    = []seal.ID{{1}, {2}, {3}}
	vectorDoc    = docs.NewID(vectorSpace, vectorDevice, vectorIDs[0])
)

func changeBody() docs.Body {
	return docs.Body{V: 1, Doc: vectorDoc, Op: docs.OpChange, Session: 3, Change: []byte("an Automerge change"), Hash: &vectorIDs[1]}
}

func cardBody(c docs.Card) docs.Body {
	return docs.Body{V: 1, Doc: vectorDoc, Op: docs.OpCard, Card: &c}
}

func created() docs.Card {
	return docs.Card{Field: docs.FieldCreated, Lamport: 1, Nonce: &vectorIDs[0], Title: "Rapport annuel", Folder: "Équipe/Plans"}
}

func goodRef() file.Ref {
	return file.Ref{V: 1, Name: "plan.png", Mime: "image/png", Size: 1 << 20, Key: seal.ID{9}, Index: make([]byte, 36)}
}

// raw is a body with another field type in one place.
func raw(t testing.TB, b docs.Body, change func(fields []any)) []byte {
	t.Helper()
	var hash, card, mention any
	if b.Hash != nil {
		hash = *b.Hash
	}
	if b.Card != nil {
		card = *b.Card
	}
	fields := []any{b.V, b.Doc, uint(b.Op), b.Session, b.Change, hash, card, mention, b.Files}
	change(fields)
	data, err := seal.Encode(fields)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func vectors(t testing.TB) []vector {
	var all []vector
	add := func(rule, what, bad string, data []byte) {
		all = append(all, vector{rule, what, hex.EncodeToString(data), bad})
	}
	body := func(b docs.Body) []byte {
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	with := func(change func(b *docs.Body)) []byte {
		b := changeBody()
		change(&b)
		return body(b)
	}
	card := func(change func(c *docs.Card)) []byte {
		c := docs.Card{Field: docs.FieldTitle, Lamport: 2, Title: "New"}
		change(&c)
		return body(cardBody(c))
	}
	first := func(change func(c *docs.Card)) []byte {
		c := created()
		change(&c)
		return body(cardBody(c))
	}
	field := func(i int, v any) []byte { return raw(t, changeBody(), func(fields []any) { fields[i] = v }) }
	mention := func(m docs.Mention) []byte {
		return body(docs.Body{Doc: vectorDoc, Op: docs.OpMention, Mention: &m})
	}
	files := func(refs ...file.Ref) []byte {
		return body(docs.Body{Doc: vectorDoc, Op: docs.OpFiles, Files: refs})
	}

	add("D1", "a change", "", with(func(*docs.Body) {}))
	add("D1", "a later version", "newer version", field(0, uint(2)))
	add("D1", "a later version with other fields", "newer version", func() []byte {
		data, _ := seal.Encode([]any{uint(2), vectorDoc, "x"})
		return data
	}())
	add("D1", "version 0", "version 0", field(0, uint(0)))
	add("D1", "a text as session", "decode", field(3, "3"))
	add("D1", "a short document id", "deterministic", field(1, []byte{1}))
	add("D1", "eight fields", "decode", func() []byte {
		data, _ := seal.Encode([]any{uint(1), vectorDoc, uint(0), uint(0), []byte{1}, vectorIDs[0], nil, nil})
		return data
	}())
	add("D2", "a later operation", "newer version", field(2, uint(4)))
	add("D2", "a later field of a card", "newer version", card(func(c *docs.Card) { c.Field = 4 }))
	add("D3", "a change with a card", "parts of operation", with(func(b *docs.Body) { c := created(); b.Card = &c }))
	add("D3", "a card without card", "parts of operation", body(docs.Body{Doc: vectorDoc, Op: docs.OpCard}))
	add("D3", "a card with a session", "parts of operation", func() []byte { b := cardBody(created()); b.Session = 1; return body(b) }())
	add("D3", "files without files", "parts of operation", files())
	add("D4", "a change without hash", "without its bytes or its hash", with(func(b *docs.Body) { b.Hash = nil }))
	add("D4", "a change without bytes", "without its bytes or its hash", with(func(b *docs.Body) { b.Change = nil }))
	add("D4", "session 65536", "session", with(func(b *docs.Body) { b.Session = 65536 }))
	add("D6", "a creation", "", first(func(*docs.Card) {}))
	add("D6", "a creation with another nonce", "does not belong", first(func(c *docs.Card) { c.Nonce = &vectorIDs[1] }))
	add("D6", "a creation without nonce", "nonce", first(func(c *docs.Card) { c.Nonce = nil }))
	add("D7", "a title", "", card(func(*docs.Card) {}))
	add("D7", "an empty title", "", card(func(c *docs.Card) { c.Title = "" }))
	add("D7", "the trash", "", card(func(c *docs.Card) { c.Field, c.Title, c.Trashed = docs.FieldTrashed, "", true }))
	add("D7", "a creation with lamport 2", "lamport", first(func(c *docs.Card) { c.Lamport = 2 }))
	add("D7", "a title with lamport 1", "lamport", card(func(c *docs.Card) { c.Lamport = 1 }))
	add("D7", "lamport 2^53 + 1", "lamport", card(func(c *docs.Card) { c.Lamport = 1<<53 + 1 }))
	add("D7", "a title with a nonce", "nonce", card(func(c *docs.Card) { c.Nonce = &vectorIDs[0] }))
	add("D7", "a title that is not clean", "not clean", card(func(c *docs.Card) { c.Title = "a  b" }))
	add("D7", "a title of 201 characters", "not clean", card(func(c *docs.Card) { c.Title = strings.Repeat("ab ", 67) + "c" }))
	add("D7", "a folder that is not clean", "not clean", first(func(c *docs.Card) { c.Folder = "/a" }))
	add("D7", "a title with a folder", "more than its field", card(func(c *docs.Card) { c.Folder = "a" }))
	add("D7", "the trash with a title", "more than its field", card(func(c *docs.Card) { c.Field, c.Trashed = docs.FieldTrashed, true }))
	add("D7", "a title and the trash", "more than its field", card(func(c *docs.Card) { c.Trashed = true }))
	add("D8", "a mention", "", mention(docs.Mention{Comment: "abcdefghij", People: vectorIDs, Text: "@Ana"}))
	add("D8", "a mention of nobody", "people", mention(docs.Mention{Comment: "abc"}))
	add("D8", "people out of order", "ascending", mention(docs.Mention{Comment: "abc", People: []seal.ID{{2}, {1}}}))
	add("D8", "a mention without comment", "without comment", mention(docs.Mention{People: vectorIDs}))
	add("D8", "a long mention", "1025 bytes", mention(docs.Mention{Comment: "abc", People: vectorIDs, Text: strings.Repeat("a", 1025)}))
	add("D9", "a file", "", files(goodRef()))
	add("D9", "17 files", "17 files", files(slices.Repeat([]file.Ref{goodRef()}, 17)...))
	add("D9", "a file without key", "without key", files(func() file.Ref { r := goodRef(); r.Key = seal.ID{}; return r }()))
	return all
}

// D1 to D9: the golden bodies are read as they always were.
func TestD1ToD9Vectors(t *testing.T) {
	const path = "testdata/body.json"
	if *update {
		data, err := json.MarshalIndent(vectors(t), "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var golden []vector
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(golden, vectors(t)) {
		t.Error("the encoding has changed: other versions could not read it")
	}
	for _, v := range golden {
		data, err := hex.DecodeString(v.Hex)
		if err != nil {
			t.Fatal(err)
		}
		_, err = docs.Decode(data, vectorSpace, vectorDevice)
		if (err == nil) != (v.Bad == "") || err != nil && !strings.Contains(err.Error(), v.Bad) {
			t.Errorf("%s %s: %v, want %q", v.Rule, v.What, err, v.Bad)
		}
	}
}

// D4: a change may have so many bytes and no more.
func TestD4TheLargestChange(t *testing.T) {
	for size, bad := range map[int]string{docs.MaxChange: "", docs.MaxChange + 1: "a change of 1044481 bytes"} {
		b := changeBody()
		b.Change = make([]byte, size)
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := docs.Decode(data, vectorSpace, vectorDevice); (err == nil) != (bad == "") || err != nil && err.Error() != bad {
			t.Errorf("%d bytes: %v, want %q", size, err, bad)
		}
	}
}

// D6: nobody else can claim to have made a document.
func TestD6OnlyTheMakersDeviceCreates(t *testing.T) {
	data, err := cardBody(created()).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := docs.Decode(data, vectorSpace, seal.ID{9}); err == nil {
		t.Error("another device made the same document")
	}
	if _, err := docs.Decode(data, seal.SpaceID{9}, vectorDevice); err == nil {
		t.Error("it was made in another space too")
	}
}

// checkDecoded: what is accepted is encoded as it came.
func checkDecoded(t testing.TB, data []byte) {
	b, err := docs.Decode(data, vectorSpace, vectorDevice)
	if err != nil {
		return
	}
	again, err := b.Encode()
	if err != nil || !slices.Equal(again, data) {
		t.Errorf("%x was accepted and encodes as %x, %v", data, again, err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, v := range vectors(f) {
		data, _ := hex.DecodeString(v.Hex)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkDecoded(t, data) })
}

func TestDecodeTenThousandMutations(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 1))
	var seeds [][]byte
	for _, v := range vectors(t) {
		data, _ := hex.DecodeString(v.Hex)
		seeds = append(seeds, data)
	}
	for range 10_000 {
		data := slices.Clone(seeds[random.IntN(len(seeds))])
		for range 1 + random.IntN(4) {
			switch i := random.IntN(len(data)); random.IntN(3) {
			case 0:
				data[i] ^= 1 << random.IntN(8)
			case 1:
				data = slices.Insert(data, i, byte(random.Uint32()))
			case 2:
				if len(data) > 1 {
					data = slices.Delete(data, i, i+1)
				}
			}
		}
		checkDecoded(t, data)
	}
}

func TestCleanTitlesAndFolders(t *testing.T) {
	long := strings.Repeat("word ", 100)
	for text, want := range map[string]string{
		"": "", " a \t b ": "a b", "\u202eabc": "abc", "a\u2028b": "a b", "\xff": "", "é": "é",
	} {
		if got := docs.CleanTitle(text); got != want {
			t.Errorf("title %q is cleaned to %q, want %q", text, got, want)
		}
	}
	for text, want := range map[string]string{"": "", "/": "", "a//b /": "a/b", "a/ /\u200b/c": "a/c"} {
		if got := docs.CleanFolder(text); got != want {
			t.Errorf("folder %q is cleaned to %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{long, strings.Repeat("x", 300), strings.Repeat("é ", 500), strings.Repeat("ab/", 300)} {
		title, folder := docs.CleanTitle(text), docs.CleanFolder(text)
		if n := len([]rune(title)); n > docs.MaxTitle || docs.CleanTitle(title) != title {
			t.Errorf("a title of %d characters, cleaned again %q", n, docs.CleanTitle(title))
		}
		if len(folder) > docs.MaxFolder || docs.CleanFolder(folder) != folder {
			t.Errorf("a folder of %d bytes", len(folder))
		}
	}
}
