package odt_test

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"parvis/crdt/doc/format"
	"parvis/crdt/doc/format/odt"
	"parvis/crdt/doc/rich"
	"parvis/crdt/doc/rich/richtest"
)

var pictures = format.Options{Title: "A <title>", Lang: "en", Images: richtest.Pictures{}, Files: richtest.Pictures{}}

func export(t testing.TB, d rich.Document) ([]byte, format.Report) {
	t.Helper()
	var out bytes.Buffer
	lost, err := odt.Export(t.Context(), &out, d, pictures)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), lost
}

func TestFilesOfOursComeBackAsTheyWere(t *testing.T) {
	for seed := range uint64(300) {
		d := richtest.Random(rand.New(rand.NewPCG(seed, 4)), richtest.Without{})
		file, lost := export(t, d)
		again, lostAgain, err := odt.Import(t.Context(), file, pictures)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if len(lost) > 0 || len(lostAgain) > 0 {
			t.Errorf("seed %d: lost %v, then %v", seed, lost, lostAgain)
		}
		if diff := richtest.Diff(richtest.Renumber(d), richtest.Renumber(again)); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
	}
}

func TestItEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := richtest.Random(rand.New(rand.NewPCG(1, 1)), richtest.Without{})
	if _, err := odt.Export(ctx, &bytes.Buffer{}, d, pictures); !errors.Is(err, context.Canceled) {
		t.Errorf("export: %v", err)
	}
	file, _ := export(t, d)
	if _, _, err := odt.Import(ctx, file, pictures); !errors.Is(err, context.Canceled) {
		t.Errorf("import: %v", err)
	}
}
