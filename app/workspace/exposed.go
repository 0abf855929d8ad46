package workspace

import (
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// exposure says which epochs a removed device may hold though it was no recipient:
// a device that was added later was given their secrets (rule K46).
type exposure struct {
	of       *member.State
	removals map[seal.SpaceID][]seal.ID // by space
	spaces   map[seal.ID][]seal.SpaceID // that those whom a removal concerns could read; never changes
}

// exposed reports whether an epoch was made before, or beside, the removal of a
// device that could read its space. Such an epoch is not written with any more. Only
// the writer may ask.
func (w *Workspace) exposed(epoch member.Epoch) bool {
	st := w.members.pending()
	if w.fences.exposure.of != st {
		w.fences.exposure.of, w.fences.exposure.removals = st, w.removalsBySpace(st)
	}
	for _, removal := range w.fences.exposure.removals[epoch.Space] {
		if !w.members.knows([]seal.ID{epoch.Entry}, removal) {
			return true
		}
	}
	return false
}

// removalsBySpace lists the removals that concern each space.
func (w *Workspace) removalsBySpace(st *member.State) map[seal.SpaceID][]seal.ID {
	all := map[seal.SpaceID][]seal.ID{}
	for _, device := range st.CutDevices() {
		cut, _ := st.Cut(device)
		for _, removal := range cut.Entries {
			for _, space := range w.spacesAt(removal, device) {
				all[space] = append(all[space], removal)
			}
		}
	}
	return all
}

// spacesAt lists the spaces that a device could read when it was removed.
func (w *Workspace) spacesAt(removal, device seal.ID) []seal.SpaceID {
	if spaces, known := w.fences.exposure.spaces[removal]; known {
		return spaces
	}
	entry := w.members.entry(removal)
	if entry == nil {
		return nil
	}
	past, err := w.members.at(entry.Parents)
	if err != nil {
		return nil
	}
	var spaces []seal.SpaceID
	for _, space := range past.Spaces() {
		if past.CanRead(space.ID, device) {
			spaces = append(spaces, space.ID)
		}
	}
	if w.fences.exposure.spaces == nil {
		w.fences.exposure.spaces = map[seal.ID][]seal.SpaceID{}
	}
	w.fences.exposure.spaces[removal] = spaces
	return spaces
}

// sendable is the epoch to write with now: usable, its secret here, and none that a
// removed device may hold.
func (w *Workspace) sendable(st *member.State, space seal.SpaceID, have func(seal.ID) bool) (member.Epoch, bool) {
	return st.SendEpoch(space, func(id seal.ID) bool {
		epoch, known := st.Epoch(space, id)
		return known && have(id) && !w.exposed(epoch)
	})
}
