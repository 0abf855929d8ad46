package workspace

import (
	"context"
	"fmt"
	"sync"

	"parvis/crdt/seal"
)

// mends are the workspaces that are to be mended. Many damaged rows that are found
// together are mended together.
type mends struct {
	working sync.Mutex // one is mended at a time
	mu      sync.Mutex
	due     map[seal.ID]bool // guarded by mu
}

// add reports whether the workspace was not due yet.
func (m *mends) add(ws seal.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.due == nil {
		m.due = map[seal.ID]bool{}
	}
	fresh := !m.due[ws]
	m.due[ws] = true
	return fresh
}

func (m *mends) begin(ws seal.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.due, ws)
}

// damaged reacts to a stored row that did not match its hash: it says so, and
// the peers are asked again.
func (m *Manager) damaged(ws seal.ID, d Damage) {
	if w, err := m.Get(ws); err == nil {
		w.fences.damaged.Store(true)
		m.Events.Problem.Publish(Problem{Workspace: ws, Text: fmt.Sprintf("Stored data was damaged and is fetched again: %s (%s).", d.Key, d.Table)})
	}
	if m.mends.add(ws) {
		m.wg.Go(func() { m.mend(ws) })
	}
}

// mend makes everything that others have be compared anew. Damage may be found while
// the workspace is being opened: the couriers to come read that in the storage, those
// that run are told.
func (m *Manager) mend(ws seal.ID) {
	m.mends.working.Lock()
	defer m.mends.working.Unlock()
	m.mends.begin(ws)
	if err := forgetCursors(m.ctx, m.Storage, ws); err != nil && m.ctx.Err() == nil {
		m.Logger.Error("forget cursors after damage", "err", err)
	}
	w, err := m.Get(ws)
	if err != nil {
		return
	}
	if err := w.repair(m.ctx); err != nil {
		if m.ctx.Err() == nil {
			m.Logger.Error("repair after damage", "err", err)
		}
		return
	}
	w.couriers.compareAnew(m.ctx)
	if a := w.network.Load(); a != nil {
		a.Resync()
	}
}

// repair reads again what damage may have changed, and stores again the entries of
// the log that memory still has. It reads in a transaction: what arrives meanwhile is
// seen by it or comes after it.
func (w *Workspace) repair(ctx context.Context) error {
	var seen *look
	err := w.storage.Write(ctx, func(ctx context.Context) error {
		err := w.members.restore(ctx)
		if err == nil {
			seen, err = w.feeds.again(ctx)
		}
		return err
	})
	if err != nil {
		w.feeds.drop()
		return err
	}
	w.feeds.publish(seen)
	return nil
}
