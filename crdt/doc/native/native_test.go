//go:build automerge_native && cgo

package native

import (
	"os"
	"slices"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/doc/doctest"
	"parvis/crdt/doc/wasm"
)

func TestContract(t *testing.T) {
	doctest.Contract(t, doctest.NoMarks|doctest.NoDiff, func(*testing.T) doc.Engine { return New() })
}

// TestAgreesWithWasm: what one engine wrote at random, by its changes and by its file, the
// other reads alike; and marks survive this engine, which cannot read them.
func TestAgreesWithWasm(t *testing.T) {
	other, err := wasm.New(doctest.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	here := New()
	defer func() { _ = here.Close() }()
	seeds := 15
	if os.Getenv("PARVIS_LONG") != "" {
		seeds = 300
	}
	for seed := range seeds {
		for _, writer := range []doc.Engine{other, here} {
			written := doctest.RandomHistory(t, writer, uint64(seed), 3, 10)[0]
			file, changes := parts(t, written)
			inWasm := open(t, other, file, changes)
			inNative := open(t, here, file, changes)
			for _, d := range slices.Concat(inWasm, inNative) {
				if !slices.Equal(d.Heads(), written.Heads()) {
					t.Fatalf("seed %d: heads %v, want %v", seed, d.Heads(), written.Heads())
				}
				if got, want := bare(t, d), bare(t, written); got != want {
					t.Fatalf("seed %d: state\n%s\nwant\n%s", seed, got, want)
				}
			}
			again, _ := parts(t, inNative[1])
			through := open(t, other, again, nil)[0]
			if got, want := doctest.Describe(t.Context(), through), doctest.Describe(t.Context(), inWasm[0]); got != want {
				t.Fatalf("seed %d: through the native engine\n%s\nwant\n%s", seed, got, want)
			}
		}
	}
}

func parts(t *testing.T, d doc.Document) (file []byte, changes [][]byte) {
	t.Helper()
	file, err := d.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if changes, err = d.Changes(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return file, changes
}

// open loads the file and, beside it, applies the changes.
func open(t *testing.T, e doc.Engine, file []byte, changes [][]byte) []doc.Document {
	t.Helper()
	loaded, err := e.Load(t.Context(), file, doc.Actor{9})
	if err != nil {
		t.Fatal(err)
	}
	applied, err := e.New(t.Context(), doc.Actor{9})
	if err != nil {
		t.Fatal(err)
	}
	if err := applied.Apply(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
	return []doc.Document{loaded, applied}
}

// bare is a state without marks.
func bare(t *testing.T, d doc.Document) string {
	t.Helper()
	root, err := d.Root(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := ""
	for _, name := range append([]string{"text"}, root.Notes...) {
		if name != "text" {
			name = "notes/" + name
		}
		spans, err := d.Spans(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		all += name + ": " + doctest.SpanText(doctest.WithoutMarks(spans)) + "\n"
	}
	return all
}
