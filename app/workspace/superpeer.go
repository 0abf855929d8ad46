package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// maxSuperPeers bounds the super-peers of one workspace.
const maxSuperPeers = 8

// ErrTooManySuperPeers reports that a workspace has as many as it may.
var ErrTooManySuperPeers = errors.New("the workspace has as many super-peers as it may")

// ErrOwnersOnly is an [ErrRefused] for what only the owners may do.
var ErrOwnersOnly = fmt.Errorf("%w: only owners may", ErrRefused)

// SuperPeer is one super-peer of a workspace as this device sees it.
type SuperPeer struct {
	Peer        seal.ID
	Addrs       []string
	State       string
	Used, Limit int64 // bytes that this device has stored there, and may; as it was last told
	LastContact int64 // Unix milliseconds; 0: not since the start
	Queued      int   // own envelopes that are not there yet
	Alone       int   // envelopes that wait for others and, as far as is known, lie only there
	Problem     SuperPeerProblem
}

// superPeers are those of a workspace in which this device is a member.
func (w *Workspace) superPeers() []seal.ID {
	st := w.State()
	if st == nil || !w.Ready() {
		return nil
	}
	if device, ok := st.Device(w.self.device); !ok || !device.Active {
		return nil
	}
	return st.Relays()
}

// bestSuperPeer is a super-peer of the workspace, a connected one where there is.
func (w *Workspace) bestSuperPeer() (best seal.ID, ok bool) {
	for _, peer := range w.superPeers() {
		if c := w.couriers.of(peer); !ok || c != nil && c.seen().state == SuperPeerConnected {
			best, ok = peer, true
		}
	}
	return best, ok
}

// superPeerAddrs is where a super-peer was said to be.
func (w *Workspace) superPeerAddrs(ctx context.Context, peer seal.ID) ([]string, error) {
	seen, err := w.storage.Addrs(ctx, w.id)
	return seen[peer].Addrs, err
}

// SuperPeers lists the super-peers of the workspace. Who asks often sees soon how full
// they are.
func (w *Workspace) SuperPeers(ctx context.Context) ([]SuperPeer, error) {
	seen, err := w.storage.Addrs(ctx, w.id)
	if err != nil {
		return nil, err
	}
	var all []SuperPeer
	for _, peer := range w.superPeers() {
		one := SuperPeer{Peer: peer, Addrs: seen[peer].Addrs, State: SuperPeerConnecting}
		if c := w.couriers.of(peer); c != nil {
			v := c.seen()
			one.State, one.Used, one.Limit, one.Problem, one.Queued = v.state, v.used, v.limit, v.worst(), c.queued()
			ring(c.weigh)
			if !v.lastContact.IsZero() {
				one.LastContact = v.lastContact.UnixMilli()
			}
		}
		one.Alone = w.aloneAt(peer)
		all = append(all, one)
	}
	return all, nil
}

// CountSuperPeers says how many super-peers the workspace has, and how many of them
// are connected.
func (w *Workspace) CountSuperPeers() (all, up int) {
	for _, peer := range w.superPeers() {
		all++
		if c := w.couriers.of(peer); c != nil {
			if state := c.seen().state; state == SuperPeerConnected || state == SuperPeerFull {
				up++
			}
		}
	}
	return all, up
}

// queued counts the own envelopes that are not at the super-peer.
func (c *courier) queued() (count int) {
	there := c.w.custody.of(c.peer)
	for id, tail := range c.w.feeds.vector() {
		if id.Device == c.w.self.device && tail.Seq > there[id].Seq {
			count += int(tail.Seq - there[id].Seq)
		}
	}
	return count
}

// AddSuperPeer attaches a super-peer to a workspace, or gives one that is attached
// the access list again. Only an owner may.
func (m *Manager) AddSuperPeer(ctx context.Context, w *Workspace, code string) (seal.ID, error) {
	if m.superPeers == nil {
		return seal.ID{}, ErrUnreachable
	}
	setup, err := m.superPeers.ParseSetup(code)
	if err != nil {
		return seal.ID{}, err
	}
	if err := w.mayRelay(setup.Peer); err != nil {
		return seal.ID{}, err
	}
	m.expect(setup.Peer, true)
	defer m.expect(setup.Peer, false)
	list := w.accessList(w.State())
	err = m.superPeers.Publish(ctx, setup.Peer, setup.Addrs, w.id, setup.Secret, list)
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("%w: %s", ErrUnreachable, err.Error()) // nobody answered in all the time there was
	}
	if err != nil {
		return seal.ID{}, fmt.Errorf("add super-peer: %w", err)
	}
	err = w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		if err := w.storage.PutAddrs(ctx, w.id, setup.Peer, setup.Addrs, w.now().UnixMilli()); err != nil {
			return err
		}
		if err := w.members.fresh(ctx); err != nil {
			return err
		}
		if slices.Contains(w.members.pending().Relays(), setup.Peer) {
			return nil
		}
		return w.setRelays(ctx, member.RelaySetBody{Add: []seal.ID{setup.Peer}}, after)
	})
	if err != nil {
		return seal.ID{}, fmt.Errorf("add super-peer: %w", err)
	}
	m.staff()
	m.network.Recheck()
	if c := w.couriers.of(setup.Peer); c != nil {
		ring(c.retry)
	}
	return setup.Peer, nil
}

// mayRelay reports whether this device may attach a super-peer to the workspace.
func (w *Workspace) mayRelay(peer seal.ID) error {
	if !w.Ready() {
		return ErrNotReady
	}
	st := w.State()
	if person, ok := st.Person(w.self.person); !ok || person.Status != member.Active || person.Role != member.RoleOwner {
		return ErrOwnersOnly
	}
	if relays := st.Relays(); len(relays) >= maxSuperPeers && !slices.Contains(relays, peer) {
		return ErrTooManySuperPeers
	}
	return nil
}

func (w *Workspace) setRelays(ctx context.Context, body member.RelaySetBody, after *afterCommit) error {
	raw, err := body.Encode()
	if err != nil {
		return err
	}
	_, err = w.members.post(ctx, member.TypeRelaySet, raw, after)
	return err
}

// RemoveSuperPeer takes a super-peer from the workspace. What lies there stays
// sealed; nobody of the workspace goes there any more.
func (m *Manager) RemoveSuperPeer(ctx context.Context, w *Workspace, peer seal.ID) error {
	if err := w.mayRelay(peer); err != nil && !errors.Is(err, ErrTooManySuperPeers) {
		return err
	}
	err := w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		if err := w.members.fresh(ctx); err != nil {
			return err
		}
		if !slices.Contains(w.members.pending().Relays(), peer) {
			return ErrNotFound
		}
		if err := w.setRelays(ctx, member.RelaySetBody{Remove: []seal.ID{peer}}, after); err != nil {
			return err
		}
		if err := w.custody.lost(ctx, peer, after); err != nil {
			return err
		}
		return w.storage.DeleteSecret(ctx, w.id, secretCourier+peer.String())
	})
	if err != nil {
		return fmt.Errorf("remove super-peer: %w", err)
	}
	m.staff()
	m.network.Recheck()
	return nil
}

// SuperPeerKeys are the peer keys of the super-peers of all workspaces, sorted.
func (m *Manager) SuperPeerKeys() []seal.ID {
	set := map[seal.ID]bool{}
	for _, w := range m.List() {
		for _, peer := range w.superPeers() {
			set[peer] = true
		}
	}
	return slices.SortedFunc(maps.Keys(set), func(a, b seal.ID) int { return bytes.Compare(a[:], b[:]) })
}

// SuperPeerChanged notes that a super-peer was connected to or lost, or that it does
// not answer though it is connected. When it is connected its couriers need not wait
// for their next attempt.
func (m *Manager) SuperPeerChanged(peer seal.ID, connected, silent bool) {
	for _, w := range m.List() {
		if c := w.couriers.of(peer); c != nil {
			c.show(func(v *contactView) { v.silent = silent })
			if connected && c.seen().state != SuperPeerConnected {
				ring(c.retry)
			}
		}
	}
}

// Drain waits, while ctx lasts, until the connected super-peers have whatever this
// device wrote. It is for the moment before the program ends.
func (m *Manager) Drain(ctx context.Context) {
	for _, w := range m.List() {
		for _, c := range w.couriers.list() {
			c.drain(ctx)
		}
	}
}

func (c *courier) drain(ctx context.Context) {
	for {
		moved := c.nextUpload()
		if c.seen().state != SuperPeerConnected || !c.pending(ctx) {
			return
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return
		}
	}
}
