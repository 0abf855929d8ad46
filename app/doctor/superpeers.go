package doctor

import (
	"slices"
	"strings"
	"time"

	"parvis/p2p"
)

// superPeers has one line for each super-peer.
func (f Facts) superPeers() []Check {
	if len(f.SuperPeers) == 0 {
		return []Check{say("super-peer", Warn, "super-peer-none")}
	}
	var all []Check
	_, reached := f.superPeerUp()
	for _, s := range f.SuperPeers {
		check := s.check(f.outside())
		if check.Code == "super-peer-up" && s.inside() && !reached {
			check = say("super-peer", Warn, "super-peer-inside", s.ID.Short(), s.where())
		}
		all = append(all, check)
	}
	return all
}

// outside reports whether anything beyond the local network answers.
func (f Facts) outside() bool {
	return f.direct() || slices.ContainsFunc(f.SuperPeers, func(s SuperPeer) bool {
		return s.Connected && !s.Silent && !s.inside() || slices.ContainsFunc(s.Trials, func(t Trial) bool { return t.ok() && !t.inside() })
	})
}

// inside reports whether a super-peer has private addresses alone, so that only
// computers in its network reach it. A name may stand for any address.
func (s SuperPeer) inside() bool {
	return len(s.Trials) > 0 && !slices.ContainsFunc(s.Trials, func(t Trial) bool { return !t.inside() })
}

// here reports whether a super-peer listens on its own computer alone.
func (s SuperPeer) here() bool {
	return len(s.Trials) > 0 && !slices.ContainsFunc(s.Trials, func(t Trial) bool { return !loopback(t.Addr) })
}

// superPeerUp is a super-peer that is connected and answers, one that can be reached from
// outside of this network where there is.
func (f Facts) superPeerUp() (up *SuperPeer, outside bool) {
	for i, s := range f.SuperPeers {
		if !s.Connected || s.Silent {
			continue
		}
		if !s.inside() {
			return &f.SuperPeers[i], true
		}
		if up == nil {
			up = &f.SuperPeers[i]
		}
	}
	return up, false
}

func (s SuperPeer) check(outside bool) Check {
	id := s.ID.Short()
	where := s.where()
	switch {
	case s.Connected && !s.Silent && s.Full:
		return say("super-peer", Warn, "super-peer-full", id)
	case s.here() && s.Connected && !s.Silent:
		return say("super-peer", Warn, "super-peer-here", id, where)
	case s.Connected && !s.Silent:
		return say("super-peer", OK, "super-peer-up", id)
	case s.Connected:
		return say("super-peer", Fail, "super-peer-silent", id)
	case slices.ContainsFunc(s.Trials, func(t Trial) bool { return t.Cause == p2p.CauseIsolated }):
		return say("super-peer", OK, "super-peer-isolated", id)
	case len(s.Trials) == 0:
		return say("super-peer", Fail, "super-peer-nowhere", id)
	}
	if s.here() {
		return say("super-peer", Fail, "super-peer-here", id, where)
	}
	causes := map[p2p.Cause]bool{}
	for _, t := range s.Trials {
		causes[t.Cause] = true
	}
	switch {
	case causes[p2p.CauseNone]:
		return say("super-peer", Warn, "super-peer-coming", id)
	case causes[p2p.CauseOther]:
		return say("super-peer", Fail, "super-peer-other", id, where)
	case causes[p2p.CauseRefused]:
		return say("super-peer", Fail, "super-peer-stopped", id, where)
	case causes[p2p.CauseGate]:
		return say("super-peer", Fail, "super-peer-gate", id)
	case causes[p2p.CauseSilent] && outside:
		return say("super-peer", Fail, "super-peer-off", id, where)
	case causes[p2p.CauseSilent]:
		return say("super-peer", Fail, "super-peer-blocked", id, where)
	case causes[p2p.CauseName]:
		return say("super-peer", Fail, "super-peer-name", id, where)
	case causes[p2p.CauseUnreachable]:
		return say("super-peer", Fail, "super-peer-no-way", id, where)
	}
	return say("super-peer", Fail, "super-peer-unknown", id, where)
}

// Unreached is what is known of a super-peer that is not connected from the last attempt
// alone, without trying anew. Its Code is empty while nothing is known.
func Unreached(id p2p.PeerID, addrs []string, cause p2p.Cause) Check {
	if len(addrs) > 0 && cause == p2p.CauseNone {
		return Check{}
	}
	s := SuperPeer{SuperPeer: p2p.SuperPeer{ID: id}}
	for _, addr := range addrs {
		s.Trials = append(s.Trials, Trial{addr, cause})
	}
	return s.check(false)
}

// where lists the addresses for whoever looks after the firewall.
func (s SuperPeer) where() string {
	var all []string
	for _, t := range s.Trials {
		all = append(all, t.Addr)
	}
	return strings.Join(all, ", ")
}

// relay says whether members can reach this device through a super-peer.
func (f Facts) relay() Check {
	reason, inside, here := "", p2p.PeerID(""), p2p.PeerID("")
	for _, s := range f.SuperPeers {
		switch s.Relay {
		case p2p.RelayReserved:
			switch {
			case !s.inside():
				return say("relay", OK, "relay-reserved", s.ID.Short())
			case s.here():
				here = s.ID
			default:
				inside = s.ID
			}
		case p2p.RelayRefused, p2p.RelayFailed:
			reason = s.Reason
		}
	}
	if inside != "" {
		return say("relay", OK, "relay-inside", inside.Short())
	}
	if here != "" {
		return say("relay", Warn, "relay-here", here.Short())
	}
	if reason != "" {
		return say("relay", Fail, "relay-"+reason)
	}
	return say("relay", Warn, "relay-none")
}

// How far the own clock may be off. Times are only labels here, but links expire
// by the clock, and messages look strange.
const (
	clockFair = 30 * time.Second
	clockBad  = 10 * time.Minute
)

// clock compares the own clock with those of the super-peers.
func (f Facts) clock() Check {
	for _, s := range f.SuperPeers {
		if s.Reason == p2p.ReasonClock {
			return say("clock", Fail, "clock-hours")
		}
		if !s.ClockKnown {
			continue
		}
		off := s.Ahead.Abs().Round(time.Second).String()
		code := "clock-behind"
		if s.Ahead < 0 {
			code = "clock-ahead"
		}
		switch {
		case s.Ahead.Abs() <= clockFair:
			return say("clock", OK, "clock-right", off)
		case s.Ahead.Abs() <= clockBad:
			return say("clock", Warn, code, off)
		}
		return say("clock", Fail, code, off)
	}
	return say("clock", Warn, "clock-untold")
}

// diskLow is how little free space is worth a warning.
const diskLow = 1 << 30

// machine is about this computer alone.
func (f Facts) machine() []Check {
	disk := say("disk", OK, "disk-free", size(f.Disk.Free))
	switch {
	case f.Disk.Full:
		disk = say("disk", Fail, "disk-full")
	case f.Disk.Free < 0:
		disk = say("disk", Warn, "disk-unknown")
	case f.Disk.Free < diskLow:
		disk = say("disk", Warn, "disk-low", size(f.Disk.Free))
	}
	keys := say("keys", OK, "keys-"+f.Protection)
	switch f.Protection {
	case "none", "recovery", "new":
		keys.Result = Warn
	case "keyring", "passphrase":
	default:
		keys = say("keys", Warn, "keys-locked")
	}
	encryption := say("encryption", OK, "encryption-on")
	switch f.Disk.Encryption {
	case "on":
	case "off":
		encryption = say("encryption", Warn, "encryption-off")
	default:
		encryption = say("encryption", OK, "encryption-unknown")
	}
	return append([]Check{disk, keys, encryption}, f.Recovery.checks()...)
}
