// Package workspace is one team as this device holds it: its membership log,
// spaces, epochs and feeds. It is the only place that seals, opens and appends
// envelopes, and it implements the replica that peers compare with theirs.
//
// State has one owner: everything that changes the log or a chain runs inside
// [Transactor.Write], which serialises. What readers may see (the committed
// tails, the resolved state) lies behind a mutex and moves only after a commit:
// store, commit, then tell.
package workspace

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Workspace is one team. It is made by [Manager].
type Workspace struct {
	surroundings
	id    seal.ID
	self  identity
	views map[Kind]View

	keys     *keyring
	members  *membership
	feeds    *feeds
	custody  *custody
	fences   *fences
	waiting  waitingRoom
	presence presence
	grants   grants
	hints    hints
	outlets
	joining atomic.Pointer[joining] // nil once the workspace is ready
}

// surroundings are what all workspaces of a manager share.
type surroundings struct {
	storage Storage
	events  *Events
	logger  *slog.Logger
	now     func() time.Time
	files   Files // nil: none
}

// outlets are where commits are told.
type outlets struct {
	network  atomic.Pointer[attachment]
	couriers couriers // to the super-peers
}

// identity is who this device is in the workspace.
type identity struct {
	person seal.ID
	device seal.ID
	sign   seal.SignKey
	peer   seal.ID
}

// Replication is the network's side of a workspace: what this device committed
// is pushed to connected members.
type Replication interface {
	// Wake says that something new was committed here.
	Wake()
	// Resync compares everything again with every connected peer.
	Resync()
	// SendLive sends an ephemeral hint to the connected devices that to accepts.
	SendLive(body []byte, to func(peer seal.ID) bool)
	// Lacking says how many envelopes a connected peer holds and this device lacks: of
	// the peer that is furthest ahead.
	Lacking() uint64
	Close() error
}

type attachment struct{ Replication }

// ID is the hash of the genesis entry.
func (w *Workspace) ID() seal.ID { return w.id }

// Self is the person and the device that act here.
func (w *Workspace) Self() (person, device seal.ID) { return w.self.person, w.self.device }

// State is the membership state after everything known. It is immutable.
func (w *Workspace) State() *member.State { return w.members.state() }

// MainSpace is the space of all members.
func (w *Workspace) MainSpace() seal.SpaceID { return w.members.state().MainSpace() }

// Ready reports whether this device is a member; false while a join goes on.
func (w *Workspace) Ready() bool { return w.joining.Load() == nil }

// wake tells the network and the super-peers that something was committed.
func (w *Workspace) wake() {
	w.couriers.wake()
	if a := w.network.Load(); a != nil {
		a.Wake()
	}
}

// attach gives the workspace its replication; detach ends it.
func (w *Workspace) attach(r Replication) { w.network.Store(&attachment{r}) }

func (w *Workspace) detach() {
	if a := w.network.Swap(nil); a != nil {
		if err := a.Close(); err != nil {
			w.logger.Warn("close replication", "workspace", w.id.Short(), "err", err)
		}
	}
}

// load reads the workspace from the storage.
func (w *Workspace) load(ctx context.Context) error {
	if err := w.keys.load(ctx); err != nil {
		return fmt.Errorf("load keys: %w", err)
	}
	if err := w.members.load(ctx); err != nil {
		return fmt.Errorf("load membership log: %w", err)
	}
	if err := w.feeds.load(ctx); err != nil {
		return fmt.Errorf("load feeds: %w", err)
	}
	if err := w.custody.load(ctx); err != nil {
		return fmt.Errorf("load acknowledgements: %w", err)
	}
	if err := w.loadPresence(ctx); err != nil {
		return fmt.Errorf("load presence: %w", err)
	}
	return nil
}

// rollback forgets what was kept in memory since the last commit: it was undone.
// What is needed is read again from the storage, inside the next transaction.
func (w *Workspace) rollback() {
	w.keys.forget()
	w.feeds.forget()
	w.members.forget()
	w.fences.forget()
	for _, v := range w.views {
		v.Reset()
	}
}

// untouched is an error before which a transaction changed nothing, so that
// nothing has to be read again.
type untouched struct{ error }

func (u untouched) Unwrap() error { return u.error }

// afterCommit collects what must happen once a transaction is durable.
type afterCommit []func()

func (a *afterCommit) add(fn func()) {
	if fn != nil {
		*a = append(*a, fn)
	}
}

// write runs fn in a durable transaction and, after the commit, whatever fn
// asked for.
func (w *Workspace) write(ctx context.Context, fn func(ctx context.Context, after *afterCommit) error) error {
	var after afterCommit
	err := w.storage.Write(ctx, func(ctx context.Context) error {
		after = nil
		undone := true // by an error, or by a panic that the caller's edge catches
		defer func() {
			if undone {
				w.rollback()
			}
		}()
		w.fences.begin()
		err := fn(ctx, &after)
		if err == nil {
			err = w.fences.judge(ctx, &after)
		}
		undone = err != nil && !errors.As(err, &untouched{})
		return err
	})
	if err != nil {
		return err
	}
	for _, tell := range after {
		tell()
	}
	if len(after) > 0 {
		w.wake()
	}
	return nil
}
