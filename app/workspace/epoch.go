package workspace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Reasons of an epoch (protocol 2.7).
const (
	reasonFirst   = 0 // the space was made
	reasonMembers = 1 // no usable epoch was left: somebody was removed
	reasonAge     = 2 // a week or 10,000 envelopes
)

// When a space gets a new epoch though nobody left, and how long the devices
// with higher ids wait for the first one to do it.
const (
	epochMaxAge       = 7 * 24 * time.Hour
	epochMaxEnvelopes = 10_000
	epochPatience     = 24 * time.Hour
)

// sendEpoch is the epoch to write with, by the rule of protocol 2.7. When none
// is left because each one has a removed recipient, it makes a new one first.
func (w *Workspace) sendEpoch(ctx context.Context, space seal.SpaceID, after *afterCommit) (member.Epoch, error) {
	if err := w.members.fresh(ctx); err != nil {
		return member.Epoch{}, err
	}
	st := w.members.pending()
	if !st.CanWrite(space, w.self.device) {
		return member.Epoch{}, ErrRefused
	}
	if epoch, ok := w.sendable(st, space, w.keys.hasEpoch); ok {
		return epoch, nil
	}
	for _, epoch := range st.Epochs(space) {
		if st.EpochUsable(space, epoch.ID) && !w.exposed(epoch) {
			return member.Epoch{}, ErrNoKey // somebody will grant it
		}
	}
	return w.rotate(ctx, space, reasonMembers, after)
}

// rotate makes and posts a new epoch of a space inside a transaction.
func (w *Workspace) rotate(ctx context.Context, space seal.SpaceID, reason uint, after *afterCommit) (member.Epoch, error) {
	st := w.members.pending()
	body, secret, wraps, err := member.NewEpoch(st, space, w.self.device, w.keys.secrets(), false, reason)
	if err != nil {
		return member.Epoch{}, fmt.Errorf("make epoch: %w", err)
	}
	if err := w.storage.PutBlob(ctx, w.id, wrapsName(body.WrapsHash), wraps); err != nil {
		return member.Epoch{}, err
	}
	if err := w.keys.addEpoch(ctx, space, body.EpochID, secret); err != nil {
		return member.Epoch{}, err
	}
	raw, err := body.Encode()
	if err != nil {
		return member.Epoch{}, err
	}
	if _, err := w.members.post(ctx, member.TypeEpoch, raw, after); err != nil {
		return member.Epoch{}, fmt.Errorf("post epoch: %w", err)
	}
	epoch, ok := w.members.pending().Epoch(space, body.EpochID)
	if !ok {
		return member.Epoch{}, fmt.Errorf("the new epoch of %s was not accepted", space.Short())
	}
	return epoch, w.resealBoxes(ctx)
}

// wrapsName is the blob id of an epoch's wraps: the hash itself.
func wrapsName(hash seal.ID) seal.ID { return hash }

// unlock takes every epoch secret that the log, the wraps and older links make
// possible, and opens the envelopes that waited for them.
func (w *Workspace) unlock(ctx context.Context, after *afterCommit) error {
	st := w.members.pending()
	for _, space := range st.Spaces() {
		if !st.CanRead(space.ID, w.self.device) {
			continue
		}
		found, err := w.unlockSpace(ctx, st, space.ID)
		if err != nil {
			return err
		}
		if found {
			if err := w.openWaiting(ctx, space.ID, after); err != nil {
				return err
			}
		}
	}
	return nil
}

// unlockSpace looks for secrets newest first: an epoch's back-links give the
// older ones.
func (w *Workspace) unlockSpace(ctx context.Context, st *member.State, space seal.SpaceID) (found bool, err error) {
	epochs := st.Epochs(space)
	for i := len(epochs) - 1; i >= 0; i-- {
		epoch := epochs[i]
		secret, have := w.keys.epoch(epoch.ID)
		if !have {
			if secret, have = w.openWrap(ctx, epoch); !have {
				continue
			}
			found = true
			if err := w.keys.addEpoch(ctx, space, epoch.ID, secret); err != nil {
				return found, err
			}
		}
		more, err := w.followBack(ctx, st, epoch, secret)
		if err != nil {
			return found, err
		}
		found = found || more
	}
	return found, nil
}

// followBack opens the boxes that lead from an epoch to its predecessors.
func (w *Workspace) followBack(ctx context.Context, st *member.State, epoch member.Epoch, secret seal.Key) (found bool, err error) {
	lacking := false
	for _, prev := range epoch.Prev {
		lacking = lacking || !w.keys.hasEpoch(prev.EpochID)
	}
	if !lacking {
		return false, nil
	}
	older, err := member.OpenPrev(w.id, epoch, secret)
	if err != nil {
		w.logger.Warn("a back-link of an epoch does not open", "epoch", epoch.ID.Short(), "err", err)
		return false, nil
	}
	for id, key := range older {
		known, ok := st.Epoch(epoch.Space, id)
		if !ok || !member.CheckSecret(w.id, known, key) {
			w.logger.Warn("a back-link leads to a wrong secret", "epoch", id.Short())
			continue
		}
		if err := w.keys.addEpoch(ctx, epoch.Space, id, key); err != nil {
			return found, err
		}
		found = true
	}
	return found, nil
}

// openWrap opens this device's wrap of an epoch, if the wraps are here.
func (w *Workspace) openWrap(ctx context.Context, epoch member.Epoch) (seal.Key, bool) {
	raw, found, err := w.storage.Blob(ctx, w.id, wrapsName(epoch.WrapsHash))
	if err != nil || !found {
		return seal.Key{}, false
	}
	secret, err := member.OpenWraps(raw, epoch, w.id, w.self.device, w.keys.kemOf)
	if err != nil {
		w.logger.Debug("own wrap does not open", "epoch", epoch.ID.Short(), "err", err)
		return seal.Key{}, false
	}
	return secret, true
}

// waitingBatch is how many waiting envelopes are opened at a time.
const waitingBatch = 512

// openWaiting opens the envelopes of a space that waited for a key. What has its
// key and does not open is quarantined; what still lacks it stays.
func (w *Workspace) openWaiting(ctx context.Context, space seal.SpaceID, after *afterCommit) error {
	for locked := 0; ; {
		rows, err := w.storage.EnvelopesIn(ctx, w.id, space, EnvelopeWaitsForKey, locked+waitingBatch)
		if err != nil || len(rows) <= locked {
			return err
		}
		fresh := rows[locked:]
		still, err := w.openRows(ctx, fresh, after)
		if err != nil {
			return err
		}
		locked += still
		if len(fresh) < waitingBatch {
			return nil
		}
	}
}

// openRows opens stored envelopes and reports how many still lack their key.
func (w *Workspace) openRows(ctx context.Context, rows []EnvelopeRow, after *afterCommit) (locked int, err error) {
	var opened []Opened
	var ids, hidden []seal.ID
	var unlocked []EnvelopeRow
	for _, row := range rows {
		env, err := feed.Parse(row.Bytes)
		var one Opened
		if err == nil {
			one, err = w.open(env, w.members.pending())
		}
		switch {
		case errors.Is(err, ErrNoKey):
			locked++
			w.keys.want(w.members.pending(), env.Header.Space, env.Header.EpochID)
		case err != nil:
			if err := w.quarantine(ctx, row.ID, err.Error(), after); err != nil {
				return locked, err
			}
		default:
			if err := w.fences.place(ctx, &row, &one); err != nil {
				return locked, err
			}
			if opened, unlocked = append(opened, one), append(unlocked, row); one.Hidden {
				hidden = append(hidden, row.ID)
			} else {
				ids = append(ids, row.ID)
			}
		}
	}
	if len(opened) == 0 {
		return locked, nil
	}
	err = errors.Join(w.storage.SetEnvelopeState(ctx, w.id, ids, EnvelopeApplied, ""), w.storage.SetEnvelopeState(ctx, w.id, hidden, EnvelopeHidden, ""))
	if err != nil {
		return locked, err
	}
	if err := w.apply(ctx, opened, after); err != nil {
		return locked, err
	}
	return locked, w.fences.settle(ctx, unlocked, nil, after)
}

// maintain renews the own encryption key, sees off who left, and rotates the spaces whose
// epoch is old or much used. The active device with the lowest id does that; the others a day
// later, if it did not.
func (w *Workspace) maintain(ctx context.Context) error {
	if !w.Ready() || !w.in(w.State()) {
		return nil
	}
	if err := errors.Join(w.renewKEM(ctx), w.seeOff(ctx)); err != nil {
		return err
	}
	st := w.State()
	for _, space := range st.Spaces() {
		if !st.CanWrite(space.ID, w.self.device) {
			continue
		}
		epoch, ok := st.SendEpoch(space.ID, w.keys.hasEpoch)
		if !ok || !w.overdue(st, epoch) {
			continue
		}
		err := w.write(ctx, func(ctx context.Context, after *afterCommit) error {
			if err := w.members.fresh(ctx); err != nil {
				return err
			}
			_, err := w.rotate(ctx, space.ID, reasonAge, after)
			return err
		})
		if err != nil {
			return fmt.Errorf("rotate space %s: %w", space.ID.Short(), err)
		}
	}
	return nil
}

// overdue reports whether this device should replace an epoch now.
func (w *Workspace) overdue(st *member.State, epoch member.Epoch) bool {
	entry := w.members.entry(epoch.Entry)
	if entry == nil {
		return false
	}
	age := w.now().Sub(time.UnixMilli(entry.HintMs))
	used := w.feeds.vector()
	var envelopes uint64
	for id, tail := range used {
		if id.Space == epoch.Space {
			envelopes += tail.Seq
		}
	}
	due := age > epochMaxAge || envelopes > epoch.N*epochMaxEnvelopes
	writers := st.Recipients(epoch.Space)
	first := len(writers) > 0 && writers[0].ID == w.self.device
	return due && (first || age > epochMaxAge+epochPatience)
}
