package p2p_test

import (
	"net"
	"strconv"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
)

func TestW65AProbeNamesTheCause(t *testing.T) {
	nodes := p2ptest.Members(t, 3)
	a, b, c := nodes[0], nodes[1], nodes[2]
	mute, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = mute.Close() }()
	free, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	for name, c := range map[string]struct {
		addr string
		want p2p.Cause
	}{
		"UDP":          {only(b.Addrs(), "/quic-v1")[0], p2p.CauseNone},
		"TCP":          {only(b.Addrs(), "/tcp/")[0], p2p.CauseNone},
		"a name":       {"/dns4/localhost" + only(b.Addrs(), "/tcp/")[0][len("/ip4/127.0.0.1"):], p2p.CauseNone},
		"closed port":  {"/ip4/127.0.0.1/tcp/" + strconv.Itoa(closed), p2p.CauseRefused},
		"mute":         {"/ip4/127.0.0.1/udp/" + strconv.Itoa(mute.LocalAddr().(*net.UDPAddr).Port) + "/quic-v1", p2p.CauseSilent},
		"another peer": {only(c.Addrs(), "/tcp/")[0], p2p.CauseOther},
		"another, UDP": {only(c.Addrs(), "/quic-v1")[0], p2p.CauseOther},
		"no such name": {"/dns4/parvis.invalid/tcp/1", p2p.CauseName},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			begin := time.Now()
			got, err := a.Probe(t.Context(), b.ID(), c.addr)
			if got != c.want {
				t.Errorf("%s: %q (%v), want %q", c.addr, got, err, c.want)
			}
			if took := time.Since(begin); took > 6*time.Second {
				t.Errorf("%s took %s", c.addr, took)
			}
		})
	}
}

func TestW65WhyAPeerWasNotReached(t *testing.T) {
	s := startSuperPeer(t)
	nodes := team(t, 2, s)
	a, b := nodes[0], nodes[1]
	if got := a.Unreached(b.ID()); got != p2p.CauseNone {
		t.Errorf("before any attempt: %q", got)
	}
	try := func(want p2p.Cause, addrs ...string) {
		t.Helper()
		err := a.Connect(testContext(t), b.ID(), addrs)
		if got := a.Unreached(b.ID()); got != want {
			t.Errorf("%q after %v, want %q", got, err, want)
		}
	}
	try(p2p.CauseNoAddress)
	attached(t, s, a)
	try(p2p.CauseAbsent)
	try(p2p.CauseAbsent, "/ip4/127.0.0.1/tcp/1")
	b.Gate.Remove(a.ID())
	try(p2p.CauseGate, b.Addrs()...)
	b.Gate.Allow(a.ID())
	try(p2p.CauseNone, b.Addrs()...)
}

func TestW65PeersTellHowTheySeeUs(t *testing.T) {
	nodes := p2ptest.Connected(t, 2)
	a, b := nodes[0], nodes[1]
	seen := a.Sightings()
	if len(seen) == 0 || seen[0].By != b.ID() || !seen[0].Private {
		t.Fatalf("sightings %+v", seen)
	}
	gone := make(chan struct{})
	a.OnPeer(func(_ p2p.PeerID, connected bool) {
		if !connected {
			close(gone)
		}
	})
	a.Disconnect(b.ID())
	<-gone
	if seen := a.Sightings(); len(seen) != 0 {
		t.Errorf("sightings of nobody: %+v", seen)
	}
}
