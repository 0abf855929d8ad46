package people

import (
	"context"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// SayAbroad says names in other spaces, as membership and names ask for it.
func SayAbroad(s *Service, ctx context.Context, ws seal.ID) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	return v.sayAbroad(ctx)
}

// ComparedIn is Compared of a workspace that is only its id.
func ComparedIn(s *Service, ctx context.Context, ws seal.ID, c workspace.Compared) error {
	return s.compared(ctx, ws, c)
}
