package p2p_test

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
)

const echo = "/parvis/test-echo/1"

// serveEcho returns every byte until the opener closes.
func serveEcho(_ context.Context, s p2p.Stream) {
	_ = s.SetDeadline(time.Now().Add(30 * time.Second))
	_, _ = io.Copy(s, s)
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// only keeps the addresses of one transport.
func only(addrs []string, part string) []string {
	return slices.DeleteFunc(slices.Clone(addrs), func(a string) bool { return !strings.Contains(a, part) })
}

func roundTrip(ctx context.Context, from *p2ptest.Node, to p2p.PeerID, protocol, text string) (string, error) {
	s, err := from.Open(ctx, to, protocol)
	if err != nil {
		return "", err
	}
	defer func() { _ = s.Close() }()
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	if _, err := io.WriteString(s, text); err != nil {
		return "", err
	}
	if err := s.CloseWrite(); err != nil {
		return "", err
	}
	got, err := io.ReadAll(s)
	return string(got), err
}

func TestW2AStrangerGetsNothing(t *testing.T) {
	for _, transport := range []string{"/quic-v1", "/tcp/"} {
		t.Run(transport, func(t *testing.T) {
			target, stranger := p2ptest.Start(t), p2ptest.Start(t)
			stranger.Gate.Allow(target.ID())
			target.Handle(echo, serveEcho)
			target.HandleLobby(echo+"/lobby", serveEcho)
			target.OnPeer(func(p p2p.PeerID, connected bool) { t.Errorf("heard of %s %v", p, connected) })
			ctx := testContext(t)
			addrs := only(target.Addrs(), transport)
			if err := stranger.Connect(ctx, target.ID(), addrs); err == nil {
				t.Fatal("connected to a node whose gate refuses")
			}
			for _, id := range []string{echo, echo + "/lobby"} {
				if got, err := roundTrip(ctx, stranger, target.ID(), id, "hello"); err == nil {
					t.Errorf("%s answered %q", id, got)
				}
			}
			if n := len(target.Peers()); n != 0 {
				t.Errorf("the target has %d peers", n)
			}
		})
	}
}

func TestW2WeDialMembersOnly(t *testing.T) {
	a, b := p2ptest.Start(t), p2ptest.Start(t)
	b.Gate.Allow(a.ID())
	if err := a.Connect(testContext(t), b.ID(), b.Addrs()); !errors.Is(err, p2p.ErrRefused) {
		t.Errorf("dialled a stranger: %v", err)
	}
	if _, err := a.Open(testContext(t), b.ID(), echo); !errors.Is(err, p2p.ErrRefused) {
		t.Errorf("opened a stream to a stranger: %v", err)
	}
}

func TestW2MembersTalk(t *testing.T) {
	for _, transport := range []string{"/quic-v1", "/tcp/"} {
		t.Run(transport, func(t *testing.T) {
			nodes := p2ptest.Members(t, 2)
			a, b := nodes[0], nodes[1]
			b.Handle(echo, func(ctx context.Context, s p2p.Stream) {
				if s.Peer() != a.ID() {
					t.Errorf("stream of %s", s.Peer())
				}
				serveEcho(ctx, s)
			})
			ctx := testContext(t)
			if err := a.Connect(ctx, b.ID(), only(b.Addrs(), transport)); err != nil {
				t.Fatal(err)
			}
			got, err := roundTrip(ctx, a, b.ID(), echo, "hello")
			if err != nil || got != "hello" {
				t.Errorf("got %q, %v", got, err)
			}
			if p := a.Peers()[0]; !strings.Contains(p.Addr, transport) {
				t.Errorf("connected through %s", p.Addr)
			}
		})
	}
}

func TestW2ARemovedMemberLosesItsStreams(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	a, b := nodes[0], nodes[1]
	gone := make(chan struct{})
	a.OnPeer(func(p p2p.PeerID, connected bool) {
		if !connected {
			close(gone)
		}
	})
	ended := make(chan error, 1)
	a.Handle(echo, func(_ context.Context, s p2p.Stream) {
		_ = s.SetDeadline(time.Now().Add(20 * time.Second))
		_, err := io.Copy(s, s)
		ended <- err
	})
	p2ptest.Connect(t, a, b)
	ctx := testContext(t)
	s, err := b.Open(ctx, a.ID(), echo)
	if err != nil {
		t.Fatal(err)
	}
	_ = s.SetDeadline(time.Now().Add(20 * time.Second))
	var one [1]byte
	if _, err := s.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(s, one[:]); err != nil {
		t.Fatal(err)
	}

	a.Gate.Remove(b.ID())
	// Before Recheck the connection still stands, but a new stream is refused.
	if got, err := roundTrip(ctx, b, a.ID(), echo, "late"); err == nil && got != "" {
		t.Errorf("a removed member was answered %q", got)
	}
	a.Recheck()
	if err := <-ended; err == nil {
		t.Error("the removed member's stream ended kindly")
	}
	if _, err := s.Read(one[:]); err == nil {
		t.Error("the removed member still reads")
	}
	<-gone
	// The dialler may believe for a moment that it is connected; nobody answers it.
	if err := b.Connect(ctx, a.ID(), a.Addrs()); err == nil {
		if got, err := roundTrip(ctx, b, a.ID(), echo, "again"); err == nil && got != "" {
			t.Errorf("the removed member came back and was answered %q", got)
		}
	}
}

func TestW4AConnectionIsHeardOfOnceItIsUsable(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	a, b := nodes[0], nodes[1]
	events := make(chan bool, 16)
	b.OnPeer(func(p p2p.PeerID, connected bool) {
		if p != a.ID() {
			t.Errorf("heard of %s", p)
		}
		events <- connected
	})
	ctx := testContext(t)
	for range 3 {
		if err := a.Connect(ctx, b.ID(), b.Addrs()); err != nil {
			t.Fatal(err)
		}
		if !a.Connected(b.ID()) {
			t.Error("Connect returned before the connection was usable")
		}
		if got := <-events; !got {
			t.Fatal("disconnected before connected")
		}
		a.Disconnect(b.ID())
		if got := <-events; got {
			t.Fatal("connected twice")
		}
	}
}

func TestW8PointsEndTheConnection(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	a, b := nodes[0], nodes[1]
	gone := make(chan struct{}, 2)
	for _, n := range nodes {
		n.OnPeer(func(_ p2p.PeerID, connected bool) {
			if !connected {
				gone <- struct{}{}
			}
		})
	}
	p2ptest.Connect(t, b, a)
	for range 9 {
		a.Penalise(b.ID(), 10, "test")
	}
	if !a.Connected(b.ID()) {
		t.Fatal("90 points ended the connection")
	}
	a.Penalise(b.ID(), 10, "test")
	<-gone
	<-gone
	ctx := testContext(t)
	if err := b.Connect(ctx, a.ID(), a.Addrs()); err == nil {
		t.Error("a peer in its back-off came back")
	}
	if err := a.Connect(ctx, b.ID(), b.Addrs()); !errors.Is(err, p2p.ErrRefused) {
		t.Errorf("we dialled a peer in its back-off: %v", err)
	}
}

func TestW9APanicResetsOneStreamOnly(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	a, b := nodes[0], nodes[1]
	b.Handle(echo, serveEcho)
	b.Handle(echo+"/panic", func(context.Context, p2p.Stream) { panic("test") })
	p2ptest.Connect(t, a, b)
	ctx := testContext(t)
	if _, err := roundTrip(ctx, a, b.ID(), echo+"/panic", "x"); err == nil {
		t.Error("the stream of a panicking handler ended kindly")
	}
	if got, err := roundTrip(ctx, a, b.ID(), echo, "still there"); err != nil || got != "still there" {
		t.Errorf("after the panic: %q, %v", got, err)
	}
}

func TestW11PeersShowPathAndRoundTrip(t *testing.T) {
	nodes := p2ptest.Connected(t, 3)
	ctx := testContext(t)
	for _, to := range nodes[1:] {
		if _, err := nodes[0].Ping(ctx, to.ID()); err != nil {
			t.Fatal(err)
		}
	}
	peers := nodes[0].Peers()
	if len(peers) != 2 || peers[0].ID >= peers[1].ID {
		t.Fatalf("peers %v", peers)
	}
	for _, p := range peers {
		if p.Path != p2p.PathLAN || p.RTT <= 0 || p.Since.IsZero() || !strings.HasPrefix(p.Addr, "/ip4/127.0.0.1/") {
			t.Errorf("peer %+v", p)
		}
	}
}

func TestCloseAndStartTwice(t *testing.T) {
	n := p2p.New(p2p.Config{Gate: &p2ptest.Gate{}, Listen: []string{"/ip4/127.0.0.1/tcp/0"}})
	if n.Addrs() != nil || n.Peers() != nil {
		t.Error("a node that was not started has addresses or peers")
	}
	for range 2 {
		if err := n.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := n.Start(t.Context()); err == nil {
			t.Error("started twice")
		}
		if err := n.Close(); err != nil {
			t.Fatal(err)
		}
		if err := n.Close(); err != nil {
			t.Errorf("second close: %v", err)
		}
	}
	if err := p2p.New(p2p.Config{Gate: &p2ptest.Gate{}, Listen: []string{"nonsense"}}).Start(t.Context()); err == nil {
		t.Error("listened on nonsense")
	}
	if _, err := n.Open(t.Context(), n.ID(), echo); !errors.Is(err, p2p.ErrNotStarted) {
		t.Errorf("open on a closed node: %v", err)
	}
}
