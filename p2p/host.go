package p2p

import (
	"fmt"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	libp2pquic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
)

// userAgent is all that identify tells about the program: no version, no system.
const userAgent = "parvis"

// DefaultListen is every interface, any free port.
func DefaultListen() []string {
	return []string{
		"/ip4/0.0.0.0/udp/0/quic-v1", "/ip4/0.0.0.0/tcp/0",
		"/ip6/::/udp/0/quic-v1", "/ip6/::/tcp/0",
	}
}

// newHost is the only call of libp2p.New. TLS alone is offered, because only
// its handshake is hybrid post-quantum here; there is no DHT, no public
// bootstrap and no metrics. The host does not listen yet.
func (n *Node) newHost() (host.Host, error) {
	caps := capsOf(n.cfg.SuperPeer)
	rm, err := caps.resourceManager()
	if err != nil {
		return nil, fmt.Errorf("resource manager: %w", err)
	}
	cm, err := connmgr.NewConnManager(caps.conns*3/4, caps.conns*15/16, connmgr.WithGracePeriod(time.Minute))
	if err != nil {
		return nil, fmt.Errorf("connection manager: %w", err)
	}
	options := []libp2p.Option{
		libp2p.Identity(n.key),
		libp2p.NoTransports,
		libp2p.Transport(libp2pquic.NewTransport),
		libp2p.Transport(tcp.NewTCPTransport),
		libp2p.Security(libp2ptls.ID, libp2ptls.New),
		libp2p.ConnectionGater(&gater{node: n, accept: caps.accept.limiter(1), circuits: circuitLimit()}),
		libp2p.ResourceManager(rm),
		libp2p.ConnectionManager(cm),
		libp2p.SwarmOpts(swarm.WithDialRanker(rankDials)),
		libp2p.DisableMetrics(),
		libp2p.UserAgent(userAgent),
	}
	if n.cfg.Isolated {
		options = append(options, n.isolation()...)
	} else {
		options = append(options,
			libp2p.EnableRelay(),
			libp2p.EnableAutoNATv2(),
			libp2p.AutoNATServiceRateLimit(30, 3, time.Minute),
		)
	}
	return libp2p.New(options...)
}

// listen opens the ports. Not every address must work (a machine may have no
// IPv6), but one must.
func (n *Node) listen(h host.Host) error {
	texts := n.cfg.Listen
	if len(texts) == 0 {
		texts = DefaultListen()
	}
	if n.cfg.Isolated {
		n.sayLeftOut(texts)
		texts = listenInside(texts, n.subnets.own())
	}
	addrs := make([]ma.Multiaddr, 0, len(texts))
	for _, t := range texts {
		m, err := ma.NewMultiaddr(t)
		if err != nil {
			return fmt.Errorf("listen on %q: %w", t, err)
		}
		addrs = append(addrs, m)
	}
	if err := h.Network().Listen(addrs...); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	return nil
}

// ownAddrs are all direct addresses. Those that AutoNAT finds unreachable are
// kept: its dial-back comes from a fresh key, which our gate refuses, so its
// verdict can be wrong.
func ownAddrs(h host.Host) []ma.Multiaddr {
	if all, ok := h.(interface{ AllAddrs() []ma.Multiaddr }); ok {
		return all.AllAddrs()
	}
	return h.Addrs()
}
