package p2p

import (
	"net/netip"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
	"github.com/libp2p/go-libp2p/x/rate"
)

// caps are the limits of a whole node (W7).
type caps struct {
	conns     int
	streams   int
	memory    int64 // bytes of transport buffers
	perSubnet int   // connections of one IPv4 address or IPv6 /56
	accept    handshakes
}

// handshakes are inbound connections in a second, and at once (W3).
type handshakes struct{ perSecond, burst, perSubnet, subnetBurst int }

func capsOf(superPeer bool) caps {
	if superPeer {
		// After an outage a whole office comes back, from one address.
		return caps{conns: 768, streams: 8192, memory: 1 << 30, perSubnet: 200,
			accept: handshakes{perSecond: 50, burst: 400, perSubnet: 20, subnetBurst: 200}}
	}
	return caps{conns: 64, streams: 1024, memory: 256 << 20, perSubnet: 64,
		accept: handshakes{perSecond: acceptPerSecond, burst: acceptBurst, perSubnet: acceptPerSubnet, subnetBurst: acceptSubnetBurst}}
}

const (
	peerConns   = 8
	peerStreams = 128
	peerMemory  = 32 << 20
)

// resourceManager refuses what exceeds the caps before it costs memory.
func (c caps) resourceManager() (network.ResourceManager, error) {
	base := rcmgr.DefaultLimits
	libp2p.SetDefaultServiceLimits(&base)
	perPeer := func(streams int, memory int64) rcmgr.ResourceLimits {
		return rcmgr.ResourceLimits{
			Streams:         rcmgr.LimitVal(streams),
			StreamsInbound:  rcmgr.LimitVal(streams),
			StreamsOutbound: rcmgr.LimitVal(streams),
			Memory:          rcmgr.LimitVal64(memory),
		}
	}
	limits := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			Conns: rcmgr.LimitVal(c.conns), ConnsInbound: rcmgr.LimitVal(c.conns), ConnsOutbound: rcmgr.LimitVal(c.conns),
			Streams: rcmgr.LimitVal(c.streams), StreamsInbound: rcmgr.LimitVal(c.streams), StreamsOutbound: rcmgr.LimitVal(c.streams),
			FD: rcmgr.LimitVal(2 * c.conns), Memory: rcmgr.LimitVal64(c.memory),
		},
		PeerDefault: rcmgr.ResourceLimits{
			Conns: peerConns, ConnsInbound: peerConns, ConnsOutbound: peerConns,
			Streams: peerStreams, StreamsInbound: peerStreams, StreamsOutbound: peerStreams,
			FD: peerConns, Memory: peerMemory,
		},
		Protocol: map[protocol.ID]rcmgr.ResourceLimits{
			"/parvis/join/1": perPeer(8, 8<<20),
			"/parvis/door/1": perPeer(32, 8<<20),
		},
		ProtocolPeer: map[protocol.ID]rcmgr.ResourceLimits{
			"/parvis/join/1":  perPeer(4, 1<<20),
			"/parvis/sync/1":  perPeer(32, peerMemory),
			"/parvis/key/1":   perPeer(4, 1<<20),
			"/parvis/call/1":  perPeer(16, 2<<20),
			"/parvis/out/1":   perPeer(4, 4<<20),
			"/parvis/media/1": perPeer(4, 2<<20),
			"/parvis/blk/1":   perPeer(64, peerMemory),
			"/parvis/box/1":   perPeer(64, peerMemory),
			"/parvis/acl/1":   perPeer(4, 1<<20),
			"/parvis/door/1":  perPeer(4, 1<<20),

			"/parvis/forward/1": perPeer(4, 1<<20),
			"/parvis/guest/1":   perPeer(8, 2<<20),
		},
	}
	concrete := limits.Build(base.Scale(c.memory, 4*c.conns))
	v4 := []rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: c.perSubnet}}
	v6 := []rcmgr.ConnLimitPerSubnet{{PrefixLength: 56, ConnCount: c.perSubnet}}
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(concrete),
		rcmgr.WithMetricsDisabled(),
		rcmgr.WithLimitPerSubnet(v4, v6),
		rcmgr.WithConnRateLimiters(c.accept.limiter(connFactor)))
}

const (
	acceptPerSecond   = 20 // handshakes of all addresses together
	acceptBurst       = 40
	acceptPerSubnet   = 3 // of one IPv4 address or IPv6 /56
	acceptSubnetBurst = 12
	circuitBurst      = 64 // through super-peers; acceptPerSecond after that
	// connFactor is how much more the resource manager allows than the gate:
	// it counts our own dials too.
	connFactor = 3
)

// loopbackPrefixes are exempt, because several nodes may run on one machine.
func loopbackPrefixes() []rate.PrefixLimit {
	return []rate.PrefixLimit{
		{Prefix: netip.MustParsePrefix("127.0.0.0/8")},
		{Prefix: netip.MustParsePrefix("::1/128")},
	}
}

// circuitLimit limits how fast peers come through super-peers. There is no
// address to count by: after an outage of a super-peer the whole team comes.
func circuitLimit() *rate.Limiter {
	return &rate.Limiter{GlobalLimit: rate.Limit{RPS: acceptPerSecond, Burst: circuitBurst}}
}

// limiter limits connections per second (W3), factor times the numbers. The
// resource manager asks its own before a QUIC handshake starts, the gate asks
// the stricter one for everything that comes in.
func (h handshakes) limiter(factor int) *rate.Limiter {
	subnet := rate.Limit{RPS: float64(h.perSubnet * factor), Burst: h.subnetBurst * factor}
	return &rate.Limiter{
		NetworkPrefixLimits: loopbackPrefixes(),
		GlobalLimit:         rate.Limit{RPS: float64(h.perSecond * factor), Burst: h.burst * factor},
		SubnetRateLimiter: rate.SubnetLimiter{
			IPv4SubnetLimits: []rate.SubnetLimit{{PrefixLength: 32, Limit: subnet}},
			IPv6SubnetLimits: []rate.SubnetLimit{{PrefixLength: 56, Limit: subnet}},
			GracePeriod:      time.Minute,
		},
	}
}
