package superpeer

import (
	"context"
	"encoding/hex"
	"errors"

	"parvis/app/store"
	"parvis/crdt/seal"
	"parvis/p2p/mailbox"
)

var _ mailbox.Doors = (*keeper)(nil)

// Leave implements mailbox.Keeper.
func (k *keeper) Leave(ctx context.Context, v mailbox.Visit, d mailbox.Door) error {
	if err := k.admit(v); err != nil {
		return err
	}
	if !k.lists.listed(v) {
		return nil // a newcomer opens no doors; whoever it is, the others bring theirs
	}
	now := k.now()
	if wait := k.rates.take(now, v.Peer, 1); wait > 0 {
		k.counts.tooFast.Add(1)
		return &mailbox.RateError{Wait: wait}
	}
	err := k.box.PutDoor(ctx, store.MailboxDoor{Workspace: v.Workspace, Name: d.Name, Counter: d.Counter, Expires: d.Expires, Box: d.Box}, now.UnixMilli())
	return k.refusal(v.Peer, err)
}

// Knock implements mailbox.Doors. Who holds an invitation is all that is known about
// it, and all that it is told is the box.
func (k *keeper) Knock(ctx context.Context, v mailbox.Visit, name [32]byte) ([]byte, error) {
	door, found, err := k.box.Door(ctx, v.Workspace, name)
	now := k.now()
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, mailbox.ErrNoDoor
	case len(door.Box) == 0 || door.Expires <= now.UnixMilli():
		return nil, mailbox.ErrDoorEnded
	}
	peer, err := v.Peer.PublicKey()
	if err != nil {
		return nil, err
	}
	// A list that comes meanwhile names it or does not, not both.
	k.lists.publishing.Lock()
	defer k.lists.publishing.Unlock()
	if k.lists.listed(v) {
		return door.Box, nil
	}
	until := now.Add(newcomerTime).UnixMilli()
	n := store.Newcomer{Workspace: v.Workspace, Peer: peer, Door: seal.ID(name), Until: until}
	switch err := k.box.AddNewcomer(ctx, n, maxNewcomers, now.UnixMilli()); {
	case errors.Is(err, store.ErrMailboxQuota):
		return nil, mailbox.ErrDoorCrowded
	case err != nil:
		return nil, err
	}
	k.lists.newcomers.put(v.Workspace, v.Peer, until)
	k.log.Info("a newcomer showed an invitation", "peer", v.Peer.Short(), "workspace", hex.EncodeToString(v.Workspace[:4]))
	return door.Box, nil
}
