package calls

import (
	"context"

	"parvis/crdt/guest"
	"parvis/crdt/seal"
	"parvis/media"
)

// What a note says of a guest (rule L63).
const (
	noteAdmits  = 5
	noteRemoves = 6
)

// How often removals are repeated, and how many in one go: notes count to the hints of a second.
const (
	removalTimes = 3
	removalsMost = 4
)

// Admit lets a guest into the own call, who waits.
func (s *Service) Admit(_ context.Context, id seal.ID) error {
	x := s.session.Load()
	if x == nil {
		return ErrNotIn
	}
	b := x.lobby
	b.mu.Lock()
	v := b.visitors[id]
	full := v != nil && !v.in && b.inside() >= MaxGuests
	b.mu.Unlock()
	switch {
	case v == nil:
		return ErrNoGuest
	case full:
		return ErrGuests
	case !b.rule(id, admitted):
		return ErrInvalid
	}
	x.note(noteAdmits, id)
	return nil
}

// Remove refuses a guest who waits, or sends one out of the own call.
func (s *Service) Remove(_ context.Context, id seal.ID) error {
	x := s.session.Load()
	if x == nil {
		return ErrNotIn
	}
	b := x.lobby
	b.mu.Lock()
	v := b.visitors[id]
	b.mu.Unlock()
	if v == nil {
		return ErrNoGuest
	}
	b.rule(id, removed)
	x.note(noteRemoves, id)
	return nil
}

// rule notes what a participant says of a guest, and does it; false: it does not count any more.
func (b *lobby) rule(id seal.ID, r ruling) (counts bool) {
	b.mu.Lock()
	known := b.standings[id]
	if known == nil && len(b.standings) < maxStandings {
		known = &standing{}
		b.standings[id] = known
	}
	switch {
	case known == nil:
	case known.ruling == removed:
		if known.owed == 0 && r == admitted {
			known.owed = 1 // who says so has not heard of it
		}
	default:
		counts = true
		if known.ruling = r; r == removed {
			known.owed = removalTimes
		}
	}
	v := b.visitors[id]
	b.mu.Unlock()
	if counts && v != nil && !(r == admitted && b.isIn(v)) {
		b.settle(v, false)
	}
	return counts || r == removed
}

// inherit takes over what was decided in the call that this device comes from (rule L65).
func (b *lobby) inherit(from *lobby) {
	from.mu.Lock()
	rulings := map[seal.ID]ruling{}
	for id, known := range from.standings {
		rulings[id] = known.ruling
	}
	from.mu.Unlock()
	for id, r := range rulings {
		b.rule(id, r)
	}
}

func (b *lobby) isIn(v *visitor) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return v.in
}

// hearGuest takes what a participant says of a guest.
func (v *view) hearGuest(x *session, n note) {
	r := admitted
	if n.What == noteRemoves {
		r = removed
	}
	x.lobby.rule(n.Of, r)
}

// notes is what those must know of the guests who have missed it or have just joined.
func (b *lobby) notes() (list []note) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, v := range b.visitors {
		if v.in {
			list = append(list, note{What: noteAdmits, Of: id})
		}
	}
	most := len(list) + removalsMost
	for id, known := range b.standings {
		if known.ruling == removed && known.owed > 0 && len(list) < most {
			known.owed--
			list = append(list, note{What: noteRemoves, Of: id})
		}
	}
	return list
}

// isGuest tells a guest from a participant and a super-peer.
func isGuest(id media.ID) bool { return guest.Is(seal.ID(id)) }
