package wasm

import (
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/doc/doctest"
)

// newEngine is an engine for a test. All share a folder, so that only one compiles.
func newEngine(t testing.TB) *Engine {
	t.Helper()
	e, err := New(doctest.Folder(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func TestContract(t *testing.T) {
	doctest.Contract(t, 0, func(t *testing.T) doc.Engine { return newEngine(t) })
}
