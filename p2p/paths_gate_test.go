package p2p

import (
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	ma "github.com/multiformats/go-multiaddr"
)

// from is a connection that comes from an address.
type from struct {
	network.ConnMultiaddrs
	addr ma.Multiaddr
}

func (f from) RemoteMultiaddr() ma.Multiaddr { return f.addr }

func TestW62WhatComesThroughAnotherRelayIsRefused(t *testing.T) {
	const ours, other = "12D3KooWRYhXgVUYyEDHRgPQpeNkbvKwSBDGqfC4JCU2B2zMZmUc", "12D3KooWBhV5Bk8Tq3hE3mVrrXmVhRuQW2mPJ8Ukn9GnSkBh5gkQ"
	n := New(Config{})
	n.attendants.known.Store(&map[PeerID]bool{ours: true})
	g := &gater{node: n, accept: capsOf(false).accept.limiter(1), circuits: circuitLimit()}
	for text, want := range map[string]bool{
		"/ip4/192.0.2.1/udp/443/quic-v1/p2p/" + ours + "/p2p-circuit":  true,
		"/ip4/192.0.2.1/udp/443/quic-v1/p2p/" + other + "/p2p-circuit": false,
		"/ip4/192.0.2.1/tcp/443": true,
	} {
		m := ma.StringCast(text)
		if got := g.InterceptAccept(from{addr: m}); got != want {
			t.Errorf("accept %s: %v", text, got)
		}
		if got := g.InterceptAddrDial("", m); got != want {
			t.Errorf("dial %s: %v", text, got)
		}
	}
	if g.InterceptAddrDial("", ma.StringCast("/p2p-circuit")) {
		t.Error("dialled through nobody")
	}
	through := from{addr: ma.StringCast("/ip4/192.0.2.1/tcp/443/p2p/" + ours + "/p2p-circuit")}
	let := 0
	for range 200 {
		if g.InterceptAccept(through) {
			let++
		}
	}
	if let < 50 || let > circuitBurst+acceptPerSecond {
		t.Errorf("%d handshakes through a super-peer at once", let)
	}
}

func TestW62RelaysComeAfterDirectAddresses(t *testing.T) {
	circuit := ma.StringCast("/p2p/12D3KooWRYhXgVUYyEDHRgPQpeNkbvKwSBDGqfC4JCU2B2zMZmUc/p2p-circuit")
	delays := func(addrs ...ma.Multiaddr) time.Duration {
		for _, d := range rankDials(addrs) {
			if d.Addr.Equal(circuit) {
				return d.Delay
			}
		}
		t.Fatalf("%v: no relay", addrs)
		return 0
	}
	if got := delays(circuit, ma.StringCast("/ip4/10.0.0.1/tcp/1")); got != circuitDelay {
		t.Errorf("beside a private address after %s", got)
	}
	if got := delays(circuit); got != 0 {
		t.Errorf("alone after %s", got)
	}
}
