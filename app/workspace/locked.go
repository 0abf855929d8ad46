package workspace

import (
	"context"
	"maps"
	"slices"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Bounds of what is asked for.
const (
	maxLacked  = 256 // epochs that envelopes wait for
	maxAsked   = 32  // epochs at a time
	maxSkipped = 11  // times that an epoch is passed over that nobody gave
	lackedScan = 16  // stored envelopes of a space that are looked at at the start
)

// lockedEpochs are the epochs that a KeyRequest asks for, because their secret is not
// here: those that others may write with now, and those that stored envelopes wait for,
// as far as the history policy lets this person have them.
func (w *Workspace) lockedEpochs(ctx context.Context) ([]member.Epoch, error) {
	st := w.State()
	if st == nil {
		return nil, nil
	}
	var locked []member.Epoch
	add := func(epoch member.Epoch) {
		if !w.keys.hasEpoch(epoch.ID) && st.OpenTo(w.self.person, epoch.Space, epoch.ID) && !slices.ContainsFunc(locked, func(e member.Epoch) bool { return e.ID == epoch.ID }) {
			locked = append(locked, epoch)
		}
	}
	for _, space := range st.Spaces() {
		if st.CanRead(space.ID, w.self.device) {
			for _, epoch := range writtenWith(st, space.ID) {
				add(epoch)
			}
		}
	}
	lacked, err := w.lackedKeys(ctx, st)
	if err != nil {
		return nil, err
	}
	for id, space := range lacked {
		if epoch, ok := st.Epoch(space, id); ok && st.CanRead(space, w.self.device) {
			add(epoch)
		}
	}
	return locked, nil
}

// writtenWith are the epochs of a space that somebody may write with: of the greatest
// number that has a usable one, all that count. Of several with one number everybody
// takes the lowest id that it has the secret of.
func writtenWith(st *member.State, space seal.SpaceID) (found []member.Epoch) {
	epochs := st.Epochs(space)
	counts := func(e member.Epoch) bool { return !e.Void }
	at := -1
	for i, epoch := range slices.Backward(epochs) {
		if st.EpochUsable(space, epoch.ID) {
			at = i
			break
		}
		if at < 0 && counts(epoch) {
			at = i // none is usable: the newest leads to all others
		}
	}
	if at < 0 {
		return nil
	}
	for _, epoch := range epochs {
		if epoch.N == epochs[at].N && counts(epoch) {
			found = append(found, epoch)
		}
	}
	return found
}

// lackedKeys are the epochs that envelopes wait for, by id.
func (w *Workspace) lackedKeys(ctx context.Context, st *member.State) (map[seal.ID]seal.SpaceID, error) {
	if !w.keys.looked.Swap(true) {
		for _, space := range st.Spaces() {
			rows, err := w.storage.EnvelopesIn(ctx, w.id, space.ID, EnvelopeWaitsForKey, lackedScan)
			if err != nil {
				w.keys.looked.Store(false)
				return nil, err
			}
			for _, row := range rows {
				if env, err := feed.Parse(row.Bytes); err == nil {
					w.keys.want(st, space.ID, env.Header.EpochID)
				}
			}
		}
	}
	w.keys.mu.Lock()
	defer w.keys.mu.Unlock()
	return maps.Clone(w.keys.lacked), nil
}

// want notes that an envelope waits for the secret of an epoch, if there is such an
// epoch.
func (k *keyring) want(st *member.State, space seal.SpaceID, epoch seal.ID) {
	if _, known := st.Epoch(space, epoch); !known {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.lacked == nil {
		k.lacked = map[seal.ID]seal.SpaceID{}
	}
	if _, have := k.epochs[epoch]; !have && len(k.lacked) < maxLacked {
		k.lacked[epoch] = space
	}
}

// turns says how often an epoch is passed over before it is asked for again.
type turns struct{ left, skipped int }

// turn reports whether it is an epoch's turn to be asked for. It comes more and more
// seldom, so that those that nobody has do not stand before the others.
func (k *keyring) turn(epoch seal.ID) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.asked == nil || len(k.asked) > 4*maxLacked {
		k.asked = map[seal.ID]turns{}
	}
	t := k.asked[epoch]
	now := t.left == 0
	if t.left--; now {
		t.skipped = min(2*t.skipped+1, maxSkipped)
		t.left = t.skipped
	}
	k.asked[epoch] = t
	return now
}
