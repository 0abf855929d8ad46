package api

import (
	"context"

	"parvis/app/people"
	"parvis/crdt/seal"
)

// PeopleService knows names, roles and presence.
type PeopleService interface {
	List(ctx context.Context, ws seal.ID) ([]people.Person, error)
	Rename(ctx context.Context, ws seal.ID, name string) error
}

// People is the bound struct for the people of a workspace.
type People struct {
	edge   *edge
	people PeopleService
	verify VerifyService
}

// List returns everybody, former members included, by name.
func (p *People) List(workspace string) ([]Person, error) {
	return run(p.edge, "People.List", func(ctx context.Context) ([]Person, error) {
		var ids parser
		ws := ids.id(workspace)
		if ids.err != nil {
			return nil, ids.err
		}
		found, err := p.people.List(ctx, ws)
		return translateAll(found, personDTO), err
	})
}

// Rename changes one's own name.
func (p *People) Rename(workspace, name string) error {
	return act(p.edge, "People.Rename", func(ctx context.Context) error {
		var ids parser
		ws := ids.id(workspace)
		if ids.err != nil {
			return ids.err
		}
		return p.people.Rename(ctx, ws, name)
	})
}
