package workspace

import (
	"context"
	"slices"

	"parvis/app/bundle"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// KeysOf is the peer key of a manager's device.
func KeysOf(m *Manager) seal.ID { return m.device.PeerPublic() }

// DeviceOf is a manager's device.
func DeviceOf(m *Manager) seal.ID { return m.device.Sign.Public() }

// OutdateLink lets the time of the link that is shown be over.
func OutdateLink(m *Manager) {
	m.links.mu.Lock()
	o := m.links.shown
	o.Expires = 1
	m.links.mu.Unlock()
	o.compared <- struct{}{}
}

// Locked are the epochs that a workspace asks for.
func Locked(ctx context.Context, w *Workspace) ([]member.Epoch, error) { return w.lockedEpochs(ctx) }

// AskFor is the request of a device for the secret of an epoch.
func AskFor(w *Workspace, space seal.SpaceID, epoch seal.ID) ([]byte, error) {
	return member.NewKeyRequest(w.self.sign, w.id, space, epoch, 0)
}

// Turn reports whether it is an epoch's turn to be asked for.
func Turn(w *Workspace, epoch seal.ID) bool { return w.keys.turn(epoch) }

// Post writes an entry that no method writes yet.
func (w *Workspace) Post(ctx context.Context, typ member.Type, body []byte) error {
	return w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		_, err := w.members.post(ctx, typ, body, after)
		return err
	})
}

// BundleKeys are what opens the bundles of a workspace.
func BundleKeys(w *Workspace) bundle.Workspace {
	keys, _ := w.bundleKeys()
	return keys
}

// SignKey is what this device signs with.
func SignKey(w *Workspace) seal.SignKey { return w.self.sign }

// FenceBlobs are the fences beside removals that a welcome holds.
func FenceBlobs(ctx context.Context, w *Workspace) ([][]byte, error) { return w.fenceBlobs(ctx) }

// Maintain is what a workspace does from time to time.
func Maintain(ctx context.Context, w *Workspace) error { return w.maintain(ctx) }

// OpensWith reports whether a device has the secret of an epoch, or opens its wrap with any
// of its keys.
func OpensWith(ctx context.Context, w *Workspace, epoch member.Epoch, wraps []byte) bool {
	if w.keys.hasEpoch(epoch.ID) {
		return true
	}
	for _, reader := range append(w.State().Devices(), member.Device{ID: w.self.device}) {
		if _, err := member.OpenWraps(wraps, epoch, w.id, reader.ID, w.keys.kemOf); err == nil {
			return true
		}
	}
	return false
}

// Generations are those of the encryption keys that a device has.
func Generations(w *Workspace) (all []uint32) {
	w.keys.mu.Lock()
	defer w.keys.mu.Unlock()
	for gen := range w.keys.kem {
		all = append(all, gen)
	}
	slices.Sort(all)
	return all
}

// Wraps are the wraps of an epoch.
func Wraps(ctx context.Context, w *Workspace, epoch member.Epoch) ([]byte, bool) {
	raw, found, err := w.storage.Blob(ctx, w.id, wrapsName(epoch.WrapsHash))
	return raw, found && err == nil
}

// Meets lets a device be connected.
func Meets(w *Workspace, device seal.ID) {
	w.presence.mu.Lock()
	defer w.presence.mu.Unlock()
	w.presence.online[device] = true
}

// CountedIn reports whether a member has shown that it takes this device for one.
func CountedIn(m *Manager, w *Workspace) bool { return m.metAsMember(w) }
