package change

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// madeCase is what testdata/make.mjs writes: changes and what JavaScript read in
// them.
type madeCase struct {
	Changes []madeChange
	Heads   []string
	File    []byte
}

type madeChange struct {
	Data, Compressed  []byte
	Hash, Actor       string
	Seq, StartOp, NOp uint64 `json:"-"`
	Time              int64
	Message           string
	Deps              []string
}

func (c *madeChange) UnmarshalJSON(data []byte) error {
	type plain madeChange
	var numbers struct{ Seq, StartOp, NOps uint64 }
	if err := json.Unmarshal(data, (*plain)(c)); err != nil {
		return err
	}
	if err := json.Unmarshal(data, &numbers); err != nil {
		return err
	}
	c.Seq, c.StartOp, c.NOp = numbers.Seq, numbers.StartOp, numbers.NOps
	return nil
}

func made(t testing.TB) map[string]madeCase {
	t.Helper()
	all := map[string]madeCase{}
	for _, version := range []string{"2.2.9", "3.5.0"} {
		data, err := os.ReadFile("testdata/" + version + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var cases map[string]madeCase
		if err := json.Unmarshal(data, &cases); err != nil {
			t.Fatal(err)
		}
		for name, c := range cases {
			all[version+" "+name] = c
		}
	}
	return all
}

// blobs are all changes of the fixtures, compressed ones included, small ones
// first.
func blobs(t testing.TB) [][]byte {
	t.Helper()
	var all [][]byte
	cases := made(t)
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		for _, c := range cases[name].Changes {
			all = append(all, c.Data)
			if c.Compressed != nil {
				all = append(all, c.Compressed)
			}
		}
	}
	slices.SortStableFunc(all, func(a, b []byte) int { return len(a) - len(b) })
	return all
}

func (c madeChange) header(t testing.TB) Header {
	t.Helper()
	id := func(text string) seal.ID {
		id, err := seal.ParseID(text)
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	actor, err := doc.ParseActor(c.Actor)
	if err != nil {
		t.Fatal(err)
	}
	h := Header{Hash: id(c.Hash), Actor: actor, Seq: c.Seq, StartOp: c.StartOp, NOps: c.NOp, Time: c.Time, Message: c.Message}
	for _, dep := range c.Deps {
		h.Deps = append(h.Deps, id(dep))
	}
	return h
}

func same(a, b Header) bool {
	deps := slices.Equal(a.Deps, b.Deps)
	a.Deps, b.Deps = nil, nil
	return deps && a.Hash == b.Hash && a.Actor == b.Actor && a.Seq == b.Seq && a.StartOp == b.StartOp &&
		a.NOps == b.NOps && a.Time == b.Time && a.Message == b.Message
}

func TestParseReadsWhatJavaScriptWrote(t *testing.T) {
	for name, c := range made(t) {
		for i, change := range c.Changes {
			want := change.header(t)
			for _, data := range [][]byte{change.Data, change.Compressed} {
				if data == nil {
					continue
				}
				got, err := Parse(data)
				if err != nil {
					t.Errorf("%s, change %d: %v", name, i, err)
				} else if !same(got, want) {
					t.Errorf("%s, change %d: read %+v, want %+v", name, i, got, want)
				}
			}
		}
	}
}

func TestParseReadsTheRootChange(t *testing.T) {
	got, err := Parse(doc.RootChange())
	if err != nil || got.Hash != doc.RootHash() || !got.Actor.IsZero() || got.Seq != 1 || got.NOps != 7 {
		t.Errorf("read %+v, %v", got, err)
	}
}

func TestSplitListsTheChunksOfAFile(t *testing.T) {
	for name, c := range made(t) {
		file := slices.Clone(c.File)
		want := []Type{TypeDocument}
		for _, change := range c.Changes {
			file = append(file, change.Data...)
			want = append(want, TypeChange)
			if change.Compressed != nil {
				file = append(file, change.Compressed...)
				want = append(want, TypeCompressed)
			}
		}
		chunks, err := Split(file)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var got []Type
		var joined []byte
		for _, chunk := range chunks {
			got = append(got, chunk.Type)
			joined = append(joined, chunk.Data...)
		}
		if !slices.Equal(got, want) || !slices.Equal(joined, file) {
			t.Errorf("%s: chunks %v, want %v", name, got, want)
		}
		state, err := ReadDocument(chunks[0])
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var heads []string
		for _, head := range state.Heads {
			heads = append(heads, head.String())
		}
		slices.Sort(heads)
		slices.Sort(c.Heads)
		if !slices.Equal(heads, c.Heads) {
			t.Errorf("%s: heads %v, want %v", name, heads, c.Heads)
		}
	}
}

func TestSplitRefusesWhatIsCutOffOrDamaged(t *testing.T) {
	file := made(t)["2.2.9 marks"].File
	for n := 1; n < len(file); n++ {
		if _, err := Split(file[:n]); !errors.Is(err, ErrInvalid) {
			t.Fatalf("%d of %d bytes: %v", n, len(file), err)
		}
	}
	for i := range file {
		damaged := slices.Clone(file)
		damaged[i] ^= 1
		if _, err := Split(damaged); !errors.Is(err, ErrInvalid) {
			t.Fatalf("byte %d damaged: %v", i, err)
		}
	}
	if chunks, err := Split(nil); err != nil || len(chunks) != 0 {
		t.Errorf("an empty file: %v, %v", chunks, err)
	}
}

// TestFollowsHoldsForWhatJavaScriptWrote: every change of the fixtures follows
// those before it, and none that lies does.
func TestFollowsHoldsForWhatJavaScriptWrote(t *testing.T) {
	for name, c := range made(t) {
		known := map[seal.ID]Header{}
		last := map[doc.Actor]*Header{}
		for i, change := range c.Changes {
			h := change.header(t)
			var deps []Header
			for _, dep := range h.Deps {
				deps = append(deps, known[dep])
			}
			if err := h.Follows(deps, last[h.Actor]); err != nil {
				t.Errorf("%s, change %d: %v", name, i, err)
			}
			for what, lie := range map[string]func(*Header){
				"an operation more": func(h *Header) { h.StartOp++ }, "an operation less": func(h *Header) { h.StartOp-- },
				"another number": func(h *Header) { h.Seq++ }, "the number before": func(h *Header) { h.Seq-- },
			} {
				liar := h
				lie(&liar)
				if err := liar.Follows(deps, last[h.Actor]); !errors.Is(err, ErrInvalid) {
					t.Errorf("%s, change %d with %s: %v", name, i, what, err)
				}
			}
			known[h.Hash], last[h.Actor] = h, &h
		}
	}
}
