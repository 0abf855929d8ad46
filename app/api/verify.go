package api

import (
	"context"
)

// VerifyService compares codes with people who are in already.
type VerifyService interface {
	Verify(ctx context.Context, workspace, person string) (Comparison, error)
	Vouch(ctx context.Context, workspace, person string) error
}

// Verify begins a comparison of codes with somebody who is in the workspace and online,
// or returns the one that goes on. Both read their code out and type the other's.
func (p *People) Verify(workspace, person string) (Comparison, error) {
	return run(p.edge, "People.Verify", func(ctx context.Context) (Comparison, error) {
		return p.verify.Verify(ctx, workspace, person)
	})
}

// Vouch tells everybody in the workspace that one has verified somebody. They see who
// says so; nobody is verified by it.
func (p *People) Vouch(workspace, person string) error {
	return act(p.edge, "People.Vouch", func(ctx context.Context) error {
		return p.verify.Vouch(ctx, workspace, person)
	})
}
