package docs

import (
	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// team adds to a workspace what documents ask of its membership state.
type team struct{ *workspace.Workspace }

// MainSpace implements [Circle]; zero while the workspace has no state.
func (t team) MainSpace() seal.SpaceID {
	if t.State() == nil {
		return seal.SpaceID{}
	}
	return t.Workspace.MainSpace()
}

// CanRead implements [Circle]: what is here of a space is shown.
func (t team) CanRead(space seal.SpaceID) bool {
	return t.Shows(space)
}

// CanWrite implements [Circle].
func (t team) CanWrite(space seal.SpaceID) bool {
	_, device := t.Self()
	st := t.State()
	return st != nil && st.CanWrite(space, device)
}

// Standing implements [Circle].
func (t team) Standing() Standing {
	person, _ := t.Self()
	if st := t.State(); st != nil {
		if p, ok := st.Person(person); ok {
			return Standing{Guest: p.Role == member.RoleGuest, JoinedMs: p.JoinedMs}
		}
	}
	return Standing{}
}

// PersonOf implements [Live].
func (t team) PersonOf(device seal.ID) (seal.ID, bool) {
	st := t.State()
	if st == nil {
		return seal.ID{}, false
	}
	d, ok := st.Device(device)
	return d.Person, ok
}
