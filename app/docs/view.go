package docs

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// view folds the document envelopes of one workspace into rows.
type view struct {
	service *Service
	team    Team
	ws      seal.ID
	list    *list
	leases  *leases
	cursors cursors

	fold    *fold         // the writer's; nil until the next write reads it
	carried *changes      // the writer's; what composing an envelope changed, or nil
	version atomic.Uint64 // of the pictures handed to list
	telling sync.Mutex    // facts are told by one goroutine at a time
}

func newView(s *Service, team Team) *view {
	v := &view{service: s, team: team, ws: team.ID()}
	v.list = newList(v)
	v.leases = newLeases(v)
	return v
}

func (v *view) storage() Storage { return v.service.config.Store }

// writer is the writer's picture, read anew after a rollback.
func (v *view) writer(ctx context.Context) (*fold, error) {
	if v.fold != nil {
		return v.fold, nil
	}
	f, err := openFold(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("read documents: %w", err)
	}
	v.fold = f
	return f, nil
}

// Apply implements [workspace.View].
func (v *view) Apply(ctx context.Context, batch []workspace.Opened) (workspace.Result, error) {
	f, err := v.writer(ctx)
	if err != nil {
		return workspace.Result{}, err
	}
	c := v.carried
	if v.carried = nil; c == nil {
		c = newChanges()
	}
	for _, o := range batch {
		body, err := Decode(o.Body, o.Space, o.Device)
		if err != nil {
			c.bad[o.ID] = err.Error()
			continue
		}
		if err := f.add(ctx, o, body, c); err != nil {
			return workspace.Result{}, fmt.Errorf("fold %s: %w", o.ID.Short(), err)
		}
	}
	if err := f.save(ctx, c); err != nil {
		return workspace.Result{}, err
	}
	return workspace.Result{Bad: c.bad, After: func() { v.tell(ctx, c) }}, nil
}

// Reset implements [workspace.View].
func (v *view) Reset() { v.fold, v.carried = nil, nil }

// write runs fn on the writer's picture in a transaction of its own, and tells
// what it changed. Nothing is written when fn returns an error.
func (v *view) write(ctx context.Context, fn func(ctx context.Context, f *fold, c *changes) error) error {
	c := newChanges()
	err := v.storage().Write(ctx, func(ctx context.Context) (err error) {
		undone := true // by an error, or by a panic that the caller's edge catches
		defer func() {
			if undone {
				v.Reset()
			}
		}()
		f, err := v.writer(ctx)
		if err != nil {
			return err
		}
		if err := fn(ctx, f, c); err != nil {
			return err
		}
		if err := f.save(ctx, c); err != nil {
			return err
		}
		undone = false
		return nil
	})
	if err != nil {
		return err
	}
	v.tell(ctx, c)
	return nil
}

// tell publishes what a committed batch changed.
func (v *view) tell(ctx context.Context, c *changes) {
	v.telling.Lock()
	defer v.telling.Unlock()
	ctx = context.WithoutCancel(ctx)
	v.list.update(c.pictures)
	for _, l := range c.locals {
		v.list.setLocal(l.id, l.local)
	}
	for _, r := range c.reloads {
		v.service.desk.forget(deskKey{v.ws, r})
		v.service.Reload.Publish(Reload{Workspace: v.ws, ID: r})
	}
	for _, changes := range c.told {
		v.service.ChangesArrived.Publish(changes)
	}
	for _, p := range c.pictures {
		if d, ok := v.list.document(ctx, p.row.ID); ok {
			v.service.DocumentChanged.Publish(d)
		}
	}
	for _, m := range c.mentions {
		if d, ok := v.list.document(ctx, m.Document.ID); ok {
			m.Document = d
			v.service.Mentioned.Publish(m)
		}
	}
	for _, p := range c.pictures {
		v.service.compactor.note(v, p)
	}
}

func (v *view) trouble(format string, args ...string) {
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg
	}
	v.service.Trouble.Publish(Trouble{Workspace: v.ws, Text: fmt.Sprintf(format, values...)})
}
