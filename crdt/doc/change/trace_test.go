package change

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// TestParseReadsARealHistory parses the changes of a paper typed key by key, made
// by JavaScript now; they are too large to keep.
func TestParseReadsARealHistory(t *testing.T) {
	const path = "../doctest/testdata/automerge-paper.json.gz"
	if testing.Short() {
		t.Skip("lets another engine write the trace first: not with -short")
	}
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatal("Node.js is missing: make setup installs it")
	}
	if _, err := os.Stat("../../../frontend/node_modules/@automerge/automerge"); err != nil {
		t.Fatal("the page's packages are missing: run make frontend")
	}
	out := filepath.Join(t.TempDir(), "trace.am")
	run := exec.Command(node, "testdata/trace.mjs", path, out, "6000")
	if text, err := run.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	file, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := Split(file)
	if err != nil {
		t.Fatal(err)
	}
	known := map[seal.ID]Header{}
	last := map[doc.Actor]*Header{}
	total := uint64(0)
	for i, chunk := range chunks {
		h, err := Parse(chunk.Data)
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		var deps []Header
		for _, dep := range h.Deps {
			deps = append(deps, known[dep])
		}
		if err := h.Follows(deps, last[h.Actor]); err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		known[h.Hash], last[h.Actor] = h, &h
		total += h.NOps
		if i > 0 && bytes.Equal(chunk.Data, chunks[i-1].Data) {
			t.Fatalf("change %d twice", i)
		}
	}
	if len(chunks) < 6_000 || total < 6_000 {
		t.Errorf("%d changes with %d operations", len(chunks), total)
	}
}
