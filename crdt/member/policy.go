package member

import (
	"slices"

	"parvis/crdt/seal"
)

// OpenTo reports whether the history policy of a space lets a person have the secret of
// an epoch: of a full history everybody, of one from joining whoever had a device among
// the recipients (rule M36). An unknown space or epoch is open to nobody.
func (s *State) OpenTo(person seal.ID, space seal.SpaceID, epochID seal.ID) bool {
	r, ok := s.spaces.get(spaceKey(space))
	if !ok {
		return false
	}
	epoch, ok := r.epochs.find(epochID)
	return ok && (r.history == HistoryFull || s.received(person, epoch))
}

// OpenToAll reports whether the policy lets everybody have it who reads the space now.
// A new epoch links back to no other (rule M30).
func (s *State) OpenToAll(space seal.SpaceID, epochID seal.ID) bool {
	r, ok := s.spaces.get(spaceKey(space))
	if !ok {
		return false
	}
	epoch, ok := r.epochs.find(epochID)
	if !ok || r.history == HistoryFull {
		return ok
	}
	return !slices.ContainsFunc(s.Recipients(space), func(d Device) bool {
		return !slices.Contains(epoch.Recips, d.ID) && !s.received(d.Person, epoch)
	})
}

// received reports whether a person had a device among the recipients of an epoch.
func (s *State) received(person seal.ID, epoch *Epoch) bool {
	p, _ := s.Person(person)
	return slices.ContainsFunc(p.Devices, func(dev seal.ID) bool { return slices.Contains(epoch.Recips, dev) })
}
