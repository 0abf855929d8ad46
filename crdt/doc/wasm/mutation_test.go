package wasm

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"parvis/crdt/doc"
	"parvis/crdt/doc/doctest"
	"parvis/crdt/seal"
)

// TestMutatedChanges gives a document changes that are damaged in all ways, most of them
// with a right checksum, so that they are read to the end.
func TestMutatedChanges(t *testing.T) {
	count := 10_000
	if slow {
		count /= 10
	}
	e := newEngine(t)
	people := doctest.RandomHistory(t, e, 1, 2, 20)
	source, target := people[0], people[1]
	changes, err := source.Changes(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	outcome := map[error]int{}
	for range count {
		bad := mutate(rng, changes[rng.IntN(len(changes))])
		outcome[kindOf(t, target.Apply(t.Context(), [][]byte{bad}))]++
	}
	t.Logf("%d changes: %v", count, outcome)
	if outcome[doc.ErrUndecodable] < count/2 {
		t.Errorf("only %d of %d were found undecodable", outcome[doc.ErrUndecodable], count)
	}
	usable(t, target)
}

// TestMutatedFiles loads damaged documents, and reads those that load.
func TestMutatedFiles(t *testing.T) {
	count := 300
	if slow {
		count /= 10
	}
	e := newEngine(t)
	file, err := doctest.RandomHistory(t, e, 2, 3, 40)[0].Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(3, 4))
	outcome := map[error]int{}
	for range count {
		d, err := e.Load(t.Context(), mutate(rng, file), doc.Actor{9})
		outcome[kindOf(t, err)]++
		if err == nil {
			_, err := d.Root(t.Context())
			kindOf(t, err)
			_, err = d.Spans(t.Context(), "text")
			kindOf(t, err)
			_, err = d.Save(t.Context())
			kindOf(t, err)
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	t.Logf("%d files: %v", count, outcome)
	d, err := e.Load(t.Context(), file, doc.Actor{9})
	if err != nil {
		t.Fatal(err)
	}
	usable(t, d)
}

// kindOf wants an error of a known kind.
func kindOf(t *testing.T, err error) error {
	t.Helper()
	for _, kind := range []error{nil, doc.ErrEngine, doc.ErrMissingDeps, doc.ErrUndecodable, doc.ErrNoObject} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	t.Fatalf("an error of no kind: %v", err)
	return nil
}

func usable(t *testing.T, d doc.Document) {
	t.Helper()
	change, err := d.Change(t.Context(), time.Unix(1, 0), func(e doc.Edit) error { return e.Splice("text", 0, 0, "usable") })
	if err != nil || change == nil {
		t.Fatalf("change: %v", err)
	}
	if text, err := d.Text(t.Context(), "text"); err != nil || text[:6] != "usable" {
		t.Fatalf("text %q, %v", text, err)
	}
}

// mutate damages a chunk in one to four places and mostly makes its length and checksum
// right again.
func mutate(rng *rand.Rand, chunk []byte) []byte {
	body := chunk[8:] // type, length, content
	_, n := binary.Uvarint(body[1:])
	kind, content := body[0], slices.Clone(body[1+n:])
	for range 1 + rng.IntN(4) {
		at := rng.IntN(len(content))
		switch rng.IntN(8) {
		case 0:
			content = content[:at+1]
		case 1:
			content = slices.Insert(content, at, byte(rng.Uint32()))
		case 2:
			content = slices.Delete(content, at, min(len(content), at+1+rng.IntN(4)))
		case 3:
			content[at] = []byte{0, 1, 0x7f, 0x80, 0xff}[rng.IntN(5)]
		case 4:
			kind = byte(rng.IntN(5))
		default:
			content[at] ^= 1 << rng.IntN(8)
		}
		if len(content) == 0 {
			content = []byte{0}
		}
	}
	return pack(kind, content, rng.IntN(8) != 0)
}

// pack makes a chunk, with a right checksum or none.
func pack(kind byte, content []byte, sum bool) []byte {
	body := append(binary.AppendUvarint([]byte{kind}, uint64(len(content))), content...)
	chunk := []byte{0x85, 0x6f, 0x4a, 0x83, 0, 0, 0, 0}
	if sum {
		hash := seal.Sum(body)
		copy(chunk[4:], hash[:4])
	}
	return append(chunk, body...)
}

func FuzzApply(f *testing.F) {
	d, err := newEngine(f).New(f.Context(), doc.Actor{1})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(byte(1), doc.RootChange()[10:])
	f.Fuzz(func(t *testing.T, kind byte, content []byte) {
		kindOf(t, d.Apply(t.Context(), [][]byte{pack(kind, content, true)}))
		_, err := d.Text(t.Context(), "text") // which a good change may have taken away
		kindOf(t, err)
	})
}
