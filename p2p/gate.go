package p2p

import (
	"net/netip"

	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/x/rate"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// gater is the Gate as libp2p asks it: who is dialled, which address may start
// a handshake, who stays after it (W2, W3, W4, W6).
type gater struct {
	node     *Node
	accept   *rate.Limiter
	circuits *rate.Limiter // for those that come through a super-peer
}

var _ connmgr.ConnectionGater = (*gater)(nil)

// InterceptPeerDial allows members and the peer we are joining through.
func (g *gater) InterceptPeerDial(p peer.ID) bool {
	return g.node.allowed(textOf(p))
}

// InterceptAddrDial allows the addresses that CleanAddrs would keep, resolved
// or not, and those through our super-peers (W62).
func (g *gater) InterceptAddrDial(_ peer.ID, a ma.Multiaddr) bool {
	if isCircuit(a) {
		return g.node.relayOf(a) != ""
	}
	return dialable(a) && g.node.reachable(a)
}

// InterceptAccept limits handshakes per second, in all and per address. A relayed
// connection comes through one of our super-peers or not at all (W62).
func (g *gater) InterceptAccept(c network.ConnMultiaddrs) bool {
	a := c.RemoteMultiaddr()
	if isCircuit(a) {
		return g.node.relayOf(a) != "" && g.circuits.Allow(netip.Addr{})
	}
	return g.node.reachable(a) && g.accept.Allow(addrOf(a))
}

// InterceptSecured knows who it is: strangers may stay only in the lobby.
func (g *gater) InterceptSecured(dir network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	id := textOf(p)
	if g.node.allowed(id) {
		return true
	}
	return dir == network.DirInbound && (g.node.lobbyOpen(id) || g.node.former(id))
}

// InterceptUpgraded counts strangers: the connection exists now.
func (g *gater) InterceptUpgraded(c network.Conn) (bool, control.DisconnectReason) {
	p := c.RemotePeer()
	id := textOf(p)
	if g.node.allowed(id) {
		return true, 0
	}
	if c.Stat().Direction != network.DirInbound {
		return false, 0
	}
	ok := g.node.lobbyOpen(id) && g.node.lobby.enter(c) || g.node.former(id) && g.node.parting.enter(c)
	return ok, 0
}

// lobbyOpen reports whether this stranger may come in now.
func (n *Node) lobbyOpen(id PeerID) bool {
	if n.cfg.Gate == nil || n.penalties.blocked(id) {
		return false
	}
	if keeper, ok := n.cfg.Gate.(Doorkeeper); ok {
		return keeper.LobbyFor(id)
	}
	return n.cfg.Gate.Lobby()
}

// former reports whether the peer was a member and may come to hear that it is none
// any more (W80).
func (n *Node) former(id PeerID) bool {
	registrar, ok := n.cfg.Gate.(Registrar)
	return ok && !n.penalties.blocked(id) && registrar.Former(id)
}

// roomOf is where a peer that is no member may use a protocol, nil: nowhere.
func (n *Node) roomOf(h handling, p peer.ID) *lobby {
	id := textOf(p)
	former := h.parting && n.former(id)
	switch {
	case former && n.parting.holds(p):
		return &n.parting
	case (former || h.lobby) && n.lobbyOpen(id):
		return &n.lobby
	}
	return nil
}

// addrOf is the IP address in a multiaddr, the zero Addr if there is none.
func addrOf(m ma.Multiaddr) netip.Addr {
	ip, err := manet.ToIP(m)
	if err != nil {
		return netip.Addr{}
	}
	addr, _ := netip.AddrFromSlice(ip)
	return addr.Unmap()
}
