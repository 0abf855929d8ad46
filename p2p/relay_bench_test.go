package p2p_test

import (
	"context"
	"io"
	"testing"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
)

// BenchmarkRelay sends 16 MiB through the relay of a super-peer, all on loopback
// and in one process: encryption end to end, and twice on the way.
func BenchmarkRelay(b *testing.B) {
	const size = 16 << 20
	super := p2ptest.StartWith(b, p2p.Config{SuperPeer: true, Relay: true})
	at := []p2p.PeerID{super.ID()}
	var nodes []*p2ptest.Node
	for range 2 {
		n := p2ptest.StartWith(b, p2p.Config{SuperPeers: func() []p2p.PeerID { return at }, Via: func(p2p.PeerID) []p2p.PeerID { return at }})
		n.Gate.Allow(super.ID())
		super.Gate.Allow(n.ID())
		nodes = append(nodes, n)
	}
	from, to := nodes[0], nodes[1]
	from.Gate.Allow(to.ID())
	to.Gate.Allow(from.ID())
	to.Handle(echo, func(_ context.Context, s p2p.Stream) {
		n, _ := io.Copy(io.Discard, s)
		if n == size {
			_, _ = s.Write([]byte{1})
		}
	})
	for _, n := range nodes {
		if err := n.Connect(b.Context(), super.ID(), super.Addrs()); err != nil {
			b.Fatal(err)
		}
		for changed := reservations(n); !reserved(n.SuperPeers()[0]); {
			<-changed
		}
	}
	if err := from.Connect(b.Context(), to.ID(), nil); err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 64<<10)
	b.SetBytes(size)
	for b.Loop() {
		s, err := from.Open(b.Context(), to.ID(), echo)
		if err != nil {
			b.Fatal(err)
		}
		for range size / len(data) {
			if _, err := s.Write(data); err != nil {
				b.Fatal(err)
			}
		}
		if err := s.CloseWrite(); err != nil {
			b.Fatal(err)
		}
		if got, err := io.ReadAll(s); err != nil || len(got) != 1 {
			b.Fatalf("%v, %d bytes arrived", err, len(got))
		}
		_ = s.Close()
	}
}

// reservations signals every change of the super-peers.
func reservations(n *p2ptest.Node) <-chan struct{} {
	changed := make(chan struct{}, 16)
	n.OnSuperPeers(func() {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	changed <- struct{}{} // what was before
	return changed
}
