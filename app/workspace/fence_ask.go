package workspace

import (
	"context"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// Hidden names the envelopes of a space that are beyond the fences of a removal.
func (w *Workspace) Hidden(ctx context.Context, space seal.SpaceID) (map[seal.ID]bool, error) {
	if len(w.members.pending().CutDevices()) == 0 {
		return nil, nil
	}
	ids, err := w.storage.HiddenIDs(ctx, w.id, space)
	if err != nil {
		return nil, err
	}
	hidden := make(map[seal.ID]bool, len(ids))
	for _, id := range ids {
		hidden[id] = true
	}
	return hidden, nil
}

// Knew reports whether the author of a stored envelope knew of a removal of a device
// that counts. Who knew and still builds on what is hidden does not make it count.
func (w *Workspace) Knew(ctx context.Context, envelope, device seal.ID) (bool, error) {
	row, found, err := w.storage.Envelope(ctx, w.id, envelope)
	if err != nil || !found {
		return true, err
	}
	env, err := feed.Parse(row.Bytes)
	if err != nil {
		return true, nil
	}
	cut, _ := w.members.pending().Cut(device)
	for _, removal := range cut.Entries {
		if w.members.knows(env.Header.LogRefs, removal) {
			return true, nil
		}
	}
	return false, nil
}

// knows reports whether an entry is one of heads or in their past.
func (m *membership) knows(heads []seal.ID, entry seal.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.Contains(heads, entry)
}
