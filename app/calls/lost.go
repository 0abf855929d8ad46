package calls

import (
	"cmp"
	"slices"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// Bounds of what is remembered of those who are not there (rules L31, L33).
const (
	lostFor     = 10 * time.Minute
	maxDeclined = 64 // calls
)

// forgetLost forgets who was lost in the call before.
func (v *view) forgetLost() {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.lost)
}

// lostOf is who was lost in a call, the first first.
func (v *view) lostOf(k key) (all []Lost) {
	x := v.service.session.Load()
	if x == nil || x.view != v || x.key != k {
		return nil
	}
	since := v.service.config.Now().Add(-lostFor).UnixMilli()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, l := range v.lost {
		if l.AtMs >= since {
			all = append(all, l)
		}
	}
	slices.SortFunc(all, func(a, b Lost) int { return cmp.Or(cmp.Compare(a.AtMs, b.AtMs), a.Device.Compare(b.Device)) })
	return all
}

// refused notes that somebody else does not want to join a call of a direct conversation.
func (v *view) refused(space seal.SpaceID, device, person seal.ID, id call.ID) {
	if !v.team.Direct(space) || !v.team.MayJoin(space, device) {
		return
	}
	k := key{space, id}
	v.mu.Lock()
	news := !slices.Contains(v.unwilling[k], person)
	if news {
		if v.unwilling[k] == nil && len(v.unwilling) >= maxDeclined {
			clear(v.unwilling)
		}
		v.unwilling[k] = append(v.unwilling[k], person)
	}
	v.mu.Unlock()
	if news {
		v.tell(id)
	}
}

// declinedBy are the people who do not want to join a call, and have not joined it since.
func (v *view) declinedBy(k key, joined []seal.ID) (people []seal.ID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, person := range v.unwilling[k] {
		if !slices.Contains(joined, person) {
			people = append(people, person)
		}
	}
	return people
}
