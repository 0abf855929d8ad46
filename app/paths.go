package app

import (
	"sync"

	"parvis/p2p"
)

// via are the super-peers of the workspaces that a peer shares with this device.
// One of another workspace is not told who talks with whom.
func (n *network) via(peer p2p.PeerID) []p2p.PeerID {
	key, err := peer.PublicKey()
	if err != nil {
		return nil
	}
	var all []p2p.PeerID
	for _, w := range n.manager.List() {
		st := w.State()
		if st == nil || !w.Ready() {
			continue
		}
		if device, ok := st.DeviceByPeer(key); !ok || !device.Active {
			continue
		}
		for _, relay := range st.Relays() {
			if id, err := p2p.PeerIDOf(relay); err == nil {
				all = append(all, id)
			}
		}
	}
	return all
}

// places are the relays where this device has a place.
type places struct {
	mu  sync.Mutex
	all map[p2p.PeerID]bool // guarded by mu
}

// changed compares with how the super-peers stand now and reports whether there
// is a new place.
func (p *places) changed(now []p2p.SuperPeer) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.all
	p.all = make(map[p2p.PeerID]bool)
	more := false
	for _, s := range now {
		if s.Relay == p2p.RelayReserved {
			p.all[s.ID] = true
			more = more || !before[s.ID]
		}
	}
	return more
}

// reroute lets everybody be tried again when a relay can be used: they had a
// place there before, or try us when they have theirs.
func (n *network) reroute() {
	if n.places.changed(n.node.SuperPeers()) {
		n.discovery.Rerouted()
	}
}
