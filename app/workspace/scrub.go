package workspace

import (
	"context"
	"errors"
	"fmt"

	"parvis/crdt/seal"
)

// Scrub reads every stored row of a workspace and checks it against its hash.
// Each damaged one is told as a [Problem] and fetched again from the others.
func (m *Manager) Scrub(ctx context.Context, ws seal.ID) error {
	found, err := m.Storage.Scrub(ctx, ws)
	for _, d := range found {
		m.damaged(ws, d)
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("scrub workspace %s: %w", ws.Short(), err)
	}
	return nil
}
