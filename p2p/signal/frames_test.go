package signal

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

// What cannot be read is not handled, and what cannot be sent is said; only what no
// honest device sends is a breach.
func TestW49OnlyBreachesCost(t *testing.T) {
	for name, c := range map[string]struct {
		s    *p2ptest.Tape
		want error
	}{
		"nothing":             {&p2ptest.Tape{}, io.EOF},
		"a cut":               {&p2ptest.Tape{In: iotest.ErrReader(errCut)}, errCut},
		"garbage":             {p2ptest.Frames([]byte("garbage")), wire.ErrMalformed},
		"version 2":           {framed(t, message{V: 2, Body: []byte("x")}), wire.ErrMalformed},
		"an empty one":        {framed(t, message{V: 1, Body: []byte{}}), wire.ErrMalformed},
		"too long":            {framed(t, message{V: 1, Body: make([]byte, MaxBody+1)}), wire.ErrTooLarge},
		"more than any":       {p2ptest.Frames(make([]byte, MaxBody+overhead+1)), wire.ErrTooLarge},
		"a receipt, to write": {&p2ptest.Tape{In: framed(t, message{V: 1, Body: []byte("x")}).In, Broken: errCut}, errCut},
	} {
		err := serve(c.s, func(p2p.PeerID, []byte) error {
			if name != "a receipt, to write" {
				t.Errorf("%s: it is handled", name)
			}
			return nil
		})
		if !errors.Is(err, c.want) || wire.IsFault(err) != wire.IsFault(c.want) || c.s.Out.Len() > 0 {
			t.Errorf("a signal, %s: %v", name, err)
		}
	}
	for name, c := range map[string]struct {
		s    *p2ptest.Tape
		want error
	}{
		"no way to send": {&p2ptest.Tape{Broken: errCut, In: framed(t, receipt{V: 1}).In}, errCut},
		"nothing":        {&p2ptest.Tape{}, io.EOF},
		"a cut":          {&p2ptest.Tape{In: iotest.ErrReader(errCut)}, errCut},
		"garbage":        {p2ptest.Frames([]byte("garbage")), wire.ErrMalformed},
		"version 2":      {framed(t, receipt{V: 2}), wire.ErrMalformed},
		"another status": {framed(t, receipt{V: 1, Status: 2}), wire.ErrMalformed},
		"more than any":  {p2ptest.Frames(make([]byte, overhead+1)), wire.ErrTooLarge},
		"a refusal":      {framed(t, receipt{V: 1, Status: statusNot}), ErrRefused},
	} {
		if err := send(c.s, []byte("x")); !errors.Is(err, c.want) || wire.IsFault(err) != wire.IsFault(c.want) {
			t.Errorf("a receipt, %s: %v", name, err)
		}
	}
	nobody := p2p.New(p2p.Config{}) // not started, so that opening a stream would fail otherwise
	for _, size := range []int{0, MaxBody + 1} {
		if err := Send(t.Context(), nobody, "x", make([]byte, size)); err == nil || errors.Is(err, p2p.ErrNotStarted) || wire.IsFault(err) {
			t.Errorf("a signal of ours of %d bytes: %v", size, err)
		}
	}
}
