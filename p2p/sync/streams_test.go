package sync

import (
	"bytes"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// raw is a hand-written end of a stream to a member.
type raw struct {
	t *testing.T
	p2p.Stream
	conn *conn
}

func open(t *testing.T, from, to *member) *raw {
	t.Helper()
	s, err := from.node.Open(t.Context(), to.node.ID(), Protocol)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Reset() })
	return &raw{t, s, newConn(s)}
}

func (r *raw) frame(data []byte) {
	r.t.Helper()
	w := wire.NewWriter(r.Stream, time.Second)
	if err := errors.Join(w.WriteFrame(data), w.Flush()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *raw) send(f Frame) {
	r.t.Helper()
	if err := r.conn.write(f); err != nil {
		r.t.Fatal(err)
	}
}

// await reads frames until one of the wanted type.
func await[F Frame](r *raw) (f F) {
	r.t.Helper()
	for {
		got, err := r.conn.read()
		if err != nil {
			r.t.Fatalf("read: %v", err)
		}
		if f, ok := got.(F); ok {
			return f
		}
	}
}

// pair are two connected members, of which only the first one runs a syncer.
func pair(t *testing.T) (a, b *member) { return pairOf(t, nil) }

func pairOf(t *testing.T, change func(*Config)) (a, b *member) {
	tm := newTeam(t, 2, change)
	a, b = tm.members[0], tm.members[1]
	if err := b.syncer.Close(); err != nil {
		t.Fatal(err)
	}
	tm.mesh()
	return a, b
}

func workspaceHello() Hello { return Hello{Workspace: [32]byte{9}} }

// How a source answers what is wrong, and what it costs.
func TestY4BadStreams(t *testing.T) {
	version, err := EncodeFrame(workspaceHello())
	if err != nil {
		t.Fatal(err)
	}
	version[2] = 2
	cases := []struct {
		name   string
		say    func(*raw)
		want   Code
		points int
	}{
		{"other version", func(r *raw) { r.frame(version) }, CodeVersion, 0},
		{"other workspace", func(r *raw) { r.send(Hello{Workspace: [32]byte{8}}) }, CodeUnknown, 0},
		{"not a hello", func(r *raw) { r.send(Links{}) }, CodeMalformed, 10},
		{"no frame", func(r *raw) { r.frame([]byte("hello")) }, CodeMalformed, 10},
		{"too long", func(r *raw) { _, _ = r.Write([]byte{0xff, 0xff, 0xff, 0x07}) }, CodeMalformed, 10},
		{"rubbish after hello", func(r *raw) { r.send(workspaceHello()); r.frame([]byte{1}) }, CodeMalformed, 10},
		{"a source's frame", func(r *raw) { r.send(workspaceHello()); r.send(Live{}) }, CodeMalformed, 10},
		{"rounds too often", func(r *raw) { r.send(workspaceHello()); r.send(workspaceHello()) }, CodeTooOften, 0},
		{"too many feeds", func(r *raw) {
			h := workspaceHello()
			h.Feeds = make([]Position, MaxFeeds)
			r.send(h)
			r.send(HaveDelta{Fresh: make([]Position, 1)})
		}, CodeTooMany, 0},
	}
	a, b := pair(t)
	for _, c := range cases {
		before := a.net.pointsOf(b.node.ID())
		r := open(t, b, a)
		c.say(r)
		if got := await[Bye](r).Code; got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
		if got := a.net.pointsOf(b.node.ID()) - before; got != c.points {
			t.Errorf("%s: %d points, want %d", c.name, got, c.points)
		}
	}
}

// A connected peer that is no member of this workspace gets nothing.
func TestY1StrangersGetNothing(t *testing.T) {
	tm := newTeam(t, 2, nil)
	a, b := tm.members[0], tm.members[1]
	a.append(1, []byte("secret"))
	a.syncer.Wake()
	tm.mu.Lock()
	delete(tm.devices, b.node.ID())
	tm.mu.Unlock()
	tm.mesh()
	r := open(t, b, a)
	r.send(workspaceHello())
	if got := await[Bye](r).Code; got != CodeUnknown {
		t.Errorf("got %v", got)
	}
	// Once it is a member, which shows in the log, it gets everything.
	tm.mu.Lock()
	tm.devices[b.node.ID()] = b.self
	tm.mu.Unlock()
	a.log(1)
	a.syncer.Wake()
	b.syncer.Resync()
	b.syncer.recheck()
	tm.wait("admitted", tm.same)
	// And nothing more once it is not.
	tm.mu.Lock()
	delete(tm.devices, b.node.ID())
	tm.mu.Unlock()
	a.log(2)
	a.append(1, []byte("secret"))
	a.syncer.Wake()
	tm.wait("shut out", func() bool { return len(a.syncer.serving()) == 0 })
	if n, _, _ := b.stats(); n != 1 {
		t.Errorf("got %d envelopes", n)
	}
}

// A peer may open 16 streams at once and then one every 5 s.
func TestY13StreamsAreLimited(t *testing.T) {
	a, b := pair(t)
	for i := range streamBurst + 1 {
		r := open(t, b, a)
		r.send(workspaceHello())
		f, err := r.conn.read()
		if err != nil {
			t.Fatal(err)
		}
		bye, refused := f.(Bye)
		if refused != (i == streamBurst) || refused && bye.Code != CodeTooOften {
			t.Fatalf("stream %d: %#v", i, f)
		}
	}
}

// The newest stream of a peer wins.
func TestY14NewestStreamWins(t *testing.T) {
	a, b := pair(t)
	first := open(t, b, a)
	first.send(workspaceHello())
	await[Addrs](first)
	second := open(t, b, a)
	second.send(workspaceHello())
	await[Addrs](second)
	if _, err := first.conn.read(); err == nil {
		t.Error("the older stream goes on")
	}
	a.append(1, []byte("x"))
	a.syncer.Wake()
	await[Objects](second)
}

// Hints and addresses arrive, and only at those they are for.
func TestY15HintsAndAddresses(t *testing.T) {
	var mu sync.Mutex
	heard := map[p2p.PeerID]int{}
	port := 1
	tm := newTeam(t, 3, func(c *Config) {
		c.Addrs = func() []PeerAddrs {
			mu.Lock()
			defer mu.Unlock()
			return []PeerAddrs{{c.Hub.net.(*network).ID(), []string{fmt.Sprintf("/ip4/192.0.2.1/tcp/%d", port), string(make([]byte, MaxAddr+1))}}}
		}
		c.OnAddrs = func(from p2p.PeerID, addrs []PeerAddrs) {
			mu.Lock()
			defer mu.Unlock()
			if len(addrs) == 1 && addrs[0].Peer == from && len(addrs[0].Addrs) == 1 {
				heard[from]++
			}
		}
	})
	tm.mesh()
	tm.wait("linked", tm.linked)
	a, b, c := tm.members[0], tm.members[1], tm.members[2]
	a.syncer.SendLive([]byte("typing"), func(p p2p.PeerID) bool { return p == b.node.ID() })
	a.syncer.SendLive(make([]byte, MaxLive+1), nil)
	tm.wait("hint", func() bool { b.mu.Lock(); defer b.mu.Unlock(); return b.lives == 1 })
	tm.wait("addresses", func() bool {
		mu.Lock()
		defer mu.Unlock()
		return heard[a.node.ID()] == 2 && heard[b.node.ID()] == 2 && heard[c.node.ID()] == 2
	})
	a.syncer.Announce() // nothing changed
	mu.Lock()
	port++
	mu.Unlock()
	a.syncer.Announce()
	tm.wait("addresses again", func() bool { mu.Lock(); defer mu.Unlock(); return heard[a.node.ID()] >= 4 })
	mu.Lock()
	if heard[a.node.ID()] != 4 {
		t.Errorf("told %d times", heard[a.node.ID()])
	}
	mu.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.lives != 0 {
		t.Error("a hint came to somebody else")
	}
}

// A sink that does not get on with storing does not slow the others.
func TestY16SlowSinkHoldsUpNobody(t *testing.T) {
	tm := newTeam(t, 3, nil)
	release := make(chan struct{})
	slow := tm.members[2]
	slow.commit = func(int) { <-release }
	tm.mesh()
	tm.wait("linked", tm.linked)
	a, b := tm.members[0], tm.members[1]
	for range 5000 {
		a.append(1, make([]byte, 1000))
		a.syncer.Wake()
	}
	tm.wait("the quick one", func() bool { n, _, _ := b.stats(); return n == 5000 })
	a.syncer.mu.Lock()
	v := a.syncer.serves[slow.node.ID()]
	a.syncer.mu.Unlock()
	v.mu.Lock()
	if n := v.source.flow.sent - v.source.flow.acked; n > MaxInFlight {
		t.Errorf("%d windows in flight", n)
	}
	v.mu.Unlock()
	close(release)
	tm.wait("the slow one", tm.same)
}

// A commit that fails stores nothing and acknowledges nothing; the stream
// starts anew and everything arrives.
func TestY8FailedCommitIsRepeated(t *testing.T) {
	tm := newTeam(t, 2, nil)
	a, b := tm.members[0], tm.members[1]
	var mu sync.Mutex
	fail := 2
	b.failing = func(Batch) error {
		mu.Lock()
		defer mu.Unlock()
		if fail--; fail >= 0 {
			return errors.New("disk full")
		}
		return nil
	}
	tm.mesh()
	for range 100 {
		a.append(1, []byte("x"))
		a.syncer.Wake()
	}
	tm.wait("after two failures", tm.same)
	if p := b.net.pointsOf(a.node.ID()); p != 0 {
		t.Errorf("%d points for our own failure", p)
	}
}

// What an honest member does not send costs points, and a panic too; the
// rest goes on.
func TestY17FaultsCostPoints(t *testing.T) {
	tm := newTeam(t, 2, nil)
	a, b := tm.members[0], tm.members[1]
	b.failing = func(x Batch) error {
		switch {
		case bytes.Contains(x.Envelopes[0], []byte("bad")):
			return &Fault{Points: 10, Err: errors.New("signature")}
		case bytes.Contains(x.Envelopes[0], []byte("panic")):
			panic("index out of range")
		}
		return nil
	}
	tm.mesh()
	tm.wait("linked", tm.linked)
	a.append(1, []byte("bad"))
	a.syncer.Wake()
	tm.wait("points", func() bool { return b.net.pointsOf(a.node.ID()) == 10 })
	b.syncer.mu.Lock()
	open := b.syncer.follows[a.node.ID()] != nil
	b.syncer.mu.Unlock()
	if !open {
		t.Error("the stream ended")
	}
	tm2 := newTeam(t, 2, nil)
	tm2.members[1].failing = func(x Batch) error { panic("index out of range") }
	tm2.mesh()
	tm2.members[0].append(1, []byte("x"))
	tm2.members[0].syncer.Wake()
	tm2.wait("points for a panic", func() bool { return tm2.members[1].net.pointsOf(tm2.members[0].node.ID()) >= 10 })
}

// A syncer that is restarted in the middle of a burst, again and again.
func TestY5RestartInMidBurst(t *testing.T) {
	tm := newTeam(t, 3, nil)
	tm.mesh()
	var writers sync.WaitGroup
	for _, m := range tm.members[:2] {
		writers.Go(func() {
			for i := range 3000 {
				m.append(byte(1+i%2), make([]byte, 200))
				m.syncer.Wake()
			}
		})
	}
	m := tm.members[2]
	for range 3 {
		n, _, _ := m.stats()
		tm.wait("something arrived", func() bool { now, _, _ := m.stats(); return now > n || now == 6000 })
		if err := m.syncer.Close(); err != nil {
			t.Fatal(err)
		}
		tm.start(m, nil)
	}
	writers.Wait()
	tm.wait("all hold the same", tm.same)
	for i, m := range tm.members {
		n, twice, early := m.stats()
		t.Logf("node %d: %d envelopes, %d twice, %d early", i+1, n, twice, early)
		if early > 0 {
			t.Errorf("node %d got %d early", i+1, early)
		}
	}
}

// A peer hears nothing of chains in spaces that it may not see.
func TestY2PrivateSpacesStayPrivate(t *testing.T) {
	hidden := func(peer p2p.PeerID, space [16]byte) bool { return space[0] == 1 }
	tm := newTeam(t, 2, func(c *Config) { c.Visible = hidden })
	a, b := tm.members[0], tm.members[1]
	a.private = func(_ p2p.PeerID, f Feed) bool { return f.Space[0] != 1 }
	a.append(2, []byte("private"))
	a.append(1, []byte("public"))
	a.syncer.Wake()
	tm.mesh()
	tm.wait("public", func() bool { n, _, _ := b.stats(); return n == 1 })
	tm.wait("synced", func() bool { return a.syncer.Synced(b.node.ID()) && b.syncer.Synced(a.node.ID()) })
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.held[a.node.ID()][Feed{[16]byte{0: 2}, a.self}] != 0 {
		t.Error("b was told of a chain in a space that it may not see")
	}
}

// Close waits for everything, whatever is going on.
func TestCloseInMidBurst(t *testing.T) {
	tm := newTeam(t, 2, nil)
	tm.mesh()
	a := tm.members[0]
	for i := range 2000 {
		a.append(1, make([]byte, 1000))
		a.syncer.Wake()
		if i == 1000 {
			if err := tm.members[1].syncer.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := a.syncer.Close(); err != nil {
		t.Fatal(err)
	}
	a.syncer.Wake()
	a.syncer.SendLive([]byte("x"), nil)
	if n := len(a.syncer.serving()); n != 0 {
		t.Errorf("%d streams left", n)
	}
}
