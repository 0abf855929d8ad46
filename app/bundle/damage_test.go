package bundle

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"parvis/crdt/seal"
)

// What follows a damaged piece could be read without it.
func TestADamagedPieceIsNotSkipped(t *testing.T) {
	head := recordHead + len(mustEncode(t, Head{V: 1, WS: team.ID, Author: author.Public(), MadeMs: 1_700_000_000_000, For: seal.ID{7}}))
	records := []record{{Envelope, make([]byte, pieceSize-head-recordHead)}, {Envelope, make([]byte, pieceSize-recordHead)}, {Entry, []byte("x")}}
	file := write(t, team, records)
	if _, got, err := read(team, file); err != nil || !equal(got, records) {
		t.Fatalf("%d records, %v", len(got), err)
	}
	file[headerSize+pieceSize+seal.PlaceOverhead+100] ^= 1 // in the second of three
	if _, got, err := read(team, file); !errors.Is(err, ErrDamaged) {
		t.Errorf("%d records, %v", len(got), err)
	}
}

func TestABundleOfALaterVersionIsSaidToBeOne(t *testing.T) {
	var out bytes.Buffer
	w, err := newWriter(io.Discard, team, author, Head{}, salt)
	if err != nil {
		t.Fatal(err)
	}
	w.out, w.plain, w.hash = &out, w.plain[:0], begin(w.header)
	out.Write(w.header)
	if err := errors.Join(w.Add(kindHead, mustEncode(t, Head{V: 2, WS: team.ID, Author: author.Public()})), w.Close()); err != nil {
		t.Fatal(err)
	}
	if head, _, err := read(team, out.Bytes()); !errors.Is(err, ErrVersion) || head != (Head{}) {
		t.Errorf("%+v, %v", head, err)
	}
}

// The error comes once, so that who goes on after it is noticed.
func TestAnErrorOfTheFileIsSaidWhereverItComes(t *testing.T) {
	gone := errors.New("the stick is gone")
	file, piece := write(t, team, sample()), pieceSize+seal.PlaceOverhead
	for _, at := range []int{0, 1, len(Magic), headerSize - 1, headerSize, headerSize + 5, headerSize + piece, headerSize + piece + 5, len(file) - 1, len(file)} {
		r, err := NewReader(io.MultiReader(bytes.NewReader(file[:at]), &once{err: gone}, bytes.NewReader(file[at:])))
		if err == nil {
			_, err = r.Unlock(team)
		}
		for err == nil {
			_, _, err = r.Next()
		}
		if !errors.Is(err, gone) {
			t.Errorf("reading, after %d bytes: %v", at, err)
		}
	}
	near := pieceSize - 2*recordHead - len(mustEncode(t, Head{V: 1, WS: team.ID, Author: author.Public()})) - recordHead - seal.SigSize
	for size := near; size <= near+2*recordHead+seal.SigSize; size++ { // a piece ends in every place
		for fails, ends := 0, false; !ends; fails++ {
			out := &once{err: gone, after: fails}
			w, err := newWriter(out, team, author, Head{}, salt)
			if err == nil {
				err = errors.Join(w.Add(Envelope, make([]byte, size)), w.Close())
			}
			if ends = !out.did; errors.Is(err, gone) == ends || ends && err != nil {
				t.Fatalf("a record of %d bytes, write %d fails: %v", size, fails, err)
			}
		}
	}
}

// once fails one time.
type once struct {
	err   error
	after int // calls before
	did   bool
}

func (o *once) Read([]byte) (int, error) {
	if o.did {
		return 0, io.EOF
	}
	o.did = true
	return 0, o.err
}

func (o *once) Write(p []byte) (int, error) {
	if o.after--; o.after == -1 {
		o.did = true
		return 0, o.err
	}
	return len(p), nil
}
