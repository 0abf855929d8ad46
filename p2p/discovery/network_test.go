package discovery

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"parvis/p2p"
)

// network is a fake: peers answer or not, as the test says.
type network struct {
	mu        sync.Mutex
	up        map[p2p.PeerID]bool // reachable
	connected map[p2p.PeerID]bool
	relayed   map[p2p.PeerID]bool
	upgrades  []dialled
	direct    bool // an upgrade works
	dials     []dialled
	running   []string // announced services
	found     func(p2p.PeerID, []string)
	atOnce    int
	most      int
	slow      time.Duration
}

type dialled struct {
	at    time.Time
	peer  p2p.PeerID
	addrs []string
}

func (n *network) ID() p2p.PeerID { return "M" }

func (n *network) Connect(ctx context.Context, p p2p.PeerID, addrs []string) error {
	n.mu.Lock()
	n.dials = append(n.dials, dialled{time.Now(), p, addrs})
	n.atOnce++
	n.most = max(n.most, n.atOnce)
	n.mu.Unlock()
	n.mu.Lock()
	slow := n.slow
	n.mu.Unlock()
	if slow > 0 { // timers of one bubble that are due at once, in several goroutines, crash the race detector of Go 1.26
		select {
		case <-time.After(slow):
		case <-ctx.Done():
		}
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.atOnce--
	if !n.up[p] || ctx.Err() != nil {
		return errors.New("unreachable")
	}
	n.connected[p] = true
	return nil
}

func (n *network) Relayed(p p2p.PeerID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.relayed[p]
}

func (n *network) Upgrade(_ context.Context, p p2p.PeerID, addrs []string) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.upgrades = append(n.upgrades, dialled{time.Now(), p, addrs})
	if !n.direct {
		return errors.New("unreachable")
	}
	delete(n.relayed, p)
	return nil
}

func (n *network) Connected(p p2p.PeerID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.connected[p]
}

func (n *network) Announce(service string, found func(p2p.PeerID, []string)) (func(), error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.running = append(n.running, service)
	n.found = found
	return func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.running = slices.Delete(n.running, slices.Index(n.running, service), slices.Index(n.running, service)+1)
	}, nil
}

func (n *network) set(p p2p.PeerID, up bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.up[p] = up
	if !up {
		delete(n.connected, p)
	}
}

// take returns the dials since the last take.
func (n *network) take() []dialled {
	n.mu.Lock()
	defer n.mu.Unlock()
	d := n.dials
	n.dials = nil
	return d
}

type book struct {
	mu      sync.Mutex
	targets []Target
}

func (b *book) Known() []Target {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.targets)
}

func (b *book) set(targets ...Target) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets = targets
}
