package people

import (
	"slices"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// TeamOf shows a workspace to people.
func TeamOf(w *workspace.Workspace) Team { return team{w} }

// team adds to a workspace what people asks of its membership state.
type team struct{ *workspace.Workspace }

// Members implements [Roster].
func (t team) Members() []Membership {
	st := t.State()
	if st == nil {
		return nil
	}
	var all []Membership
	for _, p := range st.Persons() {
		all = append(all, t.membership(st, p))
	}
	return all
}

// Member implements [Roster].
func (t team) Member(person seal.ID) (Membership, bool) {
	st := t.State()
	if st == nil {
		return Membership{}, false
	}
	p, ok := st.Person(person)
	if !ok {
		return Membership{}, false
	}
	return t.membership(st, p), true
}

func (t team) membership(st *member.State, p member.Person) Membership {
	self, device := t.Self()
	m := Membership{
		Person: p.ID, Role: Role(p.Role.String()), By: p.By,
		Here:      p.Status == member.Active || p.Status == member.Suspended,
		Left:      p.Quit,
		Admitted:  p.Verified && p.Status == member.Active,
		Suspended: p.Status == member.Suspended,
		First:     st.IsTop(p.ID),
		Below:     st.Outranks(self, p.ID),
		Stranger:  stranger(st, self, device, p.ID),
	}
	for _, id := range p.Devices {
		if d, ok := st.Device(id); ok && d.Active {
			m.Devices = append(m.Devices, Device{ID: d.ID, Later: d.Idx > 0, AddedMs: d.AddedMs})
		}
	}
	return m
}

// Home implements [Roster].
func (t team) Home() (seal.SpaceID, bool) {
	st := t.State()
	if st == nil {
		return seal.SpaceID{}, false
	}
	_, device := t.Self()
	if main := st.MainSpace(); st.CanWrite(main, device) {
		return main, true
	}
	for _, s := range st.Spaces() {
		if s.Kind == member.SpacePrivate && st.CanWrite(s.ID, device) {
			return s.ID, true
		}
	}
	return seal.SpaceID{}, false
}

// LetsIn implements [Spaces].
func (t team) LetsIn(space seal.SpaceID, person seal.ID) bool {
	st := t.State()
	if st == nil {
		return false
	}
	s, ok := st.Space(space)
	return ok && s.Kind == member.SpacePrivate && s.Members[person] == member.AccessAdmin
}

// stranger reports whether a guest shares no space with a person.
func stranger(st *member.State, self, device, person seal.ID) bool {
	own, _ := st.Person(self)
	if own.Role != member.RoleGuest || person == self {
		return false
	}
	return !slices.ContainsFunc(st.Spaces(), func(s member.Space) bool {
		return st.CanRead(s.ID, device) && st.Access(s.ID, person) > member.AccessNone
	})
}

// Abroad implements [Guests].
func (t team) Abroad() []Abroad {
	st := t.State()
	home, ok := t.Home()
	if st == nil || !ok {
		return nil
	}
	self, device := t.Self()
	var all []Abroad
	for _, s := range st.Spaces() {
		if s.ID == home || s.Kind == member.SpaceSelf || !st.CanWrite(s.ID, device) {
			continue
		}
		for person := range s.Members {
			if person != self && st.Access(s.ID, person) > member.AccessNone && st.Access(home, person) == member.AccessNone {
				all = append(all, Abroad{Space: s.ID, Admin: st.Access(s.ID, self) == member.AccessAdmin})
				break
			}
		}
	}
	return all
}
