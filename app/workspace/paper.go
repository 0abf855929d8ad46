package workspace

import (
	"context"
	"errors"
	"fmt"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/paper"
	"parvis/crdt/seal"
)

// recoveryKey is the paper key of a person who is made now; nil: none.
func (m *Manager) recoveryKey(ctx context.Context) (*seal.ID, error) {
	if m.Recovery == nil {
		return nil, nil
	}
	key, err := m.Recovery(ctx, m.RecoveryKeys())
	if err != nil {
		return nil, err
	}
	return &key, nil
}

// RecoveryKeys are the paper keys of the persons of this device.
func (m *Manager) RecoveryKeys() []seal.ID {
	var keys []seal.ID
	for _, w := range m.List() {
		if key, ok := w.RecoveryKey(); ok {
			keys = append(keys, key)
		}
	}
	return keys
}

// RecoveryKey is the paper key of the own person.
func (w *Workspace) RecoveryKey() (seal.ID, bool) { return w.State().RecoveryKey(w.self.person) }

// NeedsPaper reports whether the own person has to have saved the paper key, which it
// names, before anybody is invited: it founded the workspace, which otherwise would be
// lost with its devices, unless a quorum can depose an owner (protocol 2.2).
func (w *Workspace) NeedsPaper() (key seal.ID, needs bool) {
	st := w.State()
	own, ok := st.Person(w.self.person)
	key, has := w.RecoveryKey()
	return key, ok && has && own.By.IsZero() && st.Policy().Quorum == 0
}

// Why a lost device is not removed yet.
var (
	// ErrUnknownYet reports that nobody else knows this device yet: for the others nothing
	// would be removed.
	ErrUnknownYet = errors.New("the others do not know this device yet")
	// ErrBehind reports that others have more of what the lost device wrote: it would be
	// hidden from everybody.
	ErrBehind = errors.New("not all that the lost device wrote is here yet")
)

// RemoveLost removes a device of the own person from every workspace in the name of the
// paper key, which outranks all of them: what the device dates back does not count.
func (m *Manager) RemoveLost(ctx context.Context, key paper.Key, device seal.ID) error {
	if device == m.device.ID() {
		return ErrThisDevice
	}
	found, owned, others := false, false, false
	var failed []error
	for _, w := range m.List() {
		if !w.Ready() {
			continue
		}
		if own, ok := w.RecoveryKey(); !ok || own != key.Sign().Public() {
			p, known := w.State().RecoveryOwner(key.Sign().Public())
			others = others || known && p.Status == member.Active
			continue
		}
		owned = true
		d, ok := w.State().Device(device)
		if !ok || d.Person != w.self.person {
			continue
		}
		found = true
		if err := w.removeLost(ctx, key.Sign(), device); err != nil && !errors.Is(err, ErrGone) {
			failed = append(failed, err)
		}
	}
	switch {
	case !owned && others:
		return ErrOthers
	case !owned:
		return ErrNotYours
	case !found:
		return fmt.Errorf("device %s: %w", device.Short(), ErrNotFound)
	}
	return errors.Join(failed...)
}

func (w *Workspace) removeLost(ctx context.Context, key seal.SignKey, device seal.ID) error {
	_, waits, err := w.storage.Secret(ctx, w.id, secretReturning)
	if err != nil {
		return err
	}
	if waits {
		return ErrUnknownYet
	}
	err = w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		if err := w.members.fresh(ctx); err != nil {
			return err
		}
		st := w.members.pending()
		if d, ok := st.Device(device); !ok || !d.Active {
			return untouched{ErrGone}
		}
		if w.behind(st, device) {
			return untouched{ErrBehind}
		}
		fences, err := w.fencesFor(ctx, st, device)
		if err != nil {
			return err
		}
		inline, blob, name, err := member.SplitFences([]member.DeviceFences{{Device: device, Fences: fences}})
		if err != nil {
			return err
		}
		body := member.DeviceRemoveBody{Device: device, Blob: name}
		if len(inline) > 0 {
			body.Fences = inline[0].Fences
		}
		if name != nil {
			if err := w.storage.PutBlob(ctx, w.id, *name, blob); err != nil {
				return err
			}
		}
		raw, err := body.Encode()
		if err != nil {
			return err
		}
		if _, err := w.members.postAs(ctx, key, member.TypeDeviceRemove, raw, after); err != nil {
			return err
		}
		return w.rotateAll(ctx, after)
	})
	if err != nil {
		return fmt.Errorf("remove device %s with the recovery key: %w", device.Short(), err)
	}
	return nil
}

// behind reports whether the device of somebody else has more of what a device of the
// own person wrote than is here.
func (w *Workspace) behind(st *member.State, device seal.ID) bool {
	for _, space := range st.Spaces() {
		id := feed.FeedID{Space: space.ID, Device: device}
		if st.CanRead(space.ID, w.self.device) && w.custody.most(st, id, w.self.person) > w.feeds.end(id).Seq {
			return true
		}
	}
	return false
}
