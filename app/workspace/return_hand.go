package workspace

import (
	"context"
	"errors"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// present shows a workspace that came, and connects it.
func (m *Manager) present(ctx context.Context, w *Workspace, addrs []PeerAddrs) {
	if _, err := w.learn(ctx, addrs); err != nil {
		m.Logger.Warn("learn addresses", "workspace", w.id.Short(), "err", err)
	}
	if err := m.attach(w); err != nil {
		m.Logger.Error("attach", "workspace", w.id.Short(), "err", err)
	}
	m.staff()
	m.Events.State.Publish(StateChanged{Workspace: w.id})
}

// startReturns goes on telling the others of the devices that a paper key added.
func (m *Manager) startReturns(ctx context.Context) error {
	for _, w := range m.List() {
		_, waits, err := m.Storage.Secret(ctx, w.id, secretReturning)
		if err != nil {
			return err
		}
		if waits {
			m.bringBack(w)
		}
	}
	return nil
}

// bringBack brings the entry with which the paper key added this device to the others, in
// the background, until one of them counts it in (rule K73). They are strangers until then.
// That somebody took the entry is not enough: it may be the device that was lost.
func (m *Manager) bringBack(w *Workspace) {
	m.wg.Go(func() {
		for pause := joinFirstPause; ; pause = min(2*pause, joinMaxPause) {
			if m.metAsMember(w) {
				if err := m.arrivedBack(m.ctx, w); err == nil || m.ctx.Err() != nil {
					return
				}
			} else {
				m.bringToAll(m.ctx, w, m.Neighbours(m.ctx, w))
			}
			if _, waits, err := m.Storage.Secret(m.ctx, w.id, secretReturning); err == nil && !waits {
				return // somebody opened a link meanwhile
			}
			select {
			case <-m.ctx.Done():
				return
			case <-time.After(pause):
			}
		}
	})
}

// metAsMember reports whether a member has taken this device for one: it said what it has,
// which nobody says to a stranger.
func (m *Manager) metAsMember(w *Workspace) bool {
	for _, d := range w.State().ActiveDevices() {
		if d.ID != w.self.device && w.Online(d.ID) && len(w.custody.of(d.ID)) > 0 {
			return true
		}
	}
	return false
}

// bringToAll hands the entry to some members, until one counts this device in.
func (m *Manager) bringToAll(ctx context.Context, w *Workspace, members []PeerAddrs) {
	for _, peer := range members {
		if m.metAsMember(w) {
			return
		}
		if m.bringTo(ctx, w, []PeerAddrs{peer}) == nil {
			m.network.Recheck()
		}
	}
}

// bringTo hands the entry to one of some members.
func (m *Manager) bringTo(ctx context.Context, w *Workspace, members []PeerAddrs) error {
	entry, found := w.members.addedBy(w.self.device)
	if !found {
		return ErrNotFound
	}
	raw, err := seal.Encode(returnBody{V: 1, WS: w.id, Entry: entry})
	if err != nil {
		return err
	}
	failed := []error{ErrNobodyAnswers}
	for _, peer := range members {
		if ctx.Err() != nil {
			break
		}
		if err = m.network.Link(ctx, peer.Peer, peer.Addrs, Knock{Return: true, Request: raw, Accept: nothing}); err == nil {
			return nil
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// addedBy is the entry that made a device known, as it travels.
func (m *membership) addedBy(device seal.ID) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.log.Order() {
		entry := m.log.Entry(id)
		if entry.Type != member.TypeDeviceAdd {
			continue
		}
		body, err := member.DecodeDeviceAdd(entry.Body)
		if err != nil {
			continue
		}
		if record, err := member.ParseDeviceRecord(body.Record, body.Person); err == nil && record.SignPK == device {
			return m.sealed[id], true
		}
	}
	return nil, false
}

// arrivedBack notes that the others know this device.
func (m *Manager) arrivedBack(ctx context.Context, w *Workspace) error {
	err := m.Storage.Write(ctx, func(ctx context.Context) error { return m.Storage.DeleteSecret(ctx, w.id, secretReturning) })
	m.network.Recheck()
	m.Events.State.Publish(StateChanged{Workspace: w.id})
	return err
}

// Returning reports whether nobody else knows yet that the paper key added this device.
func (m *Manager) Returning(ctx context.Context, w *Workspace) (bool, error) {
	_, waits, err := m.Storage.Secret(ctx, w.id, secretReturning)
	return waits, err
}
