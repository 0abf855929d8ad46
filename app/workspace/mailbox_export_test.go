package workspace

import (
	"context"
	"time"

	"parvis/crdt/seal"
)

// Courier is a courier without a clock, for tests that take every step themselves.
type Courier struct {
	c *courier
	m Mailbox
}

// NewCourier makes the courier of a workspace to one super-peer.
func NewCourier(w *Workspace, peer seal.ID, net SuperPeers) *Courier {
	return &Courier{c: newCourier(w, peer, net)}
}

// Connect reads what is stored, opens the mailbox and adopts its store.
func (k *Courier) Connect(ctx context.Context) (err error) {
	if err := k.c.load(ctx); err != nil {
		return err
	}
	if k.m, err = k.c.open(ctx); err != nil {
		return err
	}
	for _, cursor := range k.c.cursors {
		cursor.rewind()
	}
	return k.c.adopt(ctx, k.m.Store())
}

// Read reads all tags once, and again those that wait for the log.
func (k *Courier) Read(ctx context.Context) error {
	for range 2 {
		for _, t := range k.c.tags() {
			if k.c.cursor(t.tag).lag > 0 {
				k.c.cursor(t.tag).rewind()
			}
			if err := k.c.readOne(ctx, k.m, t); err != nil {
				return err
			}
		}
	}
	return k.c.save(ctx)
}

// Upload uploads what is due at a time, and says when more will be.
func (k *Courier) Upload(ctx context.Context, now time.Time) (time.Time, error) {
	for {
		done, next, err := k.c.upload(ctx, k.m, now)
		if err != nil || !done {
			return next, err
		}
	}
}

// Publish publishes the access list where that is due.
func (k *Courier) Publish(ctx context.Context, now time.Time) time.Time {
	return k.c.publish(ctx, now)
}

// Problem is what the person is told about the super-peer.
func (k *Courier) Problem() SuperPeerProblem { return k.c.seen().problem }

// Weigh keeps up to date how full the share of the device is, until ctx ends.
func (k *Courier) Weigh(ctx context.Context, m Mailbox) error { return k.c.keepWeighing(ctx, m) }

// Worst is what is told of a super-peer.
func Worst(problem SuperPeerProblem, used, limit int64) SuperPeerProblem {
	return contactView{problem: problem, used: used, limit: limit}.worst()
}

// Brought notes that the super-peer took an object of a size.
func (k *Courier) Brought(size int) { k.c.brought([]Object{{Bytes: make([]byte, size)}}) }

// Used is how much the device knows to have stored.
func (k *Courier) Used() int64 { return k.c.seen().used }

// Waiting counts the objects that wait for what they build on.
func (k *Courier) Waiting() (count int) {
	for _, cursor := range k.c.cursors {
		count += cursor.lag
	}
	return count
}

// SealObject and OpenObject show the code of objects.
func SealObject(ws seal.ID, lk seal.Key, space seal.SpaceID, kind byte, id seal.ID, raw []byte) (Tag, Object) {
	code := newObjectCode(ws, lk)
	return code.tag(space), code.seal(code.tag(space), kind, id, raw)
}

// OpenObject gives back what SealObject was given.
func OpenObject(ws seal.ID, lk seal.Key, tag Tag, object Object) (byte, []byte, error) {
	return newObjectCode(ws, lk).open(tag, object)
}

// AccessListOf is the access list as an admin would publish it now.
func AccessListOf(w *Workspace) AccessList { return w.accessList(w.State()) }

// Plant puts something at the super-peer as a member who breaks the rules could.
func (k *Courier) Plant(ctx context.Context, space seal.SpaceID, kind byte, id seal.ID, raw []byte) error {
	tag := k.c.code.tag(space)
	return k.m.Put(ctx, tag, []Object{k.c.code.seal(tag, kind, id, raw)})
}

// ErrManyStores reports a super-peer that had another store too often.
var ErrManyStores = errManyStores

// Most changes how many objects a cursor may stay behind.
func (k *Courier) Most(n int) { k.c.most = n }

// Next reads the tag that is due at a time, if there is one.
func (k *Courier) Next(ctx context.Context, now time.Time) (due bool, err error) {
	t, due, _ := k.c.nextTag(now)
	if due {
		err = k.c.readOne(ctx, k.m, t)
	}
	return due, err
}

// Gave counts bytes as uploaded for others.
func (k *Courier) Gave(bytes int64) { k.c.gave(bytes, time.Now()) }

// MaxGiven is how many bytes a device uploads for others in one day.
const MaxGiven = maxGiven

// Left tells the person why a visit ended.
func (k *Courier) Left(err error) { k.c.left(err) }

// Rollback does what the storage does when a shared commit failed.
func Rollback(m *Manager) { m.rollback() }

// Mend does what is done after damage was found.
func Mend(m *Manager, ws seal.ID) { m.mend(ws) }

// Refused is what a workspace refuses for good.
func Refused(ctx context.Context, w *Workspace, batch Received) (raws [][]byte, err error) {
	bad, err := w.receive(ctx, batch)
	for _, one := range bad {
		raws = append(raws, one.(*refused).raw)
	}
	return raws, err
}

// Guarded is how envelopes are checked.
func Guarded(w *Workspace, n int, check func(from, to int), failed func(i int)) {
	w.guarded(n, check, failed)
}

// Behind is the first entry of the log behind some heads.
func Behind(w *Workspace, heads []seal.ID) seal.ID {
	ids, _ := w.members.missing(heads, 1, 1)
	return ids[0]
}

// Stock brings the files that are due now.
func (k *Courier) Stock(ctx context.Context, files Files) error {
	k.c.w.files = files
	k.c.stockAt(k.m)
	for now := time.Now(); ; {
		next, err := k.c.stock(ctx, k.m, now)
		if err != nil || next.After(now) {
			return err
		}
	}
}

// FetchBlocks asks this super-peer for blocks.
func (k *Courier) FetchBlocks(ctx context.Context, space seal.SpaceID, ids []seal.ID, take func(seal.ID, []byte) error) error {
	return k.c.fetchBlocks(ctx, k.m, space, ids, take)
}
