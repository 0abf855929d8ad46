package workspace

import (
	"slices"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// SealSignal signs a signal of a call as this device, and says so in it.
func (w *Workspace) SealSignal(s call.Signal) ([]byte, error) {
	s.Workspace, s.From = w.id, w.self.device
	return call.Seal(w.self.sign, s)
}

// maxCallSecrets is how many epochs of a space the frames of a call may be sealed in.
const maxCallSecrets = 3

// CallSecrets is what the keys of a call's frames are made of: one for the epoch to write
// with, then those of the newest others that this device can read.
func (w *Workspace) CallSecrets(space seal.SpaceID, id call.ID) (all []seal.Key) {
	st := w.State()
	if st == nil {
		return nil
	}
	first, found := st.SendEpoch(space, w.keys.hasEpoch)
	if !found {
		return nil
	}
	add := func(epoch seal.ID) {
		if secret, ok := w.keys.epoch(epoch); ok && len(all) < maxCallSecrets {
			all = append(all, call.Secret(secret, id))
		}
	}
	add(first.ID)
	for _, epoch := range slices.Backward(st.Epochs(space)) {
		if epoch.ID != first.ID && !epoch.Void {
			add(epoch.ID)
		}
	}
	return all
}
