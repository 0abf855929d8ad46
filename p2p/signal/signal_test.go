package signal

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

func pair(t *testing.T) (sender, taker *p2ptest.Node, ctx context.Context) {
	t.Helper()
	nodes := p2ptest.Connected(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return nodes[0], nodes[1], ctx
}

func TestW46ASignalIsHandledBeforeItsReceipt(t *testing.T) {
	sender, taker, ctx := pair(t)
	heard := make(chan string, 1) // room for one: handled before the next is sent
	Serve(taker.Node, func(from p2p.PeerID, body []byte) error {
		if from != sender.ID() {
			t.Errorf("from %s", from)
		}
		select {
		case heard <- string(body):
		default:
			t.Error("a signal came before the receipt of the last one")
		}
		return nil
	})
	for i := range 20 {
		if err := Send(ctx, sender.Node, taker.ID(), fmt.Appendf(nil, "%d", i)); err != nil {
			t.Fatal(err)
		}
		select {
		case got := <-heard:
			if got != fmt.Sprint(i) {
				t.Fatalf("%s instead of %d", got, i)
			}
		default:
			t.Fatalf("the receipt of %d came before it was handled", i)
		}
	}
	t.Run("W46 a stranger is not heard", func(t *testing.T) {
		stranger := p2ptest.Start(t)
		stranger.Gate.Allow(taker.ID())
		if err := Send(ctx, stranger.Node, taker.ID(), []byte("x")); err == nil {
			t.Error("it was")
		}
	})
}

func TestW47SizesAreLimited(t *testing.T) {
	sender, taker, ctx := pair(t)
	var got atomic.Int64 // a datagram orders nothing for the race detector
	Serve(taker.Node, func(_ p2p.PeerID, body []byte) error { got.Store(int64(len(body))); return nil })
	if err := Send(ctx, sender.Node, taker.ID(), make([]byte, MaxBody)); err != nil || got.Load() != MaxBody {
		t.Errorf("the longest: %d, %v", got.Load(), err)
	}
	for _, n := range []int{0, MaxBody + 1} {
		if Send(ctx, sender.Node, taker.ID(), make([]byte, n)) == nil {
			t.Errorf("%d bytes were sent", n)
		}
	}
}

func TestW48ARefusalHasNoReason(t *testing.T) {
	sender, taker, ctx := pair(t)
	Serve(taker.Node, func(p2p.PeerID, []byte) error { return errors.New("not in this call") })
	for range 20 { // as breaches, they would end the connection
		if err := Send(ctx, sender.Node, taker.ID(), []byte("x")); !errors.Is(err, ErrRefused) {
			t.Fatal(err)
		}
	}
}

func TestW49ABreachCosts(t *testing.T) {
	sender, taker, ctx := pair(t)
	gone := make(chan struct{}, 1)
	taker.OnPeer(func(_ p2p.PeerID, connected bool) {
		if !connected {
			gone <- struct{}{}
		}
	})
	Serve(taker.Node, func(p2p.PeerID, []byte) error {
		return fmt.Errorf("%w: signed by nobody", wire.ErrMalformed)
	})
	for range 10 {
		if err := Send(ctx, sender.Node, taker.ID(), []byte("x")); err == nil || errors.Is(err, ErrRefused) {
			t.Error(err)
		}
	}
	select {
	case <-gone:
	case <-ctx.Done():
		t.Error("ten breaches did not end the connection")
	}
}

func TestW47EveryMessageHasOneForm(t *testing.T) {
	good, err := wire.Encode(message{V: 1, Body: []byte("x")})
	if err != nil {
		t.Fatal(err)
	}
	fine, err := wire.Encode(receipt{V: 1, Status: statusNot})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := decodeMessage(good); err != nil {
		t.Error(err)
	}
	if _, err := decodeReceipt(fine); err != nil {
		t.Error(err)
	}
	for _, bad := range []message{{V: 2, Body: []byte("x")}, {V: 1, Body: []byte{}}, {V: 1, Body: make([]byte, MaxBody+1)}} {
		raw, err := wire.Encode(bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeMessage(raw); !wire.IsFault(err) {
			t.Errorf("%d, %d bytes: %v", bad.V, len(bad.Body), err)
		}
	}
	for _, bad := range []receipt{{V: 2}, {V: 1, Status: 2}} {
		raw, err := wire.Encode(bad)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeReceipt(raw); !wire.IsFault(err) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func FuzzMessages(f *testing.F) {
	for _, body := range []string{"x", "offer"} {
		raw, err := wire.Encode(message{V: 1, Body: []byte(body)})
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if m, err := decodeMessage(frame); err == nil && (len(m.Body) == 0 || len(m.Body) > MaxBody) {
			t.Error("accepted")
		}
		_, _ = decodeReceipt(frame)
	})
}
