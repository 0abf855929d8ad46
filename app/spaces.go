package app

import (
	"context"
	"errors"
	"fmt"

	"parvis/app/api"
	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Spaces lists the spaces that this device can read.
func (t *teams) Spaces(_ context.Context, ws string) ([]api.Space, error) {
	w, err := t.get(ws)
	if err != nil {
		return nil, err
	}
	st := w.State()
	if st == nil {
		return nil, workspace.ErrNotReady
	}
	var list []api.Space
	for _, space := range st.Spaces() {
		if !w.Shows(space.ID) || space.Kind == member.SpaceSelf {
			continue
		}
		list = append(list, t.space(w, space))
	}
	return list, nil
}

func (t *teams) space(w *workspace.Workspace, space member.Space) api.Space {
	name, _ := t.people.SpaceName(context.Background(), w.ID(), space.ID) // unknown yet: no name
	dto := api.Space{ID: space.ID.String(), Name: name, Kind: space.Kind.String(), History: space.History.String(), By: space.Creator.String(), Closed: space.Closed}
	dto.VerifiedOnly = t.people.DemandsVerified(context.Background(), w.ID(), space.ID)
	for _, person := range w.State().Persons() {
		in := person.Status == member.Active || person.Status == member.Suspended
		if in && space.Members[person.ID] != member.AccessNone {
			dto.People = append(dto.People, person.ID.String())
		}
	}
	return dto
}

// CreateSpace makes a private space and names it.
func (t *teams) CreateSpace(ctx context.Context, n api.NewSpace) (api.Space, error) {
	w, err := t.get(n.Workspace)
	if err != nil {
		return api.Space{}, err
	}
	spec := workspace.SpaceSpec{Kind: member.SpacePrivate, History: member.HistoryFull}
	switch n.History {
	case "", member.HistoryFull.String():
	case member.HistoryFromJoin.String():
		spec.History = member.HistoryFromJoin
	default:
		return api.Space{}, &api.Error{Code: api.CodeInvalid, Message: "The history of a space is full or from-join. Choose one of them."}
	}
	if spec.Members, err = parsePeople(n.People); err != nil {
		return api.Space{}, err
	}
	if err := t.maySpace(ctx, w.ID(), n.VerifiedOnly, spec.Members); err != nil {
		return api.Space{}, err
	}
	t.naming.Lock()
	defer t.naming.Unlock()
	if err := t.people.FreeSpaceName(ctx, w.ID(), privateSpaces(w), n.Name); err != nil {
		return api.Space{}, err
	}
	id, err := w.CreateSpace(ctx, spec)
	if err != nil {
		return api.Space{}, err
	}
	if err := t.people.NameSpace(ctx, w.ID(), id, n.Name); err != nil {
		return api.Space{}, err
	}
	if err := t.people.DemandVerified(ctx, w.ID(), id, n.VerifiedOnly); err != nil {
		return api.Space{}, err
	}
	space, _ := w.State().Space(id)
	return t.space(w, space), nil
}

// privateSpaces are those that this device can read.
func privateSpaces(w *workspace.Workspace) []seal.SpaceID {
	st := w.State()
	if st == nil {
		return nil // it is not ready, as making one says
	}
	_, device := w.Self()
	var ids []seal.SpaceID
	for _, space := range st.Spaces() {
		if space.Kind == member.SpacePrivate && st.CanRead(space.ID, device) {
			ids = append(ids, space.ID)
		}
	}
	return ids
}

func parsePeople(texts []string) ([]seal.ID, error) {
	var people []seal.ID
	for _, text := range texts {
		person, err := seal.ParseID(text)
		if err != nil {
			return nil, fmt.Errorf("person %q: %w", text, workspace.ErrNotFound)
		}
		people = append(people, person)
	}
	return people, nil
}

// spaceOf finds a space of a workspace.
func (t *teams) spaceOf(ws, space string) (*workspace.Workspace, seal.SpaceID, error) {
	w, err := t.get(ws)
	if err != nil {
		return nil, seal.SpaceID{}, err
	}
	id, err := seal.ParseSpaceID(space)
	if err != nil {
		return nil, id, fmt.Errorf("space %q: %w", space, workspace.ErrNotFound)
	}
	return w, id, nil
}

// spaceAndPeople finds a space, and reads who is to be let in or taken out.
func (t *teams) spaceAndPeople(n api.SpacePeople) (*workspace.Workspace, seal.SpaceID, []seal.ID, error) {
	w, id, err := t.spaceOf(n.Workspace, n.Space)
	if err != nil {
		return nil, id, nil, err
	}
	people, err := parsePeople(n.People)
	return w, id, people, err
}

// leadsSpace makes sure that the own person decides who is in a private space; else it says
// who does.
func (t *teams) leadsSpace(w *workspace.Workspace, id seal.SpaceID) error {
	err := w.LeadsSpace(id)
	if !errors.Is(err, workspace.ErrNotSpaceAdmin) {
		return err
	}
	space, _ := w.State().Space(id)
	text := fmt.Sprintf("Only %s, who made this private space, may change who is in it.", t.people.Name(w.ID(), space.Creator))
	return fmt.Errorf("%w: %w", &api.Error{Code: api.CodeRefused, Message: text}, err)
}

// RemoveFromSpace takes people out of a private space.
func (t *teams) RemoveFromSpace(ctx context.Context, n api.SpacePeople) (api.Space, error) {
	w, id, people, err := t.spaceAndPeople(n)
	if err != nil {
		return api.Space{}, err
	}
	if err := t.leadsSpace(w, id); err != nil {
		return api.Space{}, err
	}
	if err := w.RemoveFromSpace(ctx, id, people); err != nil {
		return api.Space{}, err
	}
	space, _ := w.State().Space(id)
	return t.space(w, space), nil
}

// CloseSpace closes a private space or opens it again.
func (t *teams) CloseSpace(ctx context.Context, c api.SpaceClosing) (api.Space, error) {
	w, id, err := t.spaceOf(c.Workspace, c.Space)
	if err != nil {
		return api.Space{}, err
	}
	if err := w.CloseSpace(ctx, id, c.Closed); err != nil {
		return api.Space{}, err
	}
	space, _ := w.State().Space(id)
	return t.space(w, space), nil
}

// AddToSpace lets people into a private space.
func (t *teams) AddToSpace(ctx context.Context, n api.NewSpacePeople) (api.Space, error) {
	w, id, people, err := t.spaceAndPeople(api.SpacePeople{Workspace: n.Workspace, Space: n.Space, People: n.People})
	if err != nil {
		return api.Space{}, err
	}
	if err := t.leadsSpace(w, id); err != nil { // before anybody is asked to compare codes for it
		return api.Space{}, err
	}
	demanded := n.VerifiedOnly || t.people.DemandsVerified(ctx, w.ID(), id)
	if err := t.maySpace(ctx, w.ID(), demanded, people); err != nil {
		return api.Space{}, err
	}
	if err := w.AddToSpace(ctx, id, people); err != nil {
		return api.Space{}, err
	}
	if demanded {
		if err := t.people.DemandVerified(ctx, w.ID(), id, true); err != nil {
			return api.Space{}, err
		}
	}
	space, _ := w.State().Space(id)
	if space.History == member.HistoryFromJoin {
		if err := errors.Join(t.people.RepeatSpaceName(ctx, w.ID(), id), t.chat.RepeatChannels(ctx, w.ID(), id)); err != nil {
			return api.Space{}, err
		}
	}
	return t.space(w, space), nil
}
