package workspace

import (
	"context"
	"errors"
	"fmt"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// takeWorkspace becomes a device of the person in one workspace.
func (m *Manager) takeWorkspace(t *taking, taken takenWorkspace) error {
	if w, err := m.Get(taken.WS); err == nil {
		device, ok := w.State().Device(w.self.device)
		sponsor, known := w.State().Device(t.stored.Device)
		if w.Ready() && ok && known && device.Active && device.Person == sponsor.Person {
			return nil // it came before a restart
		}
		return ErrJoined
	}
	kem, err := seal.NewKEMKey(taken.Seed)
	if err != nil {
		return err
	}
	var offer deviceOffer
	return m.ask(t, member.DeviceTake, taken.WS, Knock{
		Converse: func(ctx context.Context, talk Talk) error {
			raw, err := talk.Receive(ctx)
			if err != nil {
				return err
			}
			if offer, err = seal.Decode[deviceOffer](raw); err != nil || offer.V != 1 || offer.WS != taken.WS {
				return fmt.Errorf("%w: an offer: %w", ErrBad, err)
			}
			_, person, err := member.ParsePersonGenesis(offer.Genesis)
			if err != nil {
				return fmt.Errorf("%w: %w", ErrBad, err)
			}
			_, record, err := member.NewDeviceRecord(m.device, kem.Public(), offer.Idx, platform(), person)
			if err != nil {
				return err
			}
			return talk.Send(ctx, record)
		},
		Accept: func(w Welcome) ([]byte, error) { return nil, m.adopt(t, taken, offer.Genesis, w) },
	})
}

// adopt keeps a workspace that this device was given, in one transaction.
func (m *Manager) adopt(t *taking, taken takenWorkspace, genesis []byte, welcome Welcome) error {
	m.starting.Lock()
	defer m.starting.Unlock()
	if _, err := m.Get(taken.WS); err == nil {
		return ErrJoined // a join began meanwhile
	}
	_, person, err := member.ParsePersonGenesis(genesis)
	if err != nil {
		return err
	}
	w := m.make(taken.WS, person)
	err = w.write(t.ctx, func(ctx context.Context, after *afterCommit) error {
		if err := m.Storage.AddWorkspace(ctx, w.id); err != nil {
			return err
		}
		if err := w.keepIdentity(ctx, genesis, taken.Seed); err != nil {
			return err
		}
		if err := m.Storage.DeleteSecret(ctx, seal.ID{}, secretDeviceKEM+w.id.String()); err != nil {
			return err
		}
		return w.acceptDevice(ctx, t, welcome, after)
	})
	if err != nil {
		return fmt.Errorf("keep workspace %s: %w", w.id.Short(), err)
	}
	m.put(w)
	if _, err := w.learn(t.ctx, append(welcome.Addrs, PeerAddrs{Peer: t.link.Peer.Peer, Addrs: t.link.Peer.Addrs})); err != nil {
		m.Logger.Warn("learn addresses", "workspace", w.id.Short(), "err", err)
	}
	if err := m.attach(w); err != nil {
		m.Logger.Error("attach", "workspace", w.id.Short(), "err", err)
	}
	m.Events.State.Publish(StateChanged{Workspace: w.id})
	return nil
}

// acceptDevice checks and keeps what another device of the own person gave: the log
// must be one in which both are devices of the same person, and every secret must
// fit its epoch.
func (w *Workspace) acceptDevice(ctx context.Context, t *taking, welcome Welcome, after *afterCommit) error {
	kem, ok := w.keys.kemOf(0)
	if !ok {
		return ErrNoKey
	}
	box, err := member.OpenDeviceBox(kem, w.id, w.self.device, welcome.Grant)
	if err != nil {
		return fmt.Errorf("%w: %w", errForeignLog, err)
	}
	if err := w.keys.setLog(ctx, box.LK); err != nil {
		return err
	}
	var bad []error
	if err := w.receiveLog(ctx, Received{Entries: welcome.Entries, Blobs: welcome.Blobs}, after, &bad); err != nil {
		return err
	}
	st := w.members.pending()
	own, ok := st.Device(w.self.device)
	sponsor, known := st.Device(t.stored.Device)
	switch {
	case st.LogKeyID() != member.LogKeyID(box.LK), !ok || !known || !own.Active || !sponsor.Active:
		return errors.Join(append(bad, errForeignLog)...)
	case own.Person != w.self.person || sponsor.Person != w.self.person:
		return errForeignLog
	case w.id == t.link.WS && (w.self.person != t.stored.Person || !w.members.has(t.stored.LogHead)):
		return errForeignLog
	}
	for _, space := range box.Spaces {
		for _, given := range space.Epochs {
			epoch, ok := st.Epoch(space.Space, given.ID)
			if !ok || !member.CheckSecret(w.id, epoch, given.Secret) {
				continue // of an epoch that was made meanwhile: asked for when it is here
			}
			if err := w.keys.addEpoch(ctx, space.Space, given.ID, given.Secret); err != nil {
				return err
			}
		}
	}
	return w.unlock(ctx, after)
}
