package calls

import (
	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// TeamOf shows a workspace to calls.
func TeamOf(w *workspace.Workspace) Team { return team{w} }

// team adds to a workspace what calls ask of its membership state.
type team struct{ *workspace.Workspace }

// MayJoin implements [Circle]. Who may only read cannot say that it is there.
func (t team) MayJoin(space seal.SpaceID, device seal.ID) bool {
	st := t.State()
	return st != nil && st.CanRead(space, device) && st.CanWrite(space, device)
}

// Moderates implements [Wardens], as for the messages of others.
func (t team) Moderates(space seal.SpaceID, person seal.ID) bool {
	st := t.State()
	if st == nil {
		return false
	}
	s, ok := st.Space(space)
	if !ok {
		return false
	}
	if s.Kind == member.SpaceMain {
		p, known := st.Person(person)
		return known && p.Role <= member.RoleAdmin
	}
	return s.Kind == member.SpacePrivate && (s.Creator == person || s.Members[person] >= member.AccessAdmin)
}

// Belongs implements [Wardens].
func (t team) Belongs(space seal.SpaceID, person seal.ID) bool {
	st := t.State()
	return st != nil && st.Access(space, person) >= member.AccessWrite
}

// PersonOf implements [Circle].
func (t team) PersonOf(device seal.ID) (seal.ID, bool) {
	st := t.State()
	if st == nil {
		return seal.ID{}, false
	}
	d, ok := st.Device(device)
	return d.Person, ok
}

// PeerOf implements [Circle].
func (t team) PeerOf(device seal.ID) (seal.ID, bool) {
	st := t.State()
	if st == nil {
		return seal.ID{}, false
	}
	d, ok := st.Device(device)
	return d.Peer, ok && d.Active
}

// Direct implements [Circle].
func (t team) Direct(space seal.SpaceID) bool {
	st := t.State()
	if st == nil {
		return false
	}
	s, ok := st.Space(space)
	return ok && s.Kind == member.SpaceGroup
}

// Own implements [Circle].
func (t team) Own() (seal.SpaceID, bool) {
	st := t.State()
	if st == nil {
		return seal.SpaceID{}, false
	}
	_, exists := st.Space(t.Home())
	return t.Home(), exists
}
