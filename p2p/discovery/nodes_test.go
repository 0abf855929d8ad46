package discovery_test

import (
	"net"
	"sync/atomic"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/discovery"
	"parvis/p2p/p2ptest"
)

// targets is a book that the test fills.
type targets struct {
	list atomic.Pointer[[]discovery.Target]
}

func (b *targets) Known() []discovery.Target {
	if l := b.list.Load(); l != nil {
		return *l
	}
	return nil
}

func discover(t *testing.T, n *p2p.Node, known ...discovery.Target) *discovery.Discovery {
	t.Helper()
	b := &targets{}
	b.list.Store(&known)
	d := discovery.New(n, b)
	t.Cleanup(d.Close)
	return d
}

func connectedTo(n *p2ptest.Node, peer p2p.PeerID) <-chan struct{} {
	up := make(chan struct{}, 8)
	n.OnPeer(func(p p2p.PeerID, connected bool) {
		if p == peer && connected {
			up <- struct{}{}
		}
	})
	return up
}

func wait(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-time.After(20 * time.Second):
		t.Fatalf("%s: nothing happened", what)
	}
}

func TestW50RealNodesComeTogetherAndBackTogether(t *testing.T) {
	nodes := p2ptest.Members(t, 2)
	a, b := nodes[0], nodes[1]
	up := connectedTo(b, a.ID())
	d := discover(t, a.Node, discovery.Target{Peer: b.ID(), Addrs: b.Addrs()})
	d.Start(t.Context())
	wait(t, "first connection", up)
	b.Disconnect(a.ID())
	wait(t, "second connection", up)
}

func TestW53NodesOfOneNetworkFindEachOther(t *testing.T) {
	if !multicast() {
		t.Skip("this machine has no interface for multicast")
	}
	nodes := make([]*p2ptest.Node, 2)
	for i := range nodes {
		nodes[i] = p2ptest.StartMDNS(t)
	}
	a, b := nodes[0], nodes[1]
	a.Gate.Allow(b.ID())
	b.Gate.Allow(a.ID())
	up := connectedTo(a, b.ID())
	for i, n := range nodes {
		d := discover(t, n.Node)
		// The clocks of the two differ by a day.
		d.Names = func() []string { return [][]string{{"parvistest1", "parvistest2"}, {"parvistest2", "parvistest3"}}[i] }
		d.Start(t.Context())
	}
	wait(t, "found on the local network", up)
}

func multicast() bool {
	all, err := net.Interfaces()
	if err != nil {
		return false
	}
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagMulticast != 0 && i.Flags&net.FlagLoopback == 0 {
			return true
		}
	}
	return false
}
