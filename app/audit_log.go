package app

import (
	"fmt"

	"parvis/app/audit"
	"parvis/crdt/seal"
)

// audit tells the membership logs of the workspaces.
func (a *App) audit() *audit.Service {
	return audit.New(audit.Config{
		Find: func(ws seal.ID) (audit.Log, error) {
			w, err := a.manager.Get(ws)
			if err != nil {
				return nil, fmt.Errorf("%w: %w", audit.ErrNotFound, err)
			}
			return w, nil
		},
		Names: a.people, Now: a.config.Now,
	})
}
