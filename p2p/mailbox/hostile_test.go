package mailbox_test

import (
	"context"
	"io"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/mailbox"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

// raw writes frames to a protocol and returns the answers until the stream ends.
func raw(t *testing.T, ctx context.Context, device, server *p2ptest.Node, frames ...any) (answers [][]byte) {
	t.Helper()
	s, err := device.Open(ctx, server.ID(), mailbox.Protocol)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Reset()
	w, r := wire.NewWriter(s, wire.Idle), wire.NewReader(s, 5*time.Second)
	for _, f := range frames {
		if bytes, ok := f.([]byte); ok {
			err = w.WriteFrame(bytes)
		} else {
			err = wire.Write(w, f)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		return nil // it was reset already
	}
	_ = s.CloseWrite()
	for {
		frame, err := r.ReadFrame(wire.MaxFrame)
		if err != nil {
			return answers
		}
		answers = append(answers, frame)
	}
}

func TestX25ABreachEndsTheStream(t *testing.T) {
	keeper, server, device, ctx := superPeer(t)
	hello := []any{uint(1), uint(1), workspace}
	size := func(n uint) []any { return []any{uint(1), uint(2), tag, false, make([]byte, 32), []uint{n}} }
	for name, frames := range map[string][]any{
		"no hello":                 {[]any{uint(1), uint(4), tag, uint(0), uint(10)}},
		"a hello of version 2":     {[]any{uint(2), uint(1), workspace}},
		"garbage":                  {[]byte("garbage")},
		"a second hello":           {hello, hello, size(4), []byte("1234")},
		"an answer as a request":   {hello, []any{uint(1), uint(8), uint(0), uint(0)}, size(4), []byte("1234")},
		"an empty frame":           {hello, []byte{}, size(4), []byte("1234")},
		"a put with too few bytes": {hello, size(5), []byte("1234")},
		"a put with too many":      {hello, size(5), []byte("123456")},
		"a request while watching": {hello, []any{uint(1), uint(6), []mailbox.Tag{tag}}, size(4), []byte("1234")},
	} {
		t.Run("X25 "+name, func(t *testing.T) {
			if answers := raw(t, ctx, device, server, frames...); len(answers) > 2 {
				t.Errorf("%d answers", len(answers))
			}
			if refs, _, err := keeper.List(ctx, mailbox.Visit{Peer: device.ID(), Workspace: workspace}, tag, 0, 10); err != nil || len(refs) != 0 {
				t.Errorf("%d objects are stored, %v", len(refs), err)
			}
		})
	}
	if answers := raw(t, ctx, device, server, hello, size(5), []byte("12345")); len(answers) != 2 {
		t.Errorf("a good one after all gets %d answers", len(answers))
	}
	if refs, _, err := keeper.List(ctx, mailbox.Visit{Peer: device.ID(), Workspace: workspace}, tag, 0, 10); err != nil || len(refs) != 1 {
		t.Errorf("%d objects, %v", len(refs), err)
	}
	t.Run("X25 often enough, and the device is shut out", func(t *testing.T) {
		for range 10 {
			if server.Connected(device.ID()) {
				s, err := device.Open(ctx, server.ID(), mailbox.Protocol)
				if err != nil {
					break
				}
				_, _ = s.Write([]byte{1, 0})
				_, _ = io.ReadAll(s)
			}
		}
		for server.Connected(device.ID()) {
			if err := ctx.Err(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// hostile answers what the test says.
func hostile(t *testing.T, answers ...any) (device *p2ptest.Node, server *p2ptest.Node, ctx context.Context) {
	t.Helper()
	nodes := p2ptest.Members(t, 2)
	nodes[0].Handle(mailbox.Protocol, func(_ context.Context, s p2p.Stream) {
		r, w := wire.NewReader(s, wire.Idle), wire.NewWriter(s, wire.Idle)
		if _, err := r.ReadFrame(1000); err != nil {
			return
		}
		_ = wire.Send(w, []any{uint(1), uint(7), [16]byte{}, uint(0), uint(0), int64(0)})
		if _, err := r.ReadFrame(wire.MaxFrame); err != nil {
			return
		}
		for _, a := range answers {
			if raw, ok := a.([]byte); ok {
				_ = w.WriteFrame(raw)
			} else {
				_ = wire.Write(w, a)
			}
		}
		_ = w.Flush()
		_, _ = r.ReadFrame(1000)
	})
	p2ptest.Connect(t, nodes[1], nodes[0])
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return nodes[1], nodes[0], ctx
}

func TestX26AHostileSuperPeerIsNotBelieved(t *testing.T) {
	asked := [][32]byte{{1}, {2}}
	id := func(n byte) []byte { b := [32]byte{n}; return b[:] }
	for name, answers := range map[string][]any{
		"an object that was not asked for":       {[]any{uint(1), uint(3), id(9), []uint{1}, false}, []byte("x")},
		"one object twice":                       {[]any{uint(1), uint(3), append(id(1), id(1)...), []uint{1, 1}, false}, []byte("xx")},
		"the wrong order":                        {[]any{uint(1), uint(3), append(id(2), id(1)...), []uint{1, 1}, false}, []byte("xx")},
		"more bytes than it says":                {[]any{uint(1), uint(3), id(1), []uint{1}, false}, []byte("xx")},
		"fewer bytes than it says":               {[]any{uint(1), uint(3), id(1), []uint{5}, false}, []byte("xx")},
		"an answer to another question":          {[]any{uint(1), uint(9), []uint{}, []byte{}, []uint{}, false}},
		"a done that says it is done":            {[]any{uint(1), uint(8), uint(0), uint(0)}},
		"garbage":                                {[]byte("garbage")},
		"an object of more than 2 MiB":           {[]any{uint(1), uint(3), id(1), []uint{mailbox.MaxObject + 1}, false}},
		"objects without end, which are repeats": {[]any{uint(1), uint(3), id(1), []uint{1}, true}, []byte("x"), []any{uint(1), uint(3), id(1), []uint{1}, true}, []byte("x")},
	} {
		t.Run("X26 "+name, func(t *testing.T) {
			device, server, ctx := hostile(t, answers...)
			c := open(t, ctx, device, server)
			got, err := c.Fetch(ctx, tag, asked)
			if !wire.IsFault(err) || got != nil {
				t.Errorf("%d objects, %v", len(got), err)
			}
		})
	}
	t.Run("X26 references that do not get ahead", func(t *testing.T) {
		device, server, ctx := hostile(t, []any{uint(1), uint(9), []uint{4}, id(1), []uint{1}, true})
		c := open(t, ctx, device, server)
		if refs, _, err := c.List(ctx, tag, 4, 10); !wire.IsFault(err) {
			t.Errorf("%v, %v", refs, err)
		}
	})
	t.Run("X26 news of another tag", func(t *testing.T) {
		device, server, ctx := hostile(t, []any{uint(1), uint(10), []any{[]any{mailbox.Tag{9}, uint(1)}}})
		c := open(t, ctx, device, server)
		err := c.Watch(ctx, []mailbox.Tag{tag}, func(mailbox.Tag, uint64) { t.Error("it is told") })
		if !wire.IsFault(err) {
			t.Errorf("error %v", err)
		}
	})
}
