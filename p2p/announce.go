package p2p

import (
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
)

// MDNS reports whether this node may speak on the local network.
func (n *Node) MDNS() bool { return n.cfg.MDNS }

// Announce tells the local network, under an mDNS service name, where this node
// listens, and calls found for every other node with the same name. found is
// called from several goroutines and repeatedly for one peer; what it hears is
// a claim until TLS proves it. stop ends both and waits.
func (n *Node) Announce(service string, found func(p PeerID, addrs []string)) (stop func(), err error) {
	run := n.host.Load()
	if run == nil {
		return nil, ErrNotStarted
	}
	if !n.cfg.MDNS {
		return func() {}, nil
	}
	s := mdns.NewMdnsService(run.Host, service, notifee{n, found})
	if err := s.Start(); err != nil {
		_ = s.Close()
		return nil, fmt.Errorf("announce on the local network: %w", err)
	}
	return func() { _ = s.Close() }, nil
}

type notifee struct {
	node  *Node
	found func(PeerID, []string)
}

// HandlePeerFound passes on members only, so that a talkative stranger on the
// local network costs nothing more.
func (f notifee) HandlePeerFound(info peer.AddrInfo) {
	id := textOf(info.ID)
	if info.ID == f.node.id || !f.node.allowed(id) {
		return
	}
	// The first addresses are often loopback or virtual ones: sort before the cut.
	if addrs := CleanAddrs(sortAddrs(info.Addrs)); len(addrs) > 0 {
		f.found(id, addrs)
	}
}
