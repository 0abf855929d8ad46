package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/app/bundle"
	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/paper"
	"parvis/crdt/seal"
)

// BackupKeys are what opens a workspace's backup, and its way back in; the keys of this
// device are not among them (rule K75).
type BackupKeys struct {
	LogKey  seal.Key
	Genesis []byte // of the own person
	Epochs  []SpaceEpoch
	Members []PeerAddrs
}

// BackupKeys collects the keys of what this device can read, the newest epoch of a
// space first.
func (m *Manager) BackupKeys(ctx context.Context, w *Workspace) (BackupKeys, error) {
	if !w.Ready() {
		return BackupKeys{}, ErrNotReady
	}
	genesis, found, err := w.storage.Secret(ctx, w.id, secretSelf)
	if err != nil || !found {
		return BackupKeys{}, errors.Join(ErrNotReady, err)
	}
	keys := BackupKeys{LogKey: w.keys.log(), Genesis: genesis, Members: m.Neighbours(ctx, w)}
	st := w.State()
	for _, space := range st.Spaces() {
		for _, epoch := range slices.Backward(st.Epochs(space.ID)) {
			if secret, have := w.keys.epoch(epoch.ID); have {
				keys.Epochs = append(keys.Epochs, SpaceEpoch{space.ID, epoch.ID, secret})
			}
		}
	}
	return keys, nil
}

// Backup writes everything that this device holds of a workspace: the log with its blobs,
// the envelopes of the spaces that it can read, the blocks of whole files.
func (w *Workspace) Backup(ctx context.Context, to Records, files CarriedFiles) (BundleMade, error) {
	if !w.Ready() {
		return BundleMade{}, ErrNotReady
	}
	e := &bundleExport{w: w, spec: BundleSpec{All: true, Files: files}, file: to}
	e.spaces, e.known, e.chains = map[seal.SpaceID]bool{}, feed.Vector{}, map[feed.FeedID]bool{}
	st := w.State()
	for id := range w.feeds.vector() {
		if st.CanRead(id.Space, w.self.device) || w.knowsSpace(st, id.Space) {
			e.spaces[id.Space], e.chains[id] = true, true
		}
	}
	for _, step := range []func(context.Context) error{e.objects, e.blocks} {
		if err := step(ctx); err != nil {
			return BundleMade{}, fmt.Errorf("back up workspace %s: %w", w.id.Short(), err)
		}
	}
	return e.made, nil
}

// knowsSpace reports whether this device could read a space once: who was removed keeps
// what is on the own computer.
func (w *Workspace) knowsSpace(st *member.State, space seal.SpaceID) bool {
	return slices.ContainsFunc(st.Epochs(space), func(e member.Epoch) bool { return w.keys.hasEpoch(e.ID) })
}

// Restore makes a workspace of the log and the keys of a backup, in which the paper key
// adds this device to its person. What the backup holds besides goes into it with
// TakeBackup; then Restored connects it.
func (m *Manager) Restore(ctx context.Context, ws seal.ID, key paper.Key, keys BackupKeys, log Received) (*Workspace, error) {
	m.starting.Lock()
	defer m.starting.Unlock()
	if _, err := m.Get(ws); err == nil {
		return nil, ErrJoined
	}
	seed, err := m.deviceSeed(ctx, ws)
	if err != nil {
		return nil, err
	}
	w := m.bare(ws)
	err = w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		_, err := m.enroll(ctx, w, enrolment{key: key, seed: seed, lk: keys.LogKey, log: log, keys: keys.Epochs}, after)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("restore workspace %s: %w", ws.Short(), err)
	}
	m.put(w)
	return w, nil
}

// Restored connects a workspace that was restored, and tells the others of this device.
func (m *Manager) Restored(ctx context.Context, w *Workspace, members []PeerAddrs) {
	m.present(ctx, w, members)
	m.bringBack(w)
}

// BackupIntake takes the records of a backup into a workspace, with all checks of what
// comes from a peer.
type BackupIntake struct{ in *bundleImport }

// TakeBackup begins to take records.
func (w *Workspace) TakeBackup(files FileTaker) *BackupIntake {
	return &BackupIntake{&bundleImport{w: w, files: files, waits: map[seal.ID]bool{}, held: feed.Vector{}}}
}

// Add takes one record, in the order of the backup.
func (b *BackupIntake) Add(ctx context.Context, kind bundle.Kind, body []byte) error {
	return b.in.add(ctx, kind, body)
}

// Finish takes what is left and says what became of all.
func (b *BackupIntake) Finish(ctx context.Context) (BundleReport, error) {
	err := b.in.finish(ctx)
	return b.in.report, err
}
