package sync

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
)

// member is a real node with a replica in memory.
type member struct {
	*memory
	node   *p2ptest.Node
	net    *network
	hub    *Hub
	syncer *Syncer
	team   *team
}

// network is a node that counts bytes and notes penalties.
type network struct {
	*p2p.Node
	written atomic.Int64 // bytes

	mu      sync.Mutex
	points  map[p2p.PeerID]int // guarded by mu
	reasons []string           // guarded by mu
}

func (n *network) Open(ctx context.Context, to p2p.PeerID, id string) (p2p.Stream, error) {
	s, err := n.Node.Open(ctx, to, id)
	if err != nil {
		return nil, err
	}
	return counted{s, n}, nil
}

func (n *network) Handle(id string, h p2p.Handler) {
	n.Node.Handle(id, func(ctx context.Context, s p2p.Stream) { h(ctx, counted{s, n}) })
}

func (n *network) Penalise(p p2p.PeerID, points int, reason string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.points == nil {
		n.points = map[p2p.PeerID]int{}
	}
	n.points[p] += points
	n.reasons = append(n.reasons, reason)
}

func (n *network) pointsOf(p p2p.PeerID) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.points[p]
}

// counted counts what is written.
type counted struct {
	p2p.Stream
	net *network
}

func (c counted) Write(p []byte) (int, error) {
	c.net.written.Add(int64(len(p)))
	return c.Stream.Write(p)
}

// team knows which node is which device, and waits for conditions.
type team struct {
	t       testing.TB
	mu      sync.Mutex
	devices map[p2p.PeerID][32]byte // guarded by mu
	changed chan struct{}           // something was stored somewhere
	members []*member
	written int64 // bytes, before a measurement
}

func newTeam(t testing.TB, n int, change func(*Config)) *team {
	tm := &team{t: t, devices: map[p2p.PeerID][32]byte{}, changed: make(chan struct{}, 1)}
	for i, node := range p2ptest.Members(t, n) {
		m := &member{memory: newMemory(byte(i + 1)), node: node, team: tm}
		m.stored = func([32]byte, []byte) { tm.notify() }
		tm.mu.Lock()
		tm.devices[node.ID()] = m.self
		tm.mu.Unlock()
		m.net = &network{Node: node.Node}
		m.hub = NewHub(m.net, slog.New(slog.DiscardHandler))
		tm.members = append(tm.members, m)
		tm.start(m, change)
	}
	return tm
}

func (tm *team) start(m *member, change func(*Config)) {
	cfg := Config{Workspace: [32]byte{9}, Self: m.self, Hub: m.hub, Replica: m, Device: tm.device, Log: slog.New(slog.DiscardHandler)}
	if change != nil {
		change(&cfg)
	}
	m.syncer = New(cfg)
	if err := m.syncer.Start(context.Background()); err != nil {
		tm.t.Fatal(err)
	}
	tm.t.Cleanup(func() { _ = m.syncer.Close() })
}

func (tm *team) device(p p2p.PeerID) ([32]byte, bool) {
	tm.mu.Lock()
	defer tm.mu.Unlock()
	d, ok := tm.devices[p]
	return d, ok
}

func (tm *team) notify() {
	select {
	case tm.changed <- struct{}{}:
	default:
	}
}

// mesh connects everybody with everybody.
func (tm *team) mesh() {
	for i, m := range tm.members {
		for _, o := range tm.members[:i] {
			p2ptest.Connect(tm.t, m.node, o.node)
		}
	}
}

// wait returns when ok holds; ok is asked again whenever something was stored,
// and every 5 ms for what is not stored.
func (tm *team) wait(what string, ok func() bool) {
	tm.t.Helper()
	limit := time.After(30 * time.Second)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tm.changed:
		case <-tick.C:
		case <-limit:
			for i, m := range tm.members {
				tm.t.Logf("node %d holds %s", i+1, m.digest())
			}
			tm.t.Fatalf("%s: did not happen", what)
		}
	}
}

// linked reports whether everybody receives from everybody and all know it.
func (tm *team) linked() bool {
	for _, m := range tm.members {
		g := m.syncer.picture.graph()
		if whole, _ := meshed(g, m.self); !whole || len(g) != len(tm.members) {
			return false
		}
	}
	return true
}

func (tm *team) same() bool {
	want := tm.members[0].digest()
	for _, m := range tm.members {
		if m.digest() != want {
			return false
		}
	}
	return true
}

func TestMembersGetEverything(t *testing.T) {
	tm := newTeam(t, 3, nil)
	a, b, c := tm.members[0], tm.members[1], tm.members[2]
	for i := range 1000 {
		a.append(byte(1+i%3), []byte("before the connection"))
	}
	a.log(1)
	b.log(2)
	a.syncer.Wake()
	b.syncer.Wake()
	tm.mesh()
	tm.wait("catching up", tm.same)
	tm.wait("everybody linked", tm.linked)
	for range 200 {
		for _, m := range tm.members {
			m.append(1, []byte("afterwards"))
			m.syncer.Wake()
		}
	}
	tm.wait("pushed", tm.same)
	c.log(3)
	c.syncer.Wake()
	tm.wait("log pushed", tm.same)
	tm.wait("acknowledged", func() bool { return a.syncer.Synced(b.node.ID()) && a.syncer.Synced(c.node.ID()) })
	if out, in := a.syncer.Pending(); out+in+a.syncer.Lacking() > 0 {
		t.Errorf("pending %d out, %d in", out, in)
	}
	for i, m := range tm.members {
		count, dups, gaps := m.stats()
		t.Logf("node %d: %d envelopes, %d twice, %d early", i+1, count, dups, gaps)
		if gaps > 0 || dups > 0 {
			t.Errorf("node %d got %d of %d twice, %d early", i+1, dups, count, gaps)
		}
	}
	tm.wait("the replica is told", func() bool { return a.heldBy(b.node.ID()) == 1000/3+1+200 })
}

func (m *memory) heldBy(p p2p.PeerID) uint64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.held[p][Feed{[16]byte{0: 1}, m.self}]
}

func BenchmarkThroughput(b *testing.B) {
	for _, receivers := range []int{1, 2} {
		b.Run(map[int]string{1: "one", 2: "two"}[receivers], func(b *testing.B) {
			tm := newTeam(b, receivers+1, nil)
			tm.mesh()
			tm.wait("connected", func() bool { return len(tm.members[0].syncer.serving()) == receivers })
			payload := make([]byte, 1024-memoryHeader)
			for _, m := range tm.members {
				tm.written += m.net.written.Load()
			}
			b.ResetTimer()
			start := time.Now()
			for range b.N {
				tm.members[0].append(1, payload)
				tm.members[0].syncer.Wake()
			}
			tm.wait("delivered", tm.same)
			bytes := -tm.written
			for _, m := range tm.members {
				bytes += m.net.written.Load()
			}
			b.ReportMetric(float64(bytes)/float64(b.N*receivers)/1024, "wire/payload")
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "envelopes/s")
		})
	}
}

func BenchmarkLatency(b *testing.B) {
	tm := newTeam(b, 2, nil)
	tm.mesh()
	tm.wait("connected", func() bool { return len(tm.members[0].syncer.serving()) == 1 })
	payload := make([]byte, 1024-memoryHeader)
	got := make(chan struct{}, 1)
	tm.members[1].mu.Lock()
	tm.members[1].stored = func([32]byte, []byte) { got <- struct{}{} }
	tm.members[1].mu.Unlock()
	var took []time.Duration
	before := tm.members[0].net.written.Load() + tm.members[1].net.written.Load()
	for b.Loop() {
		start := time.Now()
		tm.members[0].append(1, payload)
		tm.members[0].syncer.Wake()
		<-got
		took = append(took, time.Since(start))
	}
	bytes := tm.members[0].net.written.Load() + tm.members[1].net.written.Load() - before
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "median-us")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-us")
	b.ReportMetric(float64(bytes)/float64(len(took))/1024, "wire/payload")
}
