package odt_test

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/archive/archivetest"
	"parvis/crdt/doc/format/odt"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
	"parvis/crdt/seal/sealtest"
)

// anyFiles takes every picture.
type anyFiles struct{}

func (anyFiles) Attach(context.Context, []byte, string, string) (string, error) { return picture, nil }

// check holds for every input: an error that says so, or a document that can be
// written and is the same when it is read again.
func check(t testing.TB, data []byte, again bool) (accepted bool) {
	t.Helper()
	o := format.Options{Lang: "en", Images: richtest.Pictures{}, Files: anyFiles{}}
	d, _, err := odt.Import(t.Context(), data, o)
	if err != nil {
		if !errors.Is(err, format.ErrNotThis) && !errors.Is(err, format.ErrTooLarge) {
			t.Fatal(err)
		}
		return false
	}
	if !again {
		return true
	}
	if diff := richtest.Diff(d, d.Settled()); diff != "" {
		t.Fatal(diff)
	}
	for _, span := range d.Spans() {
		if span.Block != nil && len(span.Block.Parents) > 24 {
			t.Fatalf("%d containers", len(span.Block.Parents))
		}
	}
	if _, err := odt.Export(t.Context(), io.Discard, d, o); err != nil {
		t.Fatal(err)
	}
	return true
}

// seeds are files of ours, short ones.
func seeds(t testing.TB) [][]byte {
	file, _ := export(t, report())
	all := [][]byte{file}
	for seed := range uint64(8) {
		d := richtest.Random(rand.New(rand.NewPCG(seed, 6)), richtest.Without{})
		file, _ := export(t, rich.Document{Blocks: d.Blocks[:min(len(d.Blocks), 3)], Notes: d.Notes, Comments: d.Comments, Suggestions: d.Suggestions, Page: d.Page}.Settled())
		all = append(all, file)
	}
	return all
}

func TestDamagedFilesGiveAnErrorOrADocument(t *testing.T) {
	accepted, n := 0, 0
	for data := range archivetest.Damaged(t, 1, seeds(t), sealtest.Inputs) {
		n++
		if check(t, data, n%10 == 0) {
			accepted++
		}
	}
	if accepted < sealtest.Inputs/2 {
		t.Errorf("only %d of %d files were read to the end", accepted, sealtest.Inputs)
	}
	t.Logf("%d of %d files were read to the end", accepted, sealtest.Inputs)
}

func FuzzImport(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) { check(t, data, true) })
}

// FuzzText changes the part with the text alone, which a fuzzer does not get at
// through the compression.
func FuzzText(f *testing.F) {
	const part = "content.xml"
	all := seeds(f)
	for _, seed := range all {
		f.Add(archivetest.Part(f, seed, part))
	}
	f.Fuzz(func(t *testing.T, content []byte) { check(t, archivetest.With(t, all[0], part, content), true) })
}
