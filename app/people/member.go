package people

import (
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
		all = append(all, membership(st, p))
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
	return membership(st, p), true
}

func membership(st *member.State, p member.Person) Membership {
	m := Membership{
		Person: p.ID, Role: Role(p.Role.String()), By: p.By,
		Here:     p.Status == member.Active || p.Status == member.Suspended,
		Verified: p.Verified && p.Status == member.Active,
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
