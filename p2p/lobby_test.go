package p2p_test

import (
	"context"
	"io"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
)

func TestW6AStrangerMayUseLobbyProtocolsOnly(t *testing.T) {
	host, guest := p2ptest.Start(t), p2ptest.Start(t)
	host.Gate.SetLobby(true)
	guest.Gate.Allow(host.ID())
	host.Handle(echo, serveEcho)
	host.HandleLobby(echo+"/lobby", serveEcho)
	ctx := testContext(t)
	connectGuest(t, guest, host)
	if got, err := roundTrip(ctx, guest, host.ID(), echo+"/lobby", "may I"); err != nil || got != "may I" {
		t.Errorf("lobby protocol: %q, %v", got, err)
	}
	if got, err := roundTrip(ctx, guest, host.ID(), echo, "may I"); err == nil {
		t.Errorf("a members' protocol answered %q", got)
	}
	if n := len(host.Peers()); n != 0 {
		t.Errorf("a stranger is listed among %d peers", n)
	}
	t.Run("W6 it becomes a member without a new connection", func(t *testing.T) {
		heard := make(chan p2p.PeerID, 1)
		host.OnPeer(func(p p2p.PeerID, connected bool) {
			if connected {
				heard <- p
			}
		})
		host.Gate.Allow(guest.ID())
		host.Gate.SetLobby(false)
		host.Recheck()
		if p := <-heard; p != guest.ID() {
			t.Errorf("heard of %s", p)
		}
		if got, err := roundTrip(ctx, guest, host.ID(), echo, "now"); err != nil || got != "now" {
			t.Errorf("as a member: %q, %v", got, err)
		}
	})
}

// connectGuest connects a stranger; its host reports nothing.
func connectGuest(t *testing.T, guest, host *p2ptest.Node) {
	t.Helper()
	if err := guest.Connect(testContext(t), host.ID(), host.Addrs()); err != nil {
		t.Fatalf("the lobby is open, but: %v", err)
	}
}

func TestW6LobbyLimits(t *testing.T) {
	host := p2ptest.Start(t)
	host.Gate.SetLobby(true)
	received := make(chan int64, 4)
	host.HandleLobby(echo, func(_ context.Context, s p2p.Stream) {
		_ = s.SetDeadline(time.Now().Add(20 * time.Second))
		n, _ := io.Copy(io.Discard, s)
		received <- n
	})
	started := make(chan struct{}, 8)
	host.HandleLobby(echo+"/hold", func(ctx context.Context, s p2p.Stream) {
		started <- struct{}{}
		_, _ = s.Write([]byte("x"))
		_ = s.SetDeadline(time.Now().Add(20 * time.Second))
		_, _ = io.Copy(io.Discard, s)
	})
	guests := make([]*p2ptest.Node, 5)
	for i := range guests {
		guests[i] = p2ptest.Start(t)
		guests[i].Gate.Allow(host.ID())
	}
	for _, g := range guests[:4] {
		connectGuest(t, g, host)
	}
	ctx := testContext(t)
	t.Run("W6 a fifth stranger is refused", func(t *testing.T) {
		if err := guests[4].Connect(ctx, host.ID(), host.Addrs()); err == nil {
			t.Error("a fifth stranger came in")
		}
	})
	t.Run("W6 more than 256 KiB end the stream", func(t *testing.T) {
		s, err := guests[0].Open(ctx, host.ID(), echo)
		if err != nil {
			t.Fatal(err)
		}
		_ = s.SetDeadline(time.Now().Add(20 * time.Second))
		_, err = s.Write(make([]byte, 1<<20))
		if err == nil {
			_, err = s.Read(make([]byte, 1))
		}
		if err == nil {
			t.Error("a megabyte was taken")
		}
		if n := <-received; n > 256<<10 {
			t.Errorf("%d bytes reached the handler", n)
		}
	})
	t.Run("W6 a third stream is refused", func(t *testing.T) {
		var held []p2p.Stream
		for i := range 3 {
			s, err := guests[1].Open(ctx, host.ID(), echo+"/hold")
			if err != nil {
				t.Fatal(err)
			}
			_ = s.SetDeadline(time.Now().Add(20 * time.Second))
			if _, err := s.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			_, err = s.Read(make([]byte, 1))
			if got := err == nil; got != (i < 2) {
				t.Errorf("stream %d served: %v (%v)", i+1, got, err)
			}
			held = append(held, s)
		}
		for _, s := range held {
			_ = s.Reset()
		}
	})
	t.Run("W6 strangers leave when the lobby closes", func(t *testing.T) {
		host.Gate.SetLobby(false)
		host.Recheck()
		if got, err := roundTrip(ctx, guests[2], host.ID(), echo, "still here"); err == nil {
			t.Errorf("answered %q", got)
		}
	})
}
