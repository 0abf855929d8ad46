package farewell

import (
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

var errCut = errors.New("the line was cut")

func framed(t *testing.T, m any) *p2ptest.Tape {
	t.Helper()
	raw, err := wire.Encode(m)
	if err != nil {
		t.Fatal(err)
	}
	return p2ptest.Frames(raw)
}

// What cannot be read is not answered, and what cannot be sent is said; only what no
// honest device sends is a breach.
func TestW83OnlyBreachesCost(t *testing.T) {
	for name, c := range map[string]struct {
		s    *p2ptest.Tape
		want error
	}{
		"nothing":             {&p2ptest.Tape{}, io.EOF},
		"a cut":               {&p2ptest.Tape{In: iotest.ErrReader(errCut)}, errCut},
		"garbage":             {p2ptest.Frames([]byte("garbage")), wire.ErrMalformed},
		"version 2":           {framed(t, question{V: 2, Heads: [][32]byte{}}), wire.ErrMalformed},
		"null":                {framed(t, question{V: 1}), wire.ErrMalformed},
		"one head twice":      {framed(t, question{V: 1, Heads: make([][32]byte, 2)}), wire.ErrMalformed},
		"heads out of order":  {framed(t, question{V: 1, Heads: [][32]byte{{2}, {1}}}), wire.ErrMalformed},
		"65 heads":            {framed(t, question{V: 1, Heads: make([][32]byte, MaxHeads+1)}), wire.ErrTooLarge},
		"more than any":       {p2ptest.Frames(make([]byte, maxQuestion+1)), wire.ErrTooLarge},
		"an answer, to write": {&p2ptest.Tape{In: framed(t, question{V: 1, Heads: [][32]byte{}}).In, Broken: errCut}, errCut},
	} {
		err := serve(c.s, func(p2p.PeerID, Question) [][]byte {
			if !errors.Is(c.want, errCut) {
				t.Errorf("%s: the member is asked", name)
			}
			return nil
		})
		if !errors.Is(err, c.want) || wire.IsFault(err) != wire.IsFault(c.want) || c.s.Out.Len() > 0 {
			t.Errorf("a question, %s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		s    *p2ptest.Tape
		want error
	}{
		"no way to ask": {&p2ptest.Tape{Broken: errCut}, errCut},
		"nothing":       {&p2ptest.Tape{}, io.EOF},
		"a cut":         {&p2ptest.Tape{In: iotest.ErrReader(errCut)}, errCut},
		"garbage":       {p2ptest.Frames([]byte("garbage")), wire.ErrMalformed},
		"version 2":     {framed(t, answer{V: 2, Entries: [][]byte{}}), wire.ErrMalformed},
		"null":          {framed(t, answer{V: 1}), wire.ErrMalformed},
		"an empty one":  {framed(t, answer{V: 1, Entries: [][]byte{{}}}), wire.ErrMalformed},
		"too much":      {framed(t, answer{V: 1, Entries: [][]byte{make([]byte, MaxBytes+1)}}), wire.ErrTooLarge},
		"more than any": {p2ptest.Frames(make([]byte, maxAnswer+1)), wire.ErrTooLarge},
	} {
		if got, err := ask(c.s, Question{}); got != nil || !errors.Is(err, c.want) || wire.IsFault(err) != wire.IsFault(c.want) {
			t.Errorf("an answer, %s: %d entries, %v", name, len(got), err)
		}
	}
	nobody := p2p.New(p2p.Config{}) // not started, so that opening a stream would fail otherwise
	for _, heads := range [][][32]byte{make([][32]byte, MaxHeads+1), {{2}, {1}}, {{1}, {1}}} {
		if _, err := Ask(t.Context(), nobody, "x", Question{Heads: heads}); err == nil || errors.Is(err, p2p.ErrNotStarted) || wire.IsFault(err) {
			t.Errorf("a question of ours with %d heads: %v", len(heads), err)
		}
	}
}
