package workspace

import (
	"context"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Home is the space that only the own person's devices read, whether it was made or
// not.
func (w *Workspace) Home() seal.SpaceID { return member.SelfSpaceID(w.id, w.self.person) }

// SelfSpace is the space that only the own person's devices read. It is made on first
// use; two devices that make it at once make the same. Guests cannot make one.
func (w *Workspace) SelfSpace(ctx context.Context) (seal.SpaceID, error) {
	if !w.Ready() {
		return seal.SpaceID{}, ErrNotReady
	}
	id := w.Home()
	st := w.State()
	if _, exists := st.Space(id); exists {
		return id, nil
	}
	if person, ok := st.Person(w.self.person); !ok || person.Role > member.RoleMember {
		return seal.SpaceID{}, ErrRefused
	}
	spec := SpaceSpec{Kind: member.SpaceSelf, History: member.HistoryFull}
	err := w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		if err := w.members.fresh(ctx); err != nil {
			return err
		}
		return w.createSpace(ctx, id, []seal.ID{w.self.person}, spec, after)
	})
	return id, err
}
