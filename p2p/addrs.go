package p2p

import (
	"cmp"
	"slices"

	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

const (
	maxAddrs    = 6   // addresses kept of one peer (protocol 2.3)
	maxAddrText = 128 // bytes of one address (protocol 2.3)
)

// CleanAddrs keeps what may be dialled of addresses that others told us (W5):
// at most 6, of at most 128 bytes each, an IP address or DNS name with a TCP
// port or QUIC v1 and nothing behind it. Everything else is dropped in silence.
// Loopback stays, because two nodes of one machine meet there.
func CleanAddrs(addrs []string) []string {
	var kept []string
	for _, a := range addrs {
		if len(kept) == maxAddrs {
			break
		}
		if m, ok := parseAddr(a); ok && !slices.Contains(kept, m.String()) {
			kept = append(kept, m.String())
		}
	}
	return kept
}

// parseAddrs is CleanAddrs for dialling.
func parseAddrs(addrs []string) []ma.Multiaddr {
	var all []ma.Multiaddr
	for _, a := range CleanAddrs(addrs) {
		if m, ok := parseAddr(a); ok {
			all = append(all, m)
		}
	}
	return all
}

// parseAddr accepts exactly /<ip4|ip6|dns|dns4|dns6>/…/tcp/… and …/udp/…/quic-v1.
func parseAddr(text string) (ma.Multiaddr, bool) {
	if len(text) > maxAddrText {
		return nil, false
	}
	m, err := ma.NewMultiaddr(text)
	if err != nil || !dialable(m) {
		return nil, false
	}
	return m, true
}

func dialable(m ma.Multiaddr) bool {
	codes := make([]int, 0, 3)
	for _, c := range m {
		codes = append(codes, c.Protocol().Code)
	}
	if len(codes) < 2 {
		return false
	}
	switch codes[0] {
	case ma.P_IP4, ma.P_IP6, ma.P_DNS, ma.P_DNS4, ma.P_DNS6:
	default:
		return false
	}
	return slices.Equal(codes[1:], []int{ma.P_TCP}) || slices.Equal(codes[1:], []int{ma.P_UDP, ma.P_QUIC_V1})
}

// sortAddrs puts first what most likely works from another machine: public,
// then LAN, then loopback; IPv4 before IPv6, QUIC before TCP. Link-local and
// unusable addresses are left out.
func sortAddrs(addrs []ma.Multiaddr) []string {
	type scored struct {
		text  string
		score int
	}
	var all []scored
	for _, m := range addrs {
		if !dialable(m) || manet.IsIP6LinkLocal(m) || manet.IsIPUnspecified(m) || len(m.String()) > maxAddrText {
			continue
		}
		score := 0
		switch {
		case manet.IsIPLoopback(m):
			score = 20
		case manet.IsPrivateAddr(m):
			score = 10
		}
		if m[0].Protocol().Code == ma.P_IP6 {
			score += 4
		}
		if m[len(m)-1].Protocol().Code == ma.P_TCP {
			score++
		}
		all = append(all, scored{m.String(), score})
	}
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(a.score, b.score) })
	out := make([]string, 0, len(all))
	for _, a := range all {
		if !slices.Contains(out, a.text) {
			out = append(out, a.text)
		}
	}
	return out
}
