package store

import (
	"context"
	"sync"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// notices knows whom to tell about damage and lost commits. Damage is told on a
// goroutine of its own, because it is found inside reads and transactions.
type notices struct {
	mu       sync.Mutex
	damage   []func(ws seal.ID, d workspace.Damage) // guarded by mu
	rollback []func()                               // guarded by mu
	queue    []notice                               // guarded by mu
	state    noticeState                            // guarded by mu
	wg       sync.WaitGroup
}

type notice struct {
	ws     seal.ID
	damage workspace.Damage
}

type noticeState int

const (
	noticesStopped noticeState = iota
	noticesIdle
	noticesTelling
)

// OnDamage adds a function that is told of damaged rows after they were removed.
// It runs on a goroutine of the store, one call at a time, and may use the store.
// What was found before the first function was added, while the store opened, is
// told to it.
func (db *DB) OnDamage(fn func(ws seal.ID, d workspace.Damage)) {
	db.notices.mu.Lock()
	defer db.notices.mu.Unlock()
	db.notices.damage = append(db.notices.damage, fn)
	db.notices.wakeLocked()
}

// OnRollback adds a function that runs on the writer's goroutine whenever work
// that had run without error was undone because the shared commit failed, before
// anything else is written. It must not use the store.
func (db *DB) OnRollback(fn func()) {
	db.notices.mu.Lock()
	defer db.notices.mu.Unlock()
	db.notices.rollback = append(db.notices.rollback, fn)
}

// reportDamage tells about a damaged row; inside a transaction once it is
// committed. During a scrub the row goes into its findings instead.
func (db *DB) reportDamage(ctx context.Context, ws seal.ID, d workspace.Damage) {
	if f := findingsOf(ctx); f != nil {
		f.list = append(f.list, d)
		return
	}
	db.afterCommit(ctx, func() { db.notices.tell(notice{ws, d}) })
}

func (n *notices) rolledBack() {
	n.mu.Lock()
	tell := n.rollback
	n.mu.Unlock()
	for _, fn := range tell {
		fn()
	}
}

func (n *notices) start() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.state = noticesIdle
	n.queue = nil
}

// stop tells what is queued and waits for it.
func (n *notices) stop() {
	n.wg.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	n.state = noticesStopped
}

func (n *notices) tell(found notice) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.state == noticesStopped {
		return
	}
	n.queue = append(n.queue, found)
	n.wakeLocked()
}

// wakeLocked starts the telling when there is something to tell and somebody to
// listen. The caller holds mu.
func (n *notices) wakeLocked() {
	if n.state == noticesIdle && len(n.queue) > 0 && len(n.damage) > 0 {
		n.state = noticesTelling
		n.wg.Go(n.drain)
	}
}

func (n *notices) drain() {
	for {
		n.mu.Lock()
		if len(n.queue) == 0 {
			n.state = noticesIdle
			n.mu.Unlock()
			return
		}
		found := n.queue[0]
		n.queue = n.queue[1:]
		tell := n.damage
		n.mu.Unlock()
		for _, fn := range tell {
			fn(found.ws, found.damage)
		}
	}
}
