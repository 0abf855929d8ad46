// Package discovery keeps this node connected to the devices it should be
// connected to: it redials known addresses and listens on the local network
// under service names that change every day (SPEC.md W50 to W56).
package discovery

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parvis/p2p"
)

// Target is a device we should be connected to and where it was last seen.
type Target struct {
	Peer  p2p.PeerID
	Addrs []string
	Vital bool // a super-peer: it is tried again at short intervals for ever
}

// Book knows the targets. Known is asked at every change and once a minute; it
// must be cheap.
type Book interface{ Known() []Target }

// Network is the part of a p2p.Node that discovery uses.
type Network interface {
	ID() p2p.PeerID
	Connect(ctx context.Context, peer p2p.PeerID, addrs []string) error
	Connected(peer p2p.PeerID) bool
	Upgrader
	Announce(service string, found func(peer p2p.PeerID, addrs []string)) (stop func(), err error)
}

// Upgrader gets peers off the relays.
type Upgrader interface {
	// Relayed reports whether a peer is connected through a relay only.
	Relayed(peer p2p.PeerID) bool
	// Upgrade tries to reach such a peer directly.
	Upgrade(ctx context.Context, peer p2p.PeerID, addrs []string) error
}

// Discovery dials. Make it with New, set the fields, then Start.
type Discovery struct {
	// Names returns the labels of now for the local network, of all workspaces:
	// lower-case letters and digits, at most 32. It is asked at Start, at
	// midnight UTC and by Wake. nil: no announcements.
	Names func() []string
	// Found is told where a member was seen on the local network. May be nil.
	Found func(Target)
	// Log may be nil.
	Log *slog.Logger

	network  Network
	redialer redialer
	names    announcer
	cancel   context.CancelFunc
	wg       sync.WaitGroup
}

// New prepares the discovery of a node. It follows the node's connections and
// addresses by itself.
func New(n *p2p.Node, book Book) *Discovery {
	d := newDiscovery(n, book)
	n.OnPeer(func(p2p.PeerID, bool) { d.redialer.signal() })
	n.OnAddrs(d.Reset)
	return d
}

func newDiscovery(n Network, book Book) *Discovery {
	d := &Discovery{network: n, Log: slog.Default()}
	d.redialer.init(n, book)
	d.names.init(d)
	return d
}

// Start works in the background until Close; ctx bounds that whole life.
func (d *Discovery) Start(ctx context.Context) {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	ctx, d.cancel = context.WithCancel(ctx)
	d.wg.Go(func() { d.redialer.run(ctx) })
	if d.Names != nil {
		d.wg.Go(func() { d.names.run(ctx) })
	}
}

// Close stops and waits.
func (d *Discovery) Close() {
	d.cancel()
	d.wg.Wait()
}

// Wake reads the book and the names again now.
func (d *Discovery) Wake() {
	d.redialer.signal()
	d.names.signal()
}

// Learn tells where a peer was seen. New addresses end its back-off.
func (d *Discovery) Learn(t Target) {
	t.Addrs = p2p.CleanAddrs(t.Addrs)
	if len(t.Addrs) > 0 {
		d.redialer.learn(t)
	}
}

// Reset ends every back-off and announces the node's addresses anew. It is
// called when the own addresses change, as when a network comes back.
func (d *Discovery) Reset() {
	d.redialer.reset()
	d.names.renew()
}

// Rerouted is Reset for the moment when a relay can be used: dials that go on
// without it start again with it.
func (d *Discovery) Rerouted() {
	d.redialer.restart()
	d.Reset()
}

// sleepUntil waits for at, a wake-up or the end; false means the end.
func sleepUntil(ctx context.Context, at time.Time, wake <-chan struct{}) bool {
	timer := time.NewTimer(time.Until(at))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-wake:
	case <-timer.C:
	}
	return true
}
