package wasm

import (
	"os"
	"slices"
	"testing"
	"time"

	"parvis/crdt/doc"
	"parvis/crdt/doc/doctest"
)

// TestMakePaper writes doctest/testdata/automerge-paper.automerge again, when
// PARVIS_MAKE is set. The result is the same each time.
func TestMakePaper(t *testing.T) {
	if os.Getenv("PARVIS_MAKE") == "" {
		t.Skip("writes a file of the tests; set PARVIS_MAKE to run it")
	}
	edits, _, err := doctest.Trace()
	if err != nil {
		t.Fatal(err)
	}
	d, err := newEngine(t).New(t.Context(), doc.Actor{1})
	if err != nil {
		t.Fatal(err)
	}
	for part := range slices.Chunk(edits, 20) {
		if _, err := d.Change(t.Context(), time.Unix(1, 0), doctest.Play(part)); err != nil {
			t.Fatal(err)
		}
	}
	file, err := d.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("../doctest/testdata/automerge-paper.automerge", file, 0o600); err != nil {
		t.Fatal(err)
	}
}
