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
	node   *Node
	accept *rate.Limiter
}

var _ connmgr.ConnectionGater = (*gater)(nil)

// InterceptPeerDial allows members and the peer we are joining through.
func (g *gater) InterceptPeerDial(p peer.ID) bool {
	return g.node.allowed(textOf(p))
}

// InterceptAddrDial allows the addresses that CleanAddrs would keep, resolved
// or not, and relayed ones.
func (g *gater) InterceptAddrDial(_ peer.ID, a ma.Multiaddr) bool {
	if _, err := a.ValueForProtocol(ma.P_CIRCUIT); err == nil {
		return true
	}
	return dialable(a)
}

// InterceptAccept limits handshakes per second, in all and per address.
func (g *gater) InterceptAccept(c network.ConnMultiaddrs) bool {
	return g.accept.Allow(addrOf(c.RemoteMultiaddr()))
}

// InterceptSecured knows who it is: strangers may stay only in the lobby.
func (g *gater) InterceptSecured(dir network.Direction, p peer.ID, _ network.ConnMultiaddrs) bool {
	id := textOf(p)
	if g.node.allowed(id) {
		return true
	}
	return dir == network.DirInbound && g.node.lobbyOpen(id)
}

// InterceptUpgraded counts strangers: the connection exists now.
func (g *gater) InterceptUpgraded(c network.Conn) (bool, control.DisconnectReason) {
	p := c.RemotePeer()
	id := textOf(p)
	if g.node.allowed(id) {
		return true, 0
	}
	ok := c.Stat().Direction == network.DirInbound && g.node.lobbyOpen(id) && g.node.lobby.enter(c)
	return ok, 0
}

// lobbyOpen reports whether this stranger may come in now.
func (n *Node) lobbyOpen(id PeerID) bool {
	return n.cfg.Gate != nil && n.cfg.Gate.Lobby() && !n.penalties.blocked(id)
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
