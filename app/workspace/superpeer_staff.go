package workspace

import (
	"context"
	"slices"
	"sync"

	"parvis/crdt/seal"
)

// couriers are those of one workspace.
type couriers struct {
	mu  sync.Mutex
	all map[seal.ID]*running // guarded by mu; by super-peer
}

type running struct {
	*courier
	stop context.CancelFunc
}

func (c *couriers) list() []*courier {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := make([]*courier, 0, len(c.all))
	for _, r := range c.all {
		list = append(list, r.courier)
	}
	slices.SortFunc(list, func(a, b *courier) int { return a.peer.Compare(b.peer) })
	return list
}

func (c *couriers) of(peer seal.ID) *courier {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.all[peer]; r != nil {
		return r.courier
	}
	return nil
}

// wake says that something was committed here.
func (c *couriers) wake() {
	for _, one := range c.list() {
		ring(one.stir)
	}
}

// compareAnew makes everything at the super-peers be looked at again, because
// something was lost here.
func (c *couriers) compareAnew(ctx context.Context) {
	for _, one := range c.list() {
		one.compareAnew(ctx)
	}
}

// UseSuperPeers names the way to super-peers, before Start. Without it the
// workspaces have none.
func (m *Manager) UseSuperPeers(net SuperPeers) { m.superPeers = net }

// staff gives every super-peer of the workspaces its courier, and ends those of
// super-peers that are removed.
func (m *Manager) staff() {
	if m.superPeers == nil {
		return
	}
	for _, w := range m.List() {
		added, changed := m.staffOne(w)
		for _, peer := range added {
			if _, err := w.learn(m.ctx, []PeerAddrs{{Peer: peer, Addrs: m.rumours.of(peer)}}); err != nil && m.ctx.Err() == nil {
				m.Logger.Warn("store addresses", "err", err)
			}
		}
		if changed {
			m.Events.SuperPeers.Publish(SuperPeersChanged{Workspace: w.id})
		}
	}
}

func (m *Manager) staffOne(w *Workspace) (added []seal.ID, changed bool) {
	wanted := map[seal.ID]bool{}
	for _, peer := range w.superPeers() {
		wanted[peer] = true
	}
	w.couriers.mu.Lock()
	defer w.couriers.mu.Unlock()
	for peer, r := range w.couriers.all {
		if !wanted[peer] {
			r.stop()
			delete(w.couriers.all, peer)
			changed = true
		}
	}
	for peer := range wanted {
		if w.couriers.all[peer] != nil || m.ctx.Err() != nil {
			continue
		}
		if w.couriers.all == nil {
			w.couriers.all = map[seal.ID]*running{}
		}
		ctx, stop := context.WithCancel(m.ctx)
		c := newCourier(w, peer, m.superPeers)
		w.couriers.all[peer] = &running{c, stop}
		m.wg.Go(func() { c.run(ctx) })
		added, changed = append(added, peer), true
	}
	return added, changed
}

// maxRumours bounds the peers of whom addresses are remembered in case they turn out
// to be super-peers.
const maxRumours = 64

// rumours are super-peers to be: those that are being added, and addresses that were
// told lately. The word that a peer is a super-peer
// now and the word where it is come on different ways, in any order.
type rumours struct {
	mu       sync.Mutex
	addrs    map[seal.ID][]string // guarded by mu
	expected map[seal.ID]int      // guarded by mu; super-peers that are being added
}

// note remembers addresses and reports whether any of them is new.
func (r *rumours) note(addrs []PeerAddrs) (news bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range addrs {
		if r.addrs == nil || len(r.addrs) >= maxRumours {
			r.addrs = map[seal.ID][]string{}
		}
		if !slices.Equal(r.addrs[a.Peer], a.Addrs) {
			r.addrs[a.Peer], news = a.Addrs, true
		}
	}
	return news
}

func (r *rumours) of(peer seal.ID) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.addrs[peer]
}

// expect lets a super-peer that is being added through the gate.
func (m *Manager) expect(peer seal.ID, on bool) {
	r := &m.rumours
	r.mu.Lock()
	if r.expected == nil {
		r.expected = map[seal.ID]int{}
	}
	if on {
		r.expected[peer]++
	} else if r.expected[peer]--; r.expected[peer] == 0 {
		delete(r.expected, peer)
	}
	r.mu.Unlock()
	m.network.Recheck()
}

// knowsSuperPeer reports whether a peer is a super-peer of one of the workspaces, or
// is being made one.
func (m *Manager) knowsSuperPeer(peer seal.ID) bool {
	m.rumours.mu.Lock()
	expected := m.rumours.expected[peer] > 0
	m.rumours.mu.Unlock()
	return expected || slices.ContainsFunc(m.List(), func(w *Workspace) bool { return slices.Contains(w.superPeers(), peer) })
}
