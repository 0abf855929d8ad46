package calls

import (
	"net/netip"

	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

// Tunnels reach participants whose addresses do not reach each other.
type Tunnels interface {
	// Open makes a UDP address on this machine behind which a device's host is, in
	// one call, until closing. It does not wait for the device.
	Open(peer seal.ID, id call.ID) (at netip.AddrPort, closing func(), err error)
}

// tunnel opens the way of last resort to a participant; nil: there is none.
func (x *session) tunnel() func(to media.ID) (netip.AddrPort, func(), error) {
	tunnels := x.service.config.Tunnels
	if tunnels == nil {
		return nil
	}
	return func(to media.ID) (netip.AddrPort, func(), error) {
		if host, in := x.ways.carriers.host(seal.ID(to)); in {
			return tunnels.Open(host, call.ID(call.Room(x.key.call)))
		}
		peer, known := x.view.team.PeerOf(seal.ID(to))
		if !known {
			return netip.AddrPort{}, nil, ErrNotFound
		}
		return tunnels.Open(peer, x.key.call)
	}
}

// TakesPart reports whether a host is that of another participant of the call that this
// device is in, or, under the name of its room there, that of a super-peer which may carry
// it: only theirs may send to it (rule L24).
func (s *Service) TakesPart(peer seal.ID, id call.ID) bool {
	x := s.session.Load()
	if x != nil && id == call.ID(call.Room(x.key.call)) {
		return x.ways.carriers.has(peer)
	}
	if x == nil || x.key.call != id {
		return false
	}
	for device := range x.view.others(x.key) {
		if known, ok := x.view.team.PeerOf(device); ok && known == peer {
			return true
		}
	}
	return false
}
