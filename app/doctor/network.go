package doctor

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"parvis/p2p"
)

// addresses says where this device can be reached.
func (f Facts) addresses() Check {
	if len(f.Listening) == 0 {
		return say("addresses", Fail, "addresses-none")
	}
	outside := slices.DeleteFunc(slices.Clone(f.Listening), func(a string) bool { ip, ok := ipOf(a); return !ok || !public(ip) })
	if len(outside) > 0 && !f.Isolated {
		return say("addresses", OK, "addresses-public", strings.Join(outside, ", "))
	}
	where := strings.Join(f.Listening, ", ")
	switch {
	case !slices.ContainsFunc(f.Listening, func(a string) bool { return !loopback(a) }):
		return say("addresses", Warn, "addresses-here", where)
	case f.Isolated:
		return say("addresses", OK, "addresses-isolated", where)
	case len(f.SuperPeers) == 0:
		return say("addresses", OK, "addresses-alone", where)
	}
	return say("addresses", OK, "addresses-local", where)
}

// nat says what stands between this device and the Internet. One that gives
// each destination another port cannot be passed by punching holes.
func (f Facts) nat() Check {
	ports := map[string]map[string]bool{} // transport and address → ports
	seen := false
	for _, s := range f.fromOutside() {
		ip, _ := ipOf(s.Addr)
		if slices.Contains(f.OwnAddrs, ip) {
			return say("nat", OK, "nat-none", ip.String())
		}
		seen = true
		key := s.Transport + ip.String()
		if ports[key] == nil {
			ports[key] = map[string]bool{}
		}
		ports[key][portOf(s.Addr)] = true
	}
	for key, all := range ports {
		if len(all) > 1 && strings.HasPrefix(key, "udp") {
			return say("nat", Warn, "nat-hard")
		}
	}
	switch {
	case f.Punched > 0:
		return say("nat", OK, "nat-punched")
	case f.Unpunched > 0 && !f.direct():
		return say("nat", Warn, "nat-unpunched")
	case seen && f.witnesses() > 1:
		return say("nat", OK, "nat-easy")
	}
	return f.unseen(seen)
}

// unseen is what can be said of a NAT that too few see from outside. What is attached
// already is not advised.
func (f Facts) unseen(seen bool) Check {
	up, outside := f.superPeerUp()
	switch {
	case seen && outside:
		return say("nat", OK, "nat-some-super-peer", up.ID.Short())
	case seen:
		return say("nat", OK, "nat-some")
	case outside:
		return say("nat", OK, "nat-super-peer", up.ID.Short())
	case up != nil:
		return say("nat", Warn, "nat-inside", up.ID.Short())
	case len(f.SuperPeers) > 0:
		return say("nat", Warn, "nat-no-super-peer")
	}
	return say("nat", Warn, "nat-unknown")
}

// direct reports whether a member outside of the local network is connected
// without a relay.
func (f Facts) direct() bool {
	return slices.ContainsFunc(f.Peers, func(p p2p.Peer) bool { return p.Path == p2p.PathDirect || p.Path == p2p.PathPunched })
}

// fromOutside are the sightings at an address of the Internet: others are from within the
// own network, such as one that is tunnelled or behind a provider's NAT.
func (f Facts) fromOutside() []p2p.Sighting {
	return slices.DeleteFunc(slices.Clone(f.Sightings), func(s p2p.Sighting) bool {
		ip, ok := ipOf(s.Addr)
		return s.Private || !ok || !public(ip)
	})
}

// witnesses counts who sees our UDP packets from outside.
func (f Facts) witnesses() int {
	by := map[p2p.PeerID]bool{}
	for _, s := range f.fromOutside() {
		if s.Transport == "udp" {
			by[s.By] = true
		}
	}
	return len(by)
}

// udp says whether UDP leaves this network.
func (f Facts) udp() Check {
	if f.witnesses() > 0 {
		return say("udp", OK, "udp-open")
	}
	tried, inside, tcpWorks := 0, false, f.anyTCP()
	for _, s := range f.SuperPeers {
		for _, t := range s.Trials {
			switch {
			case !t.udp():
				continue
			case t.ok() && !t.inside():
				return say("udp", OK, "udp-open")
			case t.ok():
				inside = true
			}
			tried++
		}
	}
	switch {
	case inside:
		return say("udp", OK, "udp-inside")
	case tried == 0 && len(f.SuperPeers) > 0:
		return say("udp", Warn, "udp-no-address")
	case tried == 0:
		return say("udp", Warn, "udp-untried")
	case tcpWorks:
		return say("udp", Warn, "udp-blocked")
	}
	return say("udp", Fail, "udp-nothing")
}

func (f Facts) anyTCP() bool {
	for _, s := range f.SuperPeers {
		if slices.ContainsFunc(s.Trials, func(t Trial) bool { return !t.udp() && t.ok() }) {
			return true
		}
	}
	return slices.ContainsFunc(f.fromOutside(), func(s p2p.Sighting) bool { return s.Transport == "tcp" })
}

// tcp says whether TCP leaves this network, above all on port 443, which is the
// last one that strict networks close.
func (f Facts) tcp() Check {
	var other []string // ports that work
	tried := false
	for _, s := range f.SuperPeers {
		for _, t := range s.Trials {
			if t.udp() {
				continue
			}
			tried = true
			if t.tcp443() && t.ok() {
				return say("tcp-443", OK, "tcp-443")
			}
			if t.ok() && !slices.Contains(other, portOf(t.Addr)) {
				other = append(other, portOf(t.Addr))
			}
		}
	}
	has443 := slices.ContainsFunc(f.SuperPeers, func(s SuperPeer) bool { return slices.ContainsFunc(s.Trials, Trial.tcp443) })
	switch {
	case len(other) > 0 && has443:
		return say("tcp-443", Warn, "tcp-443-closed", strings.Join(other, ", "))
	case len(other) > 0:
		return say("tcp-443", OK, "tcp-other", strings.Join(other, ", "))
	case tried && f.witnesses() > 0:
		return say("tcp-443", Warn, "tcp-closed")
	case tried:
		return say("tcp-443", Fail, "tcp-nothing")
	}
	if len(f.SuperPeers) > 0 {
		return say("tcp-443", Warn, "tcp-no-address")
	}
	return say("tcp-443", Warn, "tcp-untried")
}

// members says who is connected, and why others are not.
func (f Facts) members() Check {
	connected, total := strconv.Itoa(len(f.Peers)), strconv.Itoa(len(f.Peers)+len(f.Missing))
	if len(f.Missing) == 0 {
		if len(f.Peers) == 0 {
			return say("members", OK, "members-alone")
		}
		return say("members", OK, "members-all", total)
	}
	worst := f.worst()
	result := OK
	if worst != "members-off" && worst != "members-inside" && len(f.Peers) == 0 {
		result = Warn
	}
	return say("members", result, worst, connected, total, strings.Join(f.names(), ", "))
}

// worst is the case of the missing members that asks for most.
func (f Facts) worst() string {
	met, inside := false, false
	for _, s := range f.SuperPeers {
		if s.Relay == p2p.RelayReserved && !s.Silent {
			met, inside = met || !s.inside(), inside || s.inside()
		}
	}
	cases := map[string]bool{}
	for _, m := range f.Missing {
		switch {
		case f.Isolated:
			cases["members-isolated"] = true
		case m.Cause == p2p.CauseGate:
			cases["members-gate"] = true
		case m.Cause == p2p.CauseOther:
			cases["members-other"] = true
		case met:
			cases["members-off"] = true
		case inside:
			cases["members-inside"] = true
		case m.Cause == p2p.CauseAbsent:
			cases["members-off"] = true
		case len(f.SuperPeers) > 0:
			cases["members-no-meeting"] = true
		default:
			cases["members-no-super-peer"] = true
		}
	}
	for _, c := range []string{"members-gate", "members-other", "members-isolated", "members-no-super-peer", "members-no-meeting", "members-inside"} {
		if cases[c] {
			return c
		}
	}
	return "members-off"
}

// maxNames bounds the people that a line names.
const maxNames = 5

func (f Facts) names() []string {
	var all []string
	for _, m := range f.Missing {
		if !slices.Contains(all, m.Name) {
			all = append(all, m.Name)
		}
	}
	if len(all) > maxNames {
		all = append(all[:maxNames], "…")
	}
	return all
}

// ipOf is the IP address in a multiaddress.
func ipOf(addr string) (netip.Addr, bool) {
	parts := strings.Split(addr, "/")
	if len(parts) < 3 {
		return netip.Addr{}, false
	}
	ip, err := netip.ParseAddr(parts[2])
	return ip.Unmap(), err == nil
}

// loopback reports whether an address is reached from its own computer alone.
func loopback(addr string) bool {
	ip, ok := ipOf(addr)
	return ok && ip.IsLoopback()
}

// portOf is the port in a multiaddress.
func portOf(addr string) string {
	parts := strings.Split(addr, "/")
	if len(parts) < 5 {
		return ""
	}
	return parts[4]
}

// public reports whether an address is one of the Internet.
func public(ip netip.Addr) bool {
	return ip.IsGlobalUnicast() && !ip.IsPrivate() &&
		!slices.ContainsFunc(notPublic(), func(p netip.Prefix) bool { return p.Contains(ip) })
}

// notPublic are networks that nobody on the Internet reaches, beside the private ones:
// of providers behind their NAT, for documents and for measurements (RFC 6890).
func notPublic() []netip.Prefix {
	var all []netip.Prefix
	for _, p := range []string{"100.64.0.0/10", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"} {
		all = append(all, netip.MustParsePrefix(p))
	}
	return all
}
