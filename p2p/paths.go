package p2p

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// How a peer is reached.
const (
	PathLAN       = "lan"        // a private, link-local or loopback address, or one of an own network
	PathDirect    = "direct"     // another public address
	PathPunched   = "punched"    // directly, after both sides made a hole in their NATs
	PathRelayed   = "relayed"    // through a super-peer
	PathSuperPeer = "super-peer" // it is a super-peer itself
)

// pathRank orders the paths, the best first.
var pathRank = map[string]int{PathLAN: 0, PathDirect: 1, PathPunched: 2, PathRelayed: 3}

const (
	circuitDelay = 500 * time.Millisecond // that direct addresses have before a relay is tried
	// retireAfter is how long a relayed connection lives on beside a direct one:
	// the other side learns of the direct one a little later.
	retireAfter = 2 * time.Second
)

// routes is what a node knows of how others are reached.
type routes struct {
	punches punches
	subnets subnets
	rtt     roundTrips
	misses  misses
}

// punches are the connections that came about by hole punching. It is the
// metrics tracer of libp2p's hole punching service.
type punches struct {
	node *Node

	mu           sync.Mutex
	conns        map[network.Conn]bool // guarded by mu
	done, failed int                   // guarded by mu
}

// HolePunchFinished implements holepunch.MetricsTracer.
func (p *punches) HolePunchFinished(_ string, _ int, _, _ []ma.Multiaddr, direct network.ConnMultiaddrs) {
	c, ok := direct.(network.Conn)
	p.mu.Lock()
	if !ok || c.IsClosed() {
		p.failed++
		p.mu.Unlock()
		return
	}
	p.done++
	if p.conns == nil {
		p.conns = make(map[network.Conn]bool)
	}
	p.conns[c] = true
	p.mu.Unlock()
	if c.IsClosed() { // between the look and the note
		p.forget(c)
	}
	p.node.presence.recheckPeer(c.RemotePeer())
}

// DirectDialFinished implements holepunch.MetricsTracer.
func (p *punches) DirectDialFinished(bool) {}

func (p *punches) has(c network.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.conns[c]
}

func (p *punches) forget(c network.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

// Local tells whether an address is in a network of this machine, by the rule of
// [PathLAN] (W11).
func (n *Node) Local(ip netip.Addr) bool {
	m, err := manet.FromIP(ip.Unmap().WithZone("").AsSlice())
	return err == nil && (manet.IsIPLoopback(m) || manet.IsPrivateAddr(m) || manet.IsIP6LinkLocal(m) || n.subnets.beside(ip))
}

// pathOf names the path of one connection.
func (n *Node) pathOf(c network.Conn) string {
	m := c.RemoteMultiaddr()
	switch {
	case isCircuit(m):
		return PathRelayed
	case n.Local(addrOf(m)):
		return PathLAN
	case n.punches.has(c):
		return PathPunched
	}
	return PathDirect
}

// describe picks the best of several connections to one peer.
func (n *Node) describe(conns []network.Conn) (Peer, bool) {
	var best Peer
	for _, c := range conns {
		if c.IsClosed() {
			continue
		}
		p := Peer{ID: textOf(c.RemotePeer()), Addr: c.RemoteMultiaddr().String(), Path: n.pathOf(c), Since: c.Stat().Opened}
		if best.Path == "" || pathRank[p.Path] < pathRank[best.Path] {
			p.Since = earliest(p.Since, best.Since)
			best = p
			continue
		}
		best.Since = earliest(p.Since, best.Since)
	}
	if best.Path != "" && n.attendants.has(best.ID) {
		best.Path = PathSuperPeer
	}
	return best, best.Path != ""
}

func earliest(a, b time.Time) time.Time {
	if b.IsZero() || a.Before(b) {
		return a
	}
	return b
}

func isCircuit(m ma.Multiaddr) bool {
	_, err := m.ValueForProtocol(ma.P_CIRCUIT)
	return err == nil
}

// relayOf is the super-peer in a relayed address, "" if there is none of ours.
func (n *Node) relayOf(m ma.Multiaddr) PeerID {
	relay, _ := ma.SplitFunc(m, func(c ma.Component) bool { return c.Protocol().Code == ma.P_CIRCUIT })
	text, err := relay.ValueForProtocol(ma.P_P2P)
	if err != nil || !n.attendants.has(PeerID(text)) {
		return ""
	}
	return PeerID(text)
}

// circuits are addresses of a peer through the super-peers that it shares with
// us and that are connected (W62).
func (n *Node) circuits(to PeerID) []ma.Multiaddr {
	if n.cfg.Via == nil || n.cfg.Isolated || n.attendants.has(to) {
		return nil
	}
	var all []ma.Multiaddr
	for _, relay := range n.cfg.Via(to) {
		if !n.attendants.has(relay) || !n.presence.has(relay) || relay == to {
			continue
		}
		if m, err := ma.NewMultiaddr("/p2p/" + string(relay) + "/p2p-circuit"); err == nil {
			all = append(all, m)
		}
	}
	return all
}

// rankDials is libp2p's order, except that relays always come later than direct
// addresses, private ones included.
func rankDials(addrs []ma.Multiaddr) []network.AddrDelay {
	direct := slices.DeleteFunc(slices.Clone(addrs), isCircuit)
	ranked := swarm.DefaultDialRanker(direct)
	delay := circuitDelay
	if len(direct) == 0 {
		delay = 0
	}
	for _, m := range addrs {
		if isCircuit(m) {
			ranked = append(ranked, network.AddrDelay{Addr: m, Delay: delay})
		}
	}
	return ranked
}

// clearBackOff makes libp2p forget earlier failures: discovery has a back-off of
// its own, and knows when it ends.
func (n *Node) clearBackOff(run *hosted, pid peer.ID) {
	if s, ok := run.Network().(interface{ Backoff() *swarm.DialBackoff }); ok {
		s.Backoff().Clear(pid)
	}
}

// Relayed reports whether the peer is connected, but only through a relay.
func (n *Node) Relayed(p PeerID) bool {
	run := n.host.Load()
	pid, err := p.decode()
	if run == nil || err != nil || !n.presence.has(p) {
		return false
	}
	best, ok := n.describe(run.Network().ConnsToPeer(pid))
	return ok && best.Path == PathRelayed
}

// retire closes, a little later, relayed connections of a peer that are not
// needed: all when it also has a direct one, so that its streams move over (W63),
// else those that the device with the higher id dialled when both did at once.
// Holes are punched against the direction of the one relayed connection.
func (n *Node) retire(run *hosted, pid peer.ID) {
	if !n.begin(run) {
		return
	}
	go func() {
		defer n.wg.Done()
		select {
		case <-run.ctx.Done():
			return
		case <-time.After(retireAfter):
		}
		direct, relayed := n.presence.split(pid)
		if direct == 0 {
			kept := network.DirInbound
			if n.id < pid {
				kept = network.DirOutbound
			}
			stays := func(c network.Conn) bool { return c.Stat().Direction == kept }
			if !slices.ContainsFunc(relayed, stays) {
				return
			}
			relayed = slices.DeleteFunc(relayed, stays)
		}
		for _, c := range relayed {
			_ = c.Close()
		}
	}()
}

// OnPath registers a listener that hears how a connected member is reached, at
// first and whenever it changes. Calls come one at a time and in order with
// those of OnPeer; a listener must not block.
func (n *Node) OnPath(f func(p PeerID, path string)) {
	n.presence.mu.Lock()
	defer n.presence.mu.Unlock()
	n.presence.pathListeners = append(n.presence.pathListeners, f)
}
