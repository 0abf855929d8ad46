package key

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

func pair(t *testing.T) (asker, holder *p2ptest.Node, ctx context.Context) {
	t.Helper()
	nodes := p2ptest.Connected(t, 2)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return nodes[0], nodes[1], ctx
}

func TestW40AKeyIsAskedForAndGranted(t *testing.T) {
	asker, holder, ctx := pair(t)
	Serve(holder.Node, func(_ context.Context, from p2p.PeerID, request []byte) ([]byte, error) {
		if from != asker.ID() {
			t.Errorf("asked by %s", from)
		}
		if len(request) == 0 {
			return nil, nil
		}
		return append([]byte("grant for "), request...), nil
	})
	got, err := Ask(ctx, asker.Node, holder.ID(), []byte("epoch 7"))
	if err != nil || string(got) != "grant for epoch 7" {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := Ask(ctx, asker.Node, holder.ID(), nil); err != nil || len(got) != 0 {
		t.Errorf("empty request: %q, %v", got, err)
	}
	t.Run("W40 a stranger is not answered", func(t *testing.T) {
		stranger := p2ptest.Start(t)
		stranger.Gate.Allow(holder.ID())
		if _, err := Ask(ctx, stranger.Node, holder.ID(), []byte("x")); err == nil {
			t.Error("it was")
		}
	})
}

func TestW41SizesAreLimited(t *testing.T) {
	asker, holder, ctx := pair(t)
	Serve(holder.Node, func(_ context.Context, _ p2p.PeerID, request []byte) ([]byte, error) {
		return make([]byte, MaxGrant+len(request)-MaxRequest), nil
	})
	if got, err := Ask(ctx, asker.Node, holder.ID(), make([]byte, MaxRequest)); err != nil || len(got) != MaxGrant {
		t.Errorf("the largest: %d bytes, %v", len(got), err)
	}
	if _, err := Ask(ctx, asker.Node, holder.ID(), make([]byte, MaxRequest+1)); err == nil {
		t.Error("a request over the limit was sent")
	}
	for _, size := range []int{MaxRequest, MaxRequest + 1} {
		_, err := decodeRequest(encode(t, request{V: 1, Body: make([]byte, size)}))
		if got := errors.Is(err, wire.ErrTooLarge); got != (size > MaxRequest) {
			t.Errorf("request of %d bytes: %v", size, err)
		}
	}
	for _, size := range []int{MaxGrant, MaxGrant + 1} {
		_, err := decodeResponse(encode(t, response{V: 1, Body: make([]byte, size)}))
		if got := errors.Is(err, wire.ErrTooLarge); got != (size > MaxGrant) {
			t.Errorf("grant of %d bytes: %v", size, err)
		}
	}
}

func TestW42ARefusalHasNoReason(t *testing.T) {
	asker, holder, ctx := pair(t)
	Serve(holder.Node, func(_ context.Context, _ p2p.PeerID, request []byte) ([]byte, error) {
		if string(request) == "huge" {
			return make([]byte, MaxGrant+1), nil
		}
		return []byte("secret"), errors.New("not for you")
	})
	for _, request := range []string{"x", "huge"} {
		if got, err := Ask(ctx, asker.Node, holder.ID(), []byte(request)); !errors.Is(err, ErrRefused) || got != nil {
			t.Errorf("%s: %q, %v", request, got, err)
		}
	}
	if _, err := decodeResponse(encode(t, response{V: 1, Status: statusRefused, Body: []byte("why")})); !errors.Is(err, ErrMalformed) {
		t.Errorf("a refusal with a reason: %v", err)
	}
}

func TestW43OneRequestPerPeerAtATime(t *testing.T) {
	asker, holder, ctx := pair(t)
	var now, most atomic.Int32
	Serve(holder.Node, func(context.Context, p2p.PeerID, []byte) ([]byte, error) {
		most.Store(max(most.Load(), now.Add(1)))
		defer now.Add(-1)
		return []byte("ok"), nil
	})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if _, err := Ask(ctx, asker.Node, holder.ID(), []byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if most.Load() != 1 {
		t.Errorf("%d at once", most.Load())
	}
	t.Run("W43 who waits too long gives up", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var line turns
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			done := line.take(ctx, "a")
			if other := line.take(ctx, "b"); other == nil {
				t.Error("another peer had to wait")
			} else {
				other()
			}
			if line.take(ctx, "a") != nil {
				t.Error("two at once")
			}
			done()
			if len(line.queue) != 0 {
				t.Errorf("%d peers are remembered", len(line.queue))
			}
		})
	})
}

func TestW44ABadRequestCostsTenPoints(t *testing.T) {
	asker, holder, ctx := pair(t)
	Serve(holder.Node, func(context.Context, p2p.PeerID, []byte) ([]byte, error) {
		return nil, fmt.Errorf("signature: %w", ErrMalformed)
	})
	gone := make(chan struct{}, 1)
	holder.OnPeer(func(_ p2p.PeerID, connected bool) {
		if !connected {
			gone <- struct{}{}
		}
	})
	for _, data := range [][]byte{
		{0x01, 0x00}, {0xff, 0xff, 0x7f}, {0x03, 0x82, 0x02, 0x40}, {0x03, 0x82, 0x01, 0xf6}, {0x04, 0x82, 0x18, 0x01, 0x40},
		{0x03, 0x82, 0x01, 0x40}, {0x03, 0x82, 0x01, 0x40}, {0x03, 0x82, 0x01, 0x40}, {0x03, 0x82, 0x01, 0x40}, {0x03, 0x82, 0x01, 0x40},
	} {
		s, err := asker.Open(ctx, holder.ID(), Protocol)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.SetDeadline(time.Now().Add(20 * time.Second))
		if _, err := s.Write(data); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(s); err == nil {
			t.Errorf("request %x ended kindly", data)
		}
		_ = s.Reset()
	}
	<-gone
}

func encode[T any](t testing.TB, v T) []byte {
	t.Helper()
	data, err := wire.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func samples(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"key-request": encode(t, request{V: 1, Body: []byte("request")}),
		"key-grant":   encode(t, response{V: 1, Status: statusGranted, Body: []byte("grant")}),
		"key-refusal": encode(t, response{V: 1, Status: statusRefused, Body: []byte{}}),
	}
}

func TestW41MessagesAreEncodedAsInTheSpec(t *testing.T) {
	for name, data := range samples(t) {
		golden := p2ptest.Golden(t, name, data)
		_, asRequest := decodeRequest(golden)
		_, asResponse := decodeResponse(golden)
		if (asRequest == nil) != (name == "key-request") || (asResponse == nil) == (name == "key-request") {
			t.Errorf("%s: as request %v, as response %v", name, asRequest, asResponse)
		}
	}
}

// checkMessage holds what must be true of any bytes.
func checkMessage(t *testing.T, data []byte) {
	if q, err := decodeRequest(data); err == nil && (q.Body == nil || !bytes.Equal(encode(t, q), data)) || err != nil && !wire.IsFault(err) {
		t.Fatalf("%x as a request: %v", data, err)
	}
	if a, err := decodeResponse(data); err == nil && (a.Body == nil || !bytes.Equal(encode(t, a), data)) || err != nil && !wire.IsFault(err) {
		t.Fatalf("%x as a response: %v", data, err)
	}
}

func TestW41MutatedMessages(t *testing.T) {
	s := samples(t)
	seeds := [][]byte{s["key-request"], s["key-grant"], s["key-refusal"]}
	p2ptest.Mutate(10_000, seeds, func(data []byte) { checkMessage(t, data) })
}

func FuzzMessage(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data)
	}
	f.Fuzz(checkMessage)
}
