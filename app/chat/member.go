package chat

import (
	"maps"
	"slices"
	"sync"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// TeamOf shows a workspace to chat.
func TeamOf(w *workspace.Workspace) Team { return &team{Workspace: w} }

// team adds to a workspace what chat asks of its membership state. The state
// never changes, so that its spaces are listed once per state.
type team struct {
	*workspace.Workspace

	mu     sync.Mutex
	state  *member.State          // guarded by mu; what the rest was made from
	spaces []Space                // guarded by mu; main first, then by id
	byID   map[seal.SpaceID]Space // guarded by mu
}

func (t *team) refresh() {
	st := t.State()
	if st == nil || st == t.state {
		return
	}
	t.state, t.spaces, t.byID = st, nil, map[seal.SpaceID]Space{}
	for _, s := range st.Spaces() {
		kind, talks := spaceKind(s.Kind)
		if !talks || !t.Shows(s.ID) {
			continue
		}
		space := Space{ID: s.ID, Kind: kind, People: slices.SortedFunc(maps.Keys(s.Members), seal.ID.Compare), FromJoin: s.History == member.HistoryFromJoin}
		t.spaces = append(t.spaces, space)
		t.byID[s.ID] = space
	}
	slices.SortStableFunc(t.spaces, func(a, b Space) int { return int(a.Kind) - int(b.Kind) })
}

// spaceKind is the kind of a space that has conversations.
func spaceKind(kind member.SpaceKind) (SpaceKind, bool) {
	switch kind {
	case member.SpaceMain:
		return Main, true
	case member.SpacePrivate:
		return Private, true
	case member.SpaceGroup:
		return Group, true
	}
	return 0, false
}

// Spaces implements [Circle].
func (t *team) Spaces() []Space {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refresh()
	return t.spaces
}

// Space implements [Circle].
func (t *team) Space(id seal.SpaceID) (Space, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.refresh()
	space, ok := t.byID[id]
	return space, ok
}

// Moderates implements [Circle]. Somebody who left or was removed keeps what was
// done before: deletions do not come back.
func (t *team) Moderates(space seal.SpaceID, person seal.ID) bool {
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

// Standing implements [Circle].
func (t *team) Standing() Standing {
	person, device := t.Self()
	if st := t.State(); st != nil {
		if p, ok := st.Person(person); ok {
			own, _ := st.Device(device)
			return Standing{Guest: p.Role == member.RoleGuest, JoinedMs: p.JoinedMs, DeviceMs: own.AddedMs}
		}
	}
	return Standing{}
}

// PersonOf implements [Live].
func (t *team) PersonOf(device seal.ID) (seal.ID, bool) {
	st := t.State()
	if st == nil {
		return seal.ID{}, false
	}
	d, ok := st.Device(device)
	return d.Person, ok
}
