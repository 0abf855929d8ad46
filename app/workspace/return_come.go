package workspace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/paper"
	"parvis/crdt/seal"
)

// secretReturning says that nobody has the entry yet with which the paper key added this
// device.
const secretReturning = "returning"

// Return brings the person of a paper key back into the workspace of a link, with this
// device. It asks until somebody answers, for at most wait: the key is kept nowhere.
func (m *Manager) Return(ctx context.Context, text string, key paper.Key, wait time.Duration) (*Workspace, error) {
	link, err := member.ParseReturnLink(text)
	if err != nil {
		return nil, err
	}
	if link.Expired(m.Now().UnixMilli()) {
		return nil, ErrLinkExpired
	}
	if w, err := m.Get(link.WS); err == nil {
		return w, m.comesAgain(ctx, w, link)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	defer m.awaitMembers(link.Peers)()
	seed, err := m.deviceSeed(ctx, link.WS)
	if err != nil {
		return nil, err
	}
	for pause := joinFirstPause; ; pause = min(2*pause, joinMaxPause) {
		err = m.askReturn(ctx, link, key, seed)
		if w, here := m.Get(link.WS); here == nil {
			if err != nil {
				m.bringBack(w) // it is in our log: only the others do not know
			}
			return w, nil
		}
		var refusal *Refusal
		if errors.As(err, &refusal) && refusal.final() || errors.Is(err, errForeignLog) || errors.Is(err, ErrNotYours) {
			return nil, err
		}
		m.Logger.Debug("come back: nobody answers", "err", err)
		select {
		case <-ctx.Done():
			return nil, errors.Join(ErrNobodyAnswers, err)
		case <-time.After(pause):
		}
	}
}

// ErrNobodyAnswers reports that none of the members of a link for coming back answered.
var ErrNobodyAnswers = errors.New("nobody answers")

// comesAgain looks for the members again of a workspace that is here already, such as
// one that came from a backup.
func (m *Manager) comesAgain(ctx context.Context, w *Workspace, link member.ReturnLink) error {
	if !w.Ready() {
		return ErrJoined
	}
	var addrs []PeerAddrs
	for _, p := range link.Peers {
		addrs = append(addrs, PeerAddrs{Peer: p.Peer, Addrs: p.Addrs})
	}
	if _, waits, err := m.Storage.Secret(ctx, w.id, secretReturning); err != nil || !waits {
		return errors.Join(err, ErrJoined)
	}
	m.Learn(ctx, addrs)
	defer m.awaitMembers(link.Peers)()
	err := m.bringTo(ctx, w, addrs)
	if err == nil {
		return m.arrivedBack(ctx, w)
	}
	return errors.Join(ErrNobodyAnswers, err)
}

// awaitMembers lets the peers of a link in until the result is called.
func (m *Manager) awaitMembers(peers []member.LinkPeer) (done func()) {
	m.doorsMu.Lock()
	defer m.doorsMu.Unlock()
	m.opened++
	n := m.opened
	if m.peers == nil {
		m.peers = map[int][]member.LinkPeer{}
	}
	m.peers[n] = peers
	return func() {
		m.doorsMu.Lock()
		delete(m.peers, n)
		m.doorsMu.Unlock()
	}
}

// expected reports whether somebody comes back through a peer just now.
func (d *returnDoors) expected(peer seal.ID) bool {
	d.doorsMu.Lock()
	defer d.doorsMu.Unlock()
	for _, peers := range d.peers {
		for _, p := range peers {
			if p.Peer == peer {
				return true
			}
		}
	}
	return false
}

// askReturn asks the members of a link, one after the other, until one gave the log and
// took the entry.
func (m *Manager) askReturn(ctx context.Context, link member.ReturnLink, key paper.Key, seed [32]byte) error {
	kem, err := seal.NewKEMKey(seed)
	if err != nil {
		return err
	}
	var failed []error
	for _, peer := range link.Peers {
		request, err := member.NewReturnRequest(key.Sign(), link.WS, m.device.ID(), kem.Public(), peer.Peer, m.network.Self())
		if err != nil {
			return err
		}
		raw, err := seal.Encode(returnBody{V: 1, WS: link.WS, Request: request})
		if err != nil {
			return err
		}
		err = m.network.Link(ctx, peer.Peer, peer.Addrs, Knock{Return: true, Request: raw, Accept: func(welcome Welcome) ([]byte, error) {
			w, sealed, err := m.comeBack(ctx, link, key, seed, welcome)
			if err != nil {
				return nil, err
			}
			m.present(ctx, w, welcome.Addrs)
			return sealed, nil
		}})
		if err == nil {
			w, err := m.Get(link.WS)
			if err != nil {
				return err
			}
			return m.arrivedBack(ctx, w)
		}
		if _, here := m.Get(link.WS); here == nil {
			return err
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// comeBack keeps the log that a member gave, in which the paper key adds this device,
// in one transaction.
func (m *Manager) comeBack(ctx context.Context, link member.ReturnLink, key paper.Key, seed [32]byte, welcome Welcome) (*Workspace, []byte, error) {
	m.starting.Lock()
	defer m.starting.Unlock()
	if _, err := m.Get(link.WS); err == nil {
		return nil, nil, ErrJoined
	}
	kem, err := seal.NewKEMKey(seed)
	if err != nil {
		return nil, nil, err
	}
	box, err := member.OpenDeviceBox(kem, link.WS, m.device.ID(), welcome.Grant)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", errForeignLog, err)
	}
	w := m.bare(link.WS)
	var sealed []byte
	err = w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		sealed, err = m.enroll(ctx, w, enrolment{
			key: key, seed: seed, lk: box.LK, log: Received{Entries: welcome.Entries, Blobs: welcome.Blobs},
		}, after)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("come back to workspace %s: %w", w.id.Short(), err)
	}
	m.put(w)
	return w, sealed, nil
}

// enrolment is what a paper key needs to add this device to its person.
type enrolment struct {
	key  paper.Key
	seed [32]byte // of this device's encryption key
	lk   seal.Key
	log  Received
	keys []SpaceEpoch
}

// enroll makes a workspace of a log and adds this device to the person of the paper key,
// inside a transaction. It returns the entry as it travels.
func (m *Manager) enroll(ctx context.Context, w *Workspace, e enrolment, after *afterCommit) ([]byte, error) {
	if err := m.Storage.AddWorkspace(ctx, w.id); err != nil {
		return nil, err
	}
	if err := w.keys.setLog(ctx, e.lk); err != nil {
		return nil, err
	}
	var bad []error
	if err := w.receiveLog(ctx, e.log, after, &bad); err != nil {
		return nil, err
	}
	st := w.members.pending()
	if st.WS() != w.id || st.LogKeyID() != member.LogKeyID(e.lk) {
		return nil, errors.Join(append(bad, errForeignLog)...)
	}
	person, ok := st.RecoveryOwner(e.key.Sign().Public())
	if !ok || person.Status != member.Active {
		return nil, ErrNotYours
	}
	genesis, ok := w.members.genesisOf(person.ID)
	if !ok {
		return nil, errForeignLog
	}
	m.give(w, person.ID)
	if err := w.keepIdentity(ctx, genesis, e.seed); err != nil {
		return nil, err
	}
	for _, k := range e.keys {
		epoch, ok := st.Epoch(k.Space, k.Epoch)
		if !ok || !member.CheckSecret(w.id, epoch, k.Secret) {
			continue // the log says which keys there are
		}
		if err := w.keys.addEpoch(ctx, k.Space, k.Epoch, k.Secret); err != nil {
			return nil, err
		}
	}
	sealed, err := m.addSelf(ctx, w, e.key.Sign(), e.seed, after)
	if err != nil {
		return nil, err
	}
	if err := m.Storage.DeleteSecret(ctx, seal.ID{}, secretDeviceKEM+w.id.String()); err != nil {
		return nil, err
	}
	if err := m.Storage.PutSecret(ctx, w.id, secretReturning, []byte{1}); err != nil {
		return nil, err
	}
	return sealed, w.unlock(ctx, after)
}

// genesisOf is the genesis of a person, of the entries of a running transaction too.
func (m *membership) genesisOf(person seal.ID) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.log.GenesisOf(person)
}

// addSelf adds this device to the own person, signed by the paper key.
func (m *Manager) addSelf(ctx context.Context, w *Workspace, key seal.SignKey, seed [32]byte, after *afterCommit) ([]byte, error) {
	kem, err := seal.NewKEMKey(seed)
	if err != nil {
		return nil, err
	}
	st := w.members.pending()
	person, _ := st.Person(w.self.person)
	idx := -1
	for _, id := range person.Devices {
		if d, ok := st.Device(id); ok {
			idx = max(idx, d.Idx)
		}
	}
	_, record, err := member.NewDeviceRecord(m.device, kem.Public(), idx+1, platform(), w.self.person)
	if err != nil {
		return nil, err
	}
	body, err := member.DeviceAddBody{Person: w.self.person, Record: record}.Encode()
	if err != nil {
		return nil, err
	}
	entry, err := w.members.postAs(ctx, key, member.TypeDeviceAdd, body, after)
	if err != nil {
		return nil, err
	}
	w.members.mu.Lock()
	defer w.members.mu.Unlock()
	return w.members.sealed[entry.ID], nil
}

// SpaceEpoch is the secret of an epoch of a space.
type SpaceEpoch struct {
	Space  seal.SpaceID
	Epoch  seal.ID
	Secret seal.Key
}
