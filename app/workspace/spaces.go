package workspace

import (
	"context"
	"fmt"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// SpaceSpec describes a space to make.
type SpaceSpec struct {
	Kind    member.SpaceKind
	Members []seal.ID // persons; oneself is always in
	History member.History
}

// CreateSpace makes a space and its first epoch in one transaction.
func (w *Workspace) CreateSpace(ctx context.Context, spec SpaceSpec) (seal.SpaceID, error) {
	if !w.Ready() {
		return seal.SpaceID{}, ErrNotReady
	}
	persons := w.withSelf(spec.Members)
	id := member.PrivateSpaceID(w.id, w.self.device)
	if spec.Kind == member.SpaceGroup {
		id = member.GroupSpaceID(w.id, persons)
	}
	err := w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		if err := w.members.fresh(ctx); err != nil {
			return err
		}
		return w.createSpace(ctx, id, persons, spec, after)
	})
	if err != nil {
		return seal.SpaceID{}, fmt.Errorf("create space: %w", err)
	}
	return id, nil
}

func (w *Workspace) createSpace(ctx context.Context, id seal.SpaceID, persons []seal.ID, spec SpaceSpec, after *afterCommit) error {
	st := w.members.pending()
	for _, person := range persons {
		if p, ok := st.Person(person); !ok || p.Status != member.Active {
			return fmt.Errorf("%w: person %s is not in the workspace", ErrNotFound, person.Short())
		}
	}
	if _, exists := st.Space(id); !exists {
		body := member.SpaceCreateBody{Space: id, Kind: spec.Kind, History: spec.History}
		for _, person := range persons {
			body.Members = append(body.Members, member.SpaceMember{Person: person, Access: member.AccessWrite})
		}
		raw, err := body.Encode()
		if err != nil {
			return err
		}
		if _, err := w.members.post(ctx, member.TypeSpaceCreate, raw, after); err != nil {
			return err
		}
	}
	if _, ok := w.members.pending().SendEpoch(id, func(seal.ID) bool { return true }); ok {
		return nil
	}
	_, err := w.rotate(ctx, id, reasonFirst, after)
	return err
}

// GroupSpace is the space of exactly these persons and oneself: direct messages
// and mail. It is made on first use; two people who make it at once make the same.
func (w *Workspace) GroupSpace(ctx context.Context, persons []seal.ID) (seal.SpaceID, error) {
	id := member.GroupSpaceID(w.id, w.withSelf(persons))
	if st := w.State(); st != nil {
		if _, exists := st.Space(id); exists {
			return id, nil
		}
	}
	return w.CreateSpace(ctx, SpaceSpec{Kind: member.SpaceGroup, Members: persons, History: member.HistoryFull})
}

// withSelf adds oneself, sorts, and removes what is double.
func (w *Workspace) withSelf(persons []seal.ID) []seal.ID {
	all := append(slices.Clone(persons), w.self.person)
	slices.SortFunc(all, seal.ID.Compare)
	return slices.Compact(all)
}
