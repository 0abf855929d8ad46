package superpeer

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"parvis/app/store"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/mailbox"
)

// keeper is the mailbox on a disk, with access lists, quotas and rates.
type keeper struct {
	box    *store.Mailbox
	lists  *lists
	bell   *mailbox.Bell
	rates  rates
	now    func() time.Time
	log    *slog.Logger
	counts counts
}

// counts are what metrics tell.
type counts struct {
	objectsIn, bytesIn   atomic.Int64
	objectsOut, bytesOut atomic.Int64
	strangers, full      atomic.Int64 // refused requests
	tooMuch, tooFast     atomic.Int64
	damaged              atomic.Int64 // objects
}

var _ mailbox.Keeper = (*keeper)(nil)

func newKeeper(config Config, box *store.Mailbox, lists *lists, bell *mailbox.Bell) *keeper {
	return &keeper{box: box, lists: lists, bell: bell, rates: rates{limits: config.Limits}, now: config.Now, log: config.Log}
}

// admit answers the one question of every request.
func (k *keeper) admit(v mailbox.Visit) error {
	if !k.lists.may(v) {
		k.counts.strangers.Add(1)
		return mailbox.ErrStranger
	}
	return nil
}

func boxOf(v mailbox.Visit, tag mailbox.Tag) store.Box {
	return store.Box{Workspace: v.Workspace, Tag: tag}
}

// Admit implements mailbox.Keeper.
func (k *keeper) Admit(ctx context.Context, v mailbox.Visit) (mailbox.Account, error) {
	if err := k.admit(v); err != nil {
		return mailbox.Account{}, err
	}
	peer, err := v.Peer.PublicKey()
	if err != nil {
		return mailbox.Account{}, err
	}
	a := mailbox.Account{}
	if a.Store, err = k.box.ID(ctx); err != nil {
		return mailbox.Account{}, err
	}
	if k.lists.listed(v) {
		a.Used, a.Limit, err = k.box.Share(ctx, peer)
	} else {
		a.Limit = newcomerBytes
		a.Used, err = k.box.Brought(ctx, v.Workspace, peer)
	}
	return a, err
}

// Put implements mailbox.Keeper.
func (k *keeper) Put(ctx context.Context, v mailbox.Visit, tag mailbox.Tag, objects []mailbox.Object, refetchable bool) error {
	if err := k.admit(v); err != nil {
		return err
	}
	peer, err := v.Peer.PublicKey()
	if err != nil {
		return err
	}
	now := k.now()
	if wait := k.rates.take(now, v.Peer, len(objects)); wait > 0 {
		k.counts.tooFast.Add(1)
		return &mailbox.RateError{Wait: wait}
	}
	d := store.Deposit{Peer: peer, Box: boxOf(v, tag), Refetchable: refetchable, Day: now.Unix() / 86400, Objects: make([]store.MailboxObject, len(objects))}
	if !k.lists.listed(v) {
		d.Newcomer = newcomerBytes
	}
	size := int64(0)
	for i, o := range objects {
		d.Objects[i] = store.MailboxObject{ID: o.ID, Bytes: o.Bytes}
		size += int64(len(o.Bytes))
	}
	last, err := k.box.Put(ctx, d)
	if err != nil {
		return k.refusal(v.Peer, err)
	}
	k.counts.objectsIn.Add(int64(len(objects)))
	k.counts.bytesIn.Add(size)
	k.bell.Ring(v.Workspace, tag, last)
	return nil
}

// refusal is what the device hears of an error of the store.
func (k *keeper) refusal(p p2p.PeerID, err error) error {
	switch {
	case errors.Is(err, store.ErrMailboxFull), errors.Is(err, store.ErrDiskFull):
		if k.counts.full.Add(1) == 1 {
			k.log.Warn("no room left: objects are refused", "err", err)
		}
		return mailbox.ErrFull
	case errors.Is(err, store.ErrMailboxQuota):
		k.counts.tooMuch.Add(1)
		k.log.Debug("a device has used up its quota", "peer", p.Short())
		return mailbox.ErrTooMuch
	}
	return err
}

// List implements mailbox.Keeper.
func (k *keeper) List(ctx context.Context, v mailbox.Visit, tag mailbox.Tag, after uint64, max int) ([]mailbox.Ref, bool, error) {
	if err := k.admit(v); err != nil {
		return nil, false, err
	}
	found, more, err := k.box.List(ctx, boxOf(v, tag), after, max)
	if err != nil {
		return nil, false, err
	}
	refs := make([]mailbox.Ref, len(found))
	for i, r := range found {
		refs[i] = mailbox.Ref{N: r.N, ID: r.ID, Size: uint32(r.Size)}
	}
	return refs, more, nil
}

// Fetch implements mailbox.Keeper.
func (k *keeper) Fetch(ctx context.Context, v mailbox.Visit, tag mailbox.Tag, ids [][32]byte) ([]mailbox.Object, [][32]byte, error) {
	if err := k.admit(v); err != nil {
		return nil, nil, err
	}
	names := make([]seal.ID, len(ids))
	for i, id := range ids {
		names[i] = id
	}
	found, rest, damaged, err := k.box.Get(ctx, boxOf(v, tag), names, mailbox.MaxWindow)
	if damaged > 0 {
		k.counts.damaged.Add(int64(damaged))
		k.log.Error("damaged objects were removed; devices will bring them again", "objects", damaged)
	}
	if err != nil {
		return nil, nil, err
	}
	objects, size := make([]mailbox.Object, len(found)), int64(0)
	for i, o := range found {
		objects[i] = mailbox.Object{ID: o.ID, Bytes: o.Bytes}
		size += int64(len(o.Bytes))
	}
	k.counts.objectsOut.Add(int64(len(objects)))
	k.counts.bytesOut.Add(size)
	return objects, ids[len(ids)-len(rest):], nil
}

// Watch implements mailbox.Keeper.
func (k *keeper) Watch(ctx context.Context, v mailbox.Visit, tags []mailbox.Tag) (*mailbox.Watcher, error) {
	if err := k.admit(v); err != nil {
		return nil, err
	}
	w := k.bell.Attach(v.Workspace, tags)
	for _, tag := range tags {
		last, err := k.box.Last(ctx, boxOf(v, tag))
		if err != nil {
			w.Leave()
			return nil, err
		}
		w.Note(tag, last)
	}
	return w, nil
}
