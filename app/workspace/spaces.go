package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Why nobody is let into a space.
var (
	// ErrNotSpaceAdmin reports that only an admin of the space may do this.
	ErrNotSpaceAdmin = errors.New("only who made the private space may do this")
	// ErrMainSpace reports that the space has all members without anybody adding them.
	ErrMainSpace = errors.New("all members are in the main space")
	// ErrGroupSpace reports a space that keeps exactly the people it was made with.
	ErrGroupSpace = errors.New("a direct conversation keeps its people")
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

// AddToSpace lets more people read and write in a private space, of which this person
// must be an admin (rule K65). Who is in already stays. Where the history begins with
// joining they read what is written from now on.
func (w *Workspace) AddToSpace(ctx context.Context, space seal.SpaceID, persons []seal.ID) error {
	return w.act(ctx, "add to "+space.Short(), func(ctx context.Context, st *member.State, after *afterCommit) error {
		found, err := w.ownSpace(st, space)
		if err != nil {
			return err
		}
		body := member.SpaceSetBody{Space: space}
		for _, person := range persons {
			if p, ok := st.Person(person); !ok || p.Status != member.Active {
				return fmt.Errorf("%w: person %s is not in the workspace", ErrNotFound, person.Short())
			}
			if found.Members[person] == member.AccessNone && !slices.ContainsFunc(body.Members, func(m member.SpaceMember) bool { return m.Person == person }) {
				body.Members = append(body.Members, member.SpaceMember{Person: person, Access: member.AccessWrite})
			}
		}
		if len(body.Members) == 0 {
			return nil
		}
		if err := w.postBody(ctx, member.TypeSpaceSet, body.Encode, after); err != nil {
			return err
		}
		_, err = w.rotate(ctx, space, reasonMembers, after)
		return err
	})
}

// ownSpace is a private space of which this person is an admin, or why it is not.
func (w *Workspace) ownSpace(st *member.State, id seal.SpaceID) (member.Space, error) {
	space, ok := st.Space(id)
	switch {
	case ok && space.Kind == member.SpaceMain:
		return space, ErrMainSpace
	case ok && space.Kind == member.SpaceGroup && st.CanRead(id, w.self.device):
		return space, ErrGroupSpace
	case !ok || space.Kind != member.SpacePrivate:
		return space, ErrNotFound
	case space.Members[w.self.person] != member.AccessAdmin:
		return space, ErrNotSpaceAdmin
	}
	return space, nil
}

// LeadsSpace returns nil where this person may say who is in a private space, else why not.
func (w *Workspace) LeadsSpace(id seal.SpaceID) error {
	st := w.State()
	if st == nil {
		return ErrNotReady
	}
	_, err := w.ownSpace(st, id)
	return err
}

// RemoveFromSpace takes people out of a private space, of which this person must be an
// admin: what is written from then on is sealed with a key that they do not get. Who is
// not in it stays out.
func (w *Workspace) RemoveFromSpace(ctx context.Context, space seal.SpaceID, persons []seal.ID) error {
	return w.act(ctx, "remove from "+space.Short(), func(ctx context.Context, st *member.State, after *afterCommit) error {
		found, err := w.ownSpace(st, space)
		if err != nil {
			return err
		}
		body := member.SpaceSetBody{Space: space}
		for _, person := range w.withSelf(persons) {
			if person == w.self.person {
				if slices.Contains(persons, person) {
					return untouched{ErrYourself}
				}
				continue
			}
			if found.Members[person] != member.AccessNone {
				body.Members = append(body.Members, member.SpaceMember{Person: person, Access: member.AccessNone})
			}
		}
		if len(body.Members) == 0 {
			return nil
		}
		if err := w.postBody(ctx, member.TypeSpaceSet, body.Encode, after); err != nil {
			return err
		}
		return w.rotateAll(ctx, after)
	})
}

// CloseSpace closes a private space, or opens it again: a closed one can be read, not
// written. Admins of the workspace may close one that they are not in.
func (w *Workspace) CloseSpace(ctx context.Context, space seal.SpaceID, closed bool) error {
	return w.act(ctx, "close "+space.Short(), func(ctx context.Context, st *member.State, after *afterCommit) error {
		own, _ := st.Person(w.self.person)
		if _, err := w.ownSpace(st, space); err != nil && !(closed && own.Role <= member.RoleAdmin && errors.Is(err, ErrNotSpaceAdmin)) {
			return err
		}
		return w.postBody(ctx, member.TypeSpaceSet, member.SpaceSetBody{Space: space, Closed: &closed}.Encode, after)
	})
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

// OpenToAll reports whether everybody who reads a space now may open an envelope of it
// that is here, by the space's history policy (protocol 2.7). It runs in a transaction.
func (w *Workspace) OpenToAll(ctx context.Context, space seal.SpaceID, envelope seal.ID) (bool, error) {
	st := w.members.pending()
	if s, ok := st.Space(space); ok && s.History == member.HistoryFull {
		return true, nil
	}
	row, found, err := w.storage.Envelope(ctx, w.id, envelope)
	if err != nil || !found {
		return false, err
	}
	env, err := feed.Parse(row.Bytes)
	if err != nil {
		return false, nil // damaged: as if it were not here
	}
	return env.Header.Space == space && st.OpenToAll(space, env.Header.EpochID), nil
}
