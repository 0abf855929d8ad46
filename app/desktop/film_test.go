//go:build desktop

package desktop

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAFilmIsWrittenInPieces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.webm")
	var f film
	if err := f.write(0, []byte("x")); !errors.Is(err, errFilm) {
		t.Errorf("written before it began: %v", err)
	}
	if err := f.begin(path); err != nil {
		t.Fatal(err)
	}
	for _, piece := range []struct {
		at   int64
		text string
	}{{0, "begin"}, {5, " end"}, {0, "Begin"}} {
		if err := f.write(piece.at, []byte(piece.text)); err != nil {
			t.Fatal(err)
		}
	}
	for _, at := range []int64{-1, maxFilm + 1} {
		if err := f.write(at, []byte("x")); !errors.Is(err, errFilm) {
			t.Errorf("written at %d: %v", at, err)
		}
	}
	if err := f.write(9, make([]byte, maxFilmPiece+1)); !errors.Is(err, errFilm) {
		t.Errorf("a piece that is too long: %v", err)
	}
	if err := f.end(true); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "Begin end" {
		t.Errorf("%q, %v", got, err)
	}
	if err := f.begin(path); err != nil {
		t.Fatal(err)
	}
	if err := f.end(false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("one that is not kept is still there: %v", err)
	}
}
