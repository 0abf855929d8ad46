package workspace

import (
	"context"

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
