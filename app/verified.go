package app

import (
	"context"
	"errors"
	"fmt"

	"parvis/app/api"
	"parvis/app/people"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Verify begins a comparison of codes with somebody who is in the workspace.
func (t *teams) Verify(ctx context.Context, ws, person string) (api.Comparison, error) {
	w, id, err := t.personIn(ws, person)
	if err != nil {
		return api.Comparison{}, err
	}
	c, err := t.manager.Verify(ctx, w.ID(), id)
	if err != nil {
		return api.Comparison{}, t.notCompared(w, id, err)
	}
	return t.comparison(c), nil
}

// notCompared says why there is no comparison, by the name of the person.
func (t *teams) notCompared(w *workspace.Workspace, person seal.ID, err error) error {
	name := t.people.Name(w.ID(), person)
	say := func(code, form string) error {
		return fmt.Errorf("%w: %w", &api.Error{Code: code, Message: fmt.Sprintf(form, name)}, err)
	}
	switch {
	case errors.Is(err, workspace.ErrVerifySelf):
		return fmt.Errorf("%w: %w", &api.Error{Code: api.CodeInvalid, Message: "That is you. Codes are compared with somebody else."}, err)
	case errors.Is(err, workspace.ErrAway):
		return say(api.CodeOffline, "%s is not online. Codes can be compared when both of you have Parvis open.")
	case errors.Is(err, workspace.ErrNoVerify):
		return say(api.CodeOffline, "The Parvis of %s does not compare codes: it is older, or has not got the news of this workspace. Update it there and try again.")
	case errors.Is(err, workspace.ErrComparing):
		return say(api.CodeComparing, "Codes were compared with %s seconds ago, or are just now. Wait ten seconds and try again.")
	case errors.Is(err, workspace.ErrResting):
		return say(api.CodeResting, "Three comparisons with %s failed, or were broken off once the codes were there. Codes can be compared again in ten minutes. If you both typed the right codes, somebody may be between you: talk to each other first.")
	}
	return err
}

// Vouch tells the others that one has verified somebody.
func (t *teams) Vouch(ctx context.Context, ws, person string) error {
	w, id, err := t.personIn(ws, person)
	if err != nil {
		return err
	}
	if self, _ := w.Self(); id == self {
		return &api.Error{Code: api.CodeInvalid, Message: "That is you. Introduce somebody else, whom you have verified."}
	}
	return unsure(t.people.Vouch(ctx, w.ID(), id))
}

func (t *teams) personIn(ws, person string) (*workspace.Workspace, seal.ID, error) {
	w, err := t.get(ws)
	if err != nil {
		return nil, seal.ID{}, err
	}
	id, err := seal.ParseID(person)
	if err != nil {
		return nil, seal.ID{}, fmt.Errorf("person %q: %w", person, workspace.ErrNotFound)
	}
	return w, id, nil
}

// unsure says who has to be verified first.
func unsure(err error) error {
	who, ok := errors.AsType[*people.Unsure](err)
	if !ok {
		return err
	}
	form := "You have not verified %s. Compare codes with them first."
	if who.Person.State == people.NewDevice {
		form = "%s has a new device since you compared codes. Compare codes with them again first."
	}
	return fmt.Errorf("%w: %w", &api.Error{Code: api.CodeUnverified, Message: fmt.Sprintf(form, who.Person.Name)}, err)
}

// maySpace makes sure that people may be let into a space that demands verified ones.
func (t *teams) maySpace(ctx context.Context, ws seal.ID, demanded bool, persons []seal.ID) error {
	if !demanded {
		return nil
	}
	return unsure(t.people.RequireVerified(ctx, ws, persons))
}

// Comparisons lists the comparisons of codes that go on.
func (t *teams) Comparisons(context.Context) ([]api.Comparison, error) {
	var list []api.Comparison
	for _, c := range t.manager.Comparisons() {
		list = append(list, t.comparison(c))
	}
	return list, nil
}

func (t *teams) comparison(c workspace.Comparison) api.Comparison {
	dto := api.Comparison{
		ID: c.ID, Workspace: c.Workspace.String(), Invite: c.Invite.String(), Device: c.Device, Begun: c.Begun, Inviter: c.Inviter, Code: c.Code, State: c.State,
		End: string(c.End), Spent: c.Spent,
	}
	if !c.Person.IsZero() {
		dto.Invite, dto.Person = "", c.Person.String()
		return dto
	}
	w, err := t.manager.Get(c.Workspace)
	if err != nil || !w.Ready() {
		return dto
	}
	if invite, ok := w.State().Invite(c.Invite); ok {
		dto.Role, dto.Expires = invite.Role.String(), invite.Expires
	}
	return dto
}

// EnterCode gives the code that the other person read out; an empty one gives up.
func (t *teams) EnterCode(_ context.Context, id, code string) error {
	return t.manager.EnterCode(id, code)
}
