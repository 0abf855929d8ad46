package app

import (
	"time"

	"context"

	"parvis/app/store"
	"parvis/app/workspace"
	"parvis/p2p"
	"parvis/p2p/signal"
)

// Manager is the node's workspaces, for tests that act below the api.
func (a *App) Manager() *workspace.Manager { return a.manager }

// Store is what the node stores, for tests that act below everything.
func (a *App) Store() *store.DB { return a.db }

// SendSignal sends raw bytes as a signal of a call.
func (a *App) SendSignal(ctx context.Context, peer string, raw []byte) error {
	return signal.Send(ctx, a.connected().node, p2p.PeerID(peer), raw)
}

// Unused says that nobody has used the node for so long.
func (a *App) Unused(span time.Duration) {
	a.device.guard.used.Store(a.config.Now().Add(-span).Unix())
}

// Look locks the node if it is time.
func (a *App) Look() { a.device.guardNow() }
