package people

import (
	"context"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// ComparedIn is Compared of a workspace that is only its id.
func ComparedIn(s *Service, ctx context.Context, ws seal.ID, c workspace.Compared) error {
	return s.compared(ctx, ws, c)
}
