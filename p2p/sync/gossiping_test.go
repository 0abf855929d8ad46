package sync

import (
	"context"
	"log/slog"
	"testing"
	"time"
)

// Gossip is for those to whom nobody is connected who wrote something.
func TestG1MeshIsWholeOrNot(t *testing.T) {
	ids := func(all ...byte) (out [][32]byte) {
		for _, n := range all {
			out = append(out, device(n))
		}
		return out
	}
	cases := []struct {
		name            string
		graph           map[byte][]byte
		whole, audience bool
	}{
		{"alone", map[byte][]byte{1: {}}, true, false},
		{"two", map[byte][]byte{1: {2}, 2: {1}}, true, false},
		{"full mesh", map[byte][]byte{1: {2, 3}, 2: {1, 3}, 3: {1, 2}}, true, false},
		{"end of a line", map[byte][]byte{1: {2}, 2: {1, 3}}, false, true},
		{"middle of a line", map[byte][]byte{1: {2, 3}, 2: {1}, 3: {1}}, false, false},
		{"we do not receive yet", map[byte][]byte{1: {}, 2: {1}}, false, true},
	}
	for _, c := range cases {
		g := map[[32]byte][][32]byte{}
		for d, links := range c.graph {
			g[device(d)] = ids(links...)
		}
		if whole, audience := meshed(g, device(1)); whole != c.whole || audience != c.audience {
			t.Errorf("%s: whole %v, audience %v", c.name, whole, audience)
		}
	}
}

// fakeGossip notes what it is told.
type fakeGossip struct {
	running   bool
	published int
	announced []uint64
	updates   int
}

func (g *fakeGossip) Start(context.Context, GossipReceiver) error { g.running = true; return nil }
func (g *fakeGossip) Stop()                                       { g.running = false }
func (g *fakeGossip) Update()                                     { g.updates++ }
func (g *fakeGossip) Publish([16]byte, []byte)                    { g.published++ }
func (g *fakeGossip) Announce(p Position)                         { g.announced = append(g.announced, p.Seq) }

// Gossip starts when the mesh stays incomplete, publishes own envelopes (of a
// burst only the last position), and stops a minute after the mesh is whole.
func TestG6GossipRunsOnlyWhenNeeded(t *testing.T) {
	tm := newTeam(t, 1, nil)
	m := tm.members[0]
	fake := &fakeGossip{}
	s := New(Config{Workspace: [32]byte{1}, Self: m.self, Hub: m.hub, Replica: m, Device: tm.device, Gossip: fake, Log: slog.New(slog.DiscardHandler)})
	turn := func(at time.Duration) { s.gossip.turn(t.Context(), s, t0.Add(at)) }
	write := func(n int, size int) {
		for range n {
			m.append(1, make([]byte, size))
		}
		if err := s.picture.refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	write(1, 10)
	turn(0)
	turn(time.Hour)
	s.picture.linked(device(2), [][32]byte{device(3)})
	turn(time.Hour)
	turn(time.Hour + 1999*time.Millisecond)
	if fake.running {
		t.Fatal("runs too early")
	}
	turn(time.Hour + 2*time.Second)
	if !fake.running || fake.published != 0 {
		t.Fatalf("running %v, %d published", fake.running, fake.published)
	}
	write(3, 10)
	turn(2 * time.Hour)
	if fake.published != 3 || len(fake.announced) != 0 {
		t.Errorf("%d published, %v announced", fake.published, fake.announced)
	}
	write(gossipBurst+1, 10)
	turn(2 * time.Hour)
	write(1, gossipMax)
	turn(2 * time.Hour)
	if fake.published != 3 || len(fake.announced) != 2 || fake.announced[1] != 4+gossipBurst+2 {
		t.Errorf("%d published, %v announced", fake.published, fake.announced)
	}
	s.picture.linked(device(2), nil)
	turn(3 * time.Hour)
	turn(3*time.Hour + 59*time.Second)
	if !fake.running {
		t.Error("stopped too early")
	}
	turn(3*time.Hour + time.Minute)
	if fake.running || s.picture.view.Load().Gossip {
		t.Error("still runs")
	}
}
