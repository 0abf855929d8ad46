package chat_test

import (
	"encoding/hex"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"parvis/app/chat"
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
	vectorSpace = seal.SpaceID{7}
	vectorIDs   = []seal.ID{{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}, {9}}
)

func goodBody() chat.Body {
	return chat.Body{
		V: 1, Channel: chat.General(vectorSpace), Op: chat.OpPost, Parents: vectorIDs[:2], Lamport: 7,
		Text: "Bonjour **à tous**", Mentions: vectorIDs[2:4],
	}
}

func goodFile() chat.FileRef {
	return chat.FileRef{V: 1, Name: "plan.pdf", Mime: "application/pdf", Size: 1 << 20, Key: seal.ID{9}, Index: make([]byte, 36)}
}

// raw is a body with another field type in one place.
func raw(t *testing.T, b chat.Body, change func(fields []any)) []byte {
	t.Helper()
	var target any
	if b.Target != nil {
		target = *b.Target
	}
	fields := []any{b.V, b.Channel, uint(b.Op), b.Parents, b.Lamport, b.Text, b.Refs, target, b.Mentions}
	change(fields)
	data, err := seal.Encode(fields)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func vectors(t *testing.T) []vector {
	var all []vector
	add := func(rule, what, bad string, data []byte) {
		all = append(all, vector{rule, what, hex.EncodeToString(data), bad})
	}
	with := func(change func(b *chat.Body)) []byte {
		b := goodBody()
		change(&b)
		data, err := b.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	field := func(i int, v any) []byte { return raw(t, goodBody(), func(fields []any) { fields[i] = v }) }
	target := &vectorIDs[8]
	nonce := &vectorIDs[0]
	made := seal.Hash("parvis1/channel", vectorSpace[:], nonce[:])

	add("T1", "a post", "", with(func(*chat.Body) {}))
	add("T4", "the first post", "", with(func(b *chat.Body) { b.Parents, b.Lamport = nil, 1 }))
	add("T6", "a post with a file and no text", "", with(func(b *chat.Body) { b.Text, b.Refs = "", []chat.FileRef{goodFile()} }))
	add("T7", "an answer", "", with(func(b *chat.Body) { b.Target = target }))
	add("T2", "an edit", "", with(func(b *chat.Body) { b.Op, b.Target = chat.OpEdit, target }))
	add("T11", "a deletion", "", with(func(b *chat.Body) { *b = bare(*b, chat.OpDelete, "", target) }))
	add("T10", "a reaction", "", with(func(b *chat.Body) { *b = bare(*b, chat.OpReact, "👩\u200d🔬", target) }))
	add("T10", "a reaction taken back", "", with(func(b *chat.Body) { *b = bare(*b, chat.OpReact, "-👍", target) }))
	add("T11", "a pin", "", with(func(b *chat.Body) { *b = bare(*b, chat.OpPin, "", target) }))
	add("T9", "a new channel", "", with(func(b *chat.Body) {
		*b = bare(*b, chat.OpCreate, "Entwürfe", nonce)
		b.Channel = chat.ChannelID(made[:16])
	}))
	add("T12", "a new name", "", with(func(b *chat.Body) { *b = bare(*b, chat.OpRename, "design", nil) }))

	add("T1", "no bytes", "decode", nil)
	add("T1", "no array", "decode", []byte{0x01})
	add("T1", "a field too few", "decode", raw(t, goodBody(), func([]any) {})[1:])
	add("T1", "bytes after the end", "decode", append(with(func(*chat.Body) {}), 0))
	add("T1", "version 0", "version 0 does not exist", field(0, 0))
	add("T1", "version 2", "made by a newer version of Parvis", field(0, 2))
	add("T1", "version 2 with another field", "made by a newer version of Parvis", func() []byte {
		data, _ := seal.Encode([]any{2, vectorIDs[0], "x", "y"})
		return data
	}())
	add("T1", "a longer integer than needed", "deterministic", func() []byte {
		data := with(func(b *chat.Body) { b.Text = "x" })
		return append([]byte{data[0], 0x18, 0x01}, data[2:]...)
	}())
	add("T2", "operation 7", "made by a newer version of Parvis", field(2, 7))
	add("T1", "a channel of 15 bytes", "deterministic", field(1, make([]byte, 15)))
	add("T3", "nine parents", "9 parents", with(func(b *chat.Body) { b.Parents = vectorIDs }))
	add("T3", "parents out of order", "parents are not in ascending order", with(func(b *chat.Body) { b.Parents = []seal.ID{{2}, {1}} }))
	add("T3", "a parent twice", "parents are not in ascending order", with(func(b *chat.Body) { b.Parents = []seal.ID{{2}, {2}} }))
	add("T3", "parents null", "deterministic", field(3, nil))
	add("T4", "lamport 0", "lamport 0 with 2 parents", with(func(b *chat.Body) { b.Lamport = 0 }))
	add("T4", "lamport 1 with parents", "lamport 1 with 2 parents", with(func(b *chat.Body) { b.Lamport = 1 }))
	add("T4", "too far without parents", "lamport 1099511627777 without parents", with(func(b *chat.Body) { b.Parents, b.Lamport = nil, 1<<40+1 }))
	add("T4", "an absurd lamport", "lamport 9007199254740993 with 2 parents", with(func(b *chat.Body) { b.Lamport = 1<<53 + 1 }))
	add("T5", "a text of 16 KiB and a byte", "text of 16385 bytes", with(func(b *chat.Body) { b.Text = strings.Repeat("x", chat.MaxText+1) }))
	add("T5", "a post without content", "a message without content", with(func(b *chat.Body) { b.Text = "" }))
	add("T5", "a text that is not UTF-8", "decode", field(5, []byte{0xff}))
	add("T5", "an edit without content", "a message without content", with(func(b *chat.Body) { *b = bare(*b, chat.OpEdit, "", target) }))
	add("T6", "17 files", "17 files", with(func(b *chat.Body) { b.Refs = slices.Repeat([]chat.FileRef{goodFile()}, 17) }))
	for what, change := range map[string]func(f *chat.FileRef){
		"a file reference of another version": func(f *chat.FileRef) { f.V = 2 },
		"a file name that cannot be used":     func(f *chat.FileRef) { f.Name = "../x" },
		"a file type that is too long":        func(f *chat.FileRef) { f.Mime = strings.Repeat("x", 101) },
		"a file that is too large":            func(f *chat.FileRef) { f.Size = 64<<30 + 1 },
		"a file without key":                  func(f *chat.FileRef) { f.Key = seal.ID{} },
		"a file without index":                func(f *chat.FileRef) { f.Index = make([]byte, 35) },
		"a preview that is too large":         func(f *chat.FileRef) { big := make([]byte, 32*1024+1); f.Preview = &big },
	} {
		add("T6", what, what, with(func(b *chat.Body) {
			f := goodFile()
			change(&f)
			b.Refs = []chat.FileRef{f}
		}))
	}
	add("T6", "a reaction with a file", "files or mentions outside of a message", with(func(b *chat.Body) {
		*b = bare(*b, chat.OpReact, "👍", target)
		b.Refs = []chat.FileRef{goodFile()}
	}))
	for _, op := range []chat.Op{chat.OpEdit, chat.OpDelete, chat.OpReact, chat.OpPin, chat.OpCreate} {
		text := map[chat.Op]string{chat.OpEdit: "x", chat.OpReact: "👍", chat.OpCreate: "x"}[op]
		add("T7", "no target for operation "+string(rune('0'+op)), "the target is missing", with(func(b *chat.Body) { *b = bare(*b, op, text, nil) }))
	}
	add("T7", "a new name with a target", "a new name with a target", with(func(b *chat.Body) { *b = bare(*b, chat.OpRename, "x", target) }))
	add("T7", "a target of 31 bytes", "decode", field(7, make([]byte, 31)))
	add("T8", "65 mentions", "65 mentions", with(func(b *chat.Body) {
		b.Mentions = nil
		for i := range 65 {
			b.Mentions = append(b.Mentions, seal.ID{byte(i)})
		}
	}))
	add("T8", "mentions out of order", "mentions are not in ascending order", with(func(b *chat.Body) { b.Mentions = []seal.ID{{2}, {1}} }))
	add("T9", "a new channel of another space", "does not belong to this space", with(func(b *chat.Body) { *b = bare(*b, chat.OpCreate, "x", nonce) }))
	for _, text := range []string{"", "-", "--👍", "two words", "👍\n", strings.Repeat("👍", 17), "\u202e"} {
		add("T10", "the reaction "+strings.ToValidUTF8(text, "?"), "a reaction that is no emoji", with(func(b *chat.Body) { *b = bare(*b, chat.OpReact, text, target) }))
	}
	add("T11", "a deletion with text", "a deletion with text", with(func(b *chat.Body) { *b = bare(*b, chat.OpDelete, "x", target) }))
	add("T11", "a pin with text", "a pin with text", with(func(b *chat.Body) { *b = bare(*b, chat.OpPin, "x", target) }))
	for _, text := range []string{"", " design", "de\u202esign", strings.Repeat("x", 65)} {
		add("T12", "the channel name "+text, "a channel name that is not clean", with(func(b *chat.Body) { *b = bare(*b, chat.OpRename, text, nil) }))
	}
	slices.SortStableFunc(all, func(a, b vector) int { return strings.Compare(a.What, b.What) })
	return all
}

// bare is a body that is no message.
func bare(b chat.Body, op chat.Op, text string, target *seal.ID) chat.Body {
	b.Op, b.Text, b.Target, b.Refs, b.Mentions = op, text, target, nil, nil
	return b
}

func TestBodyVectors(t *testing.T) {
	const file = "testdata/body.json"
	made := vectors(t)
	if *update {
		data, err := json.MarshalIndent(made, "", " ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, append(data, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var golden []vector
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(golden, made) {
		t.Errorf("the encoding changed: %s holds other vectors than the code makes", file)
	}
	bad := 0
	for _, v := range golden {
		t.Run(v.Rule+" "+v.What, func(t *testing.T) {
			data, err := hex.DecodeString(v.Hex)
			if err != nil {
				t.Fatal(err)
			}
			body, err := chat.Decode(data, vectorSpace)
			if v.Bad == "" {
				again, encodeErr := body.Encode()
				if err != nil || encodeErr != nil || !slices.Equal(again, data) {
					t.Errorf("got %v, want it valid and the same bytes again", err)
				}
				return
			}
			bad++
			if err == nil || !strings.Contains(err.Error(), v.Bad) {
				t.Errorf("got %v, want an error with %q", err, v.Bad)
			}
		})
	}
	if bad < 20 {
		t.Errorf("only %d invalid vectors", bad)
	}
}

// checkBody: no input panics, and what decodes encodes to the same bytes.
func checkBody(t *testing.T, data []byte) {
	b, err := chat.Decode(data, vectorSpace)
	if err != nil {
		return
	}
	again, err := b.Encode()
	if err != nil || !slices.Equal(again, data) {
		t.Fatalf("%x decodes and encodes to %x (%v)", data, again, err)
	}
}

func FuzzBody(f *testing.F) {
	data, err := goodBody().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Fuzz(checkBody)
}

func TestBodyMutations(t *testing.T) {
	var seeds [][]byte
	for _, v := range vectors(t) {
		if data, _ := hex.DecodeString(v.Hex); len(data) < 2000 {
			seeds = append(seeds, data)
		}
	}
	random := rand.New(rand.NewPCG(2, 9))
	for range 10_000 {
		checkBody(t, mutate(random, seeds[random.IntN(len(seeds))]))
	}
}

// mutate flips, cuts, repeats and inserts bytes.
func mutate(random *rand.Rand, data []byte) []byte {
	data = slices.Clone(data)
	for range 1 + random.IntN(4) {
		if len(data) == 0 {
			return []byte{byte(random.UintN(256))}
		}
		i := random.IntN(len(data))
		switch random.IntN(4) {
		case 0:
			data[i] ^= 1 << random.IntN(8)
		case 1:
			data = data[:i]
		case 2:
			data = slices.Insert(data, i, byte(random.UintN(256)))
		case 3:
			data = slices.Delete(data, i, min(i+1+random.IntN(4), len(data)))
		}
	}
	return data
}
