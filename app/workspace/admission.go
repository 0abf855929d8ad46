package workspace

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Known reports whether a peer is an active device or a super-peer of one of the
// workspaces, or somebody through whom a join goes on.
func (m *Manager) Known(peer seal.ID) bool {
	if m.linkedPeer(peer) || m.expected(peer) {
		return true
	}
	if m.knowsSuperPeer(peer) {
		return true
	}
	for _, w := range m.List() {
		if st := w.State(); st != nil {
			if device, ok := st.DeviceByPeer(peer); ok && device.Active {
				return true
			}
		}
		if j := w.joining.Load(); j != nil {
			for _, p := range j.link.Peers {
				if p.Peer == peer {
					return true
				}
			}
		}
	}
	return false
}

// Lobby reports whether strangers may knock: some invitation, or a link for a device,
// is open.
func (m *Manager) Lobby() bool { return m.LobbyFor(seal.ID{}) }

// LobbyFor reports whether a stranger may knock. A device that was removed from a
// workspace cannot come back into it, and is no guest of its invitations.
func (m *Manager) LobbyFor(peer seal.ID) bool {
	if m.linkLobby(peer) {
		return true
	}
	returns := m.returnDoor(seal.ID{}, m.Now().UnixMilli())
	for _, w := range m.List() {
		if !w.Ready() || !returns && !w.openInvites() {
			continue
		}
		if _, known := w.State().DeviceByPeer(peer); !known {
			return true
		}
	}
	return false
}

// Targets are the devices and super-peers that this one should be connected to, and
// where they were seen.
func (m *Manager) Targets(ctx context.Context) []PeerAddrs { return m.targets(ctx, m.List()...) }

// Neighbours are the devices and super-peers of one workspace and where they were
// seen, super-peers first. What is told to its members is about nobody else.
func (m *Manager) Neighbours(ctx context.Context, w *Workspace) []PeerAddrs { return m.targets(ctx, w) }

func (m *Manager) targets(ctx context.Context, of ...*Workspace) []PeerAddrs {
	byPeer, superPeers := map[seal.ID]map[string]bool{}, map[seal.ID]bool{}
	for _, w := range of {
		st := w.State()
		if st == nil || !w.Ready() {
			continue
		}
		seen, err := m.Storage.Addrs(ctx, w.id)
		if err != nil {
			if ctx.Err() == nil {
				m.Logger.Warn("read addresses", "err", err)
			}
			continue
		}
		note := func(peer seal.ID, addrs []string) {
			if byPeer[peer] == nil {
				byPeer[peer] = map[string]bool{}
			}
			for _, addr := range addrs {
				byPeer[peer][addr] = true
			}
		}
		out := w.Out() // the others refuse this device, and it knows why
		for _, device := range st.ActiveDevices() {
			if device.ID != w.self.device && !out {
				note(device.Peer, seen[device.ID].Addrs)
			}
		}
		for _, peer := range w.superPeers() {
			note(peer, seen[peer].Addrs)
			superPeers[peer] = true
		}
	}
	targets := make([]PeerAddrs, 0, len(byPeer))
	for peer, addrs := range byPeer {
		target := PeerAddrs{Peer: peer}
		for addr := range addrs {
			target.Addrs = append(target.Addrs, addr)
		}
		targets = append(targets, target)
	}
	slices.SortStableFunc(targets, func(a, b PeerAddrs) int {
		if superPeers[a.Peer] == superPeers[b.Peer] {
			return 0
		} else if superPeers[a.Peer] {
			return -1
		}
		return 1
	})
	return targets
}

// Learn remembers where a device was said to be. Addresses are hints: the
// handshake proves who answers there.
func (m *Manager) Learn(ctx context.Context, addrs []PeerAddrs) {
	news := m.rumours.note(addrs)
	for _, w := range m.List() {
		changed, err := w.learn(ctx, addrs)
		if err != nil {
			m.Logger.Warn("store addresses", "err", err)
		}
		news = news || changed
	}
	if news {
		m.network.Recheck()
	}
}

// PeerChanged notes that a peer connected or left.
func (m *Manager) PeerChanged(ctx context.Context, peer seal.ID, connected bool) {
	m.meeting.Lock()
	defer m.meeting.Unlock()
	m.mu.Lock()
	if connected {
		m.connected[peer] = true
	} else {
		delete(m.connected, peer)
	}
	m.mu.Unlock()
	for _, w := range m.List() {
		w.peerChanged(ctx, peer, connected, m.network.AddrsOf(peer))
	}
}

// greet looks at the connected peers again after the members changed: one of them
// may have become a member while connected.
func (m *Manager) greet(ctx context.Context) {
	m.meeting.Lock()
	defer m.meeting.Unlock()
	m.mu.Lock()
	peers := slices.Collect(maps.Keys(m.connected))
	m.mu.Unlock()
	for _, w := range m.List() {
		for _, peer := range peers {
			w.peerChanged(ctx, peer, true, m.network.AddrsOf(peer))
		}
	}
}

// MDNSNames are the names under which members on the local network find each
// other on the days given (days since 1970, UTC). Who lacks the log key cannot
// tell which team a name belongs to.
func (m *Manager) MDNSNames(days ...int64) []string {
	var names []string
	for _, w := range m.List() {
		if !w.Ready() {
			continue
		}
		lk := w.keys.log()
		for _, day := range days {
			name := seal.Hash("parvis1/mdns", lk[:], uint64Bytes(uint64(day)))
			names = append(names, fmt.Sprintf("%x", name[:8]))
		}
	}
	return names
}

// Answer checks a JoinRequest and makes the welcome for it. talk carries the
// comparison of codes where the invitation wants one.
func (m *Manager) Answer(ctx context.Context, from seal.ID, raw []byte, talk Talk) (Welcome, error) {
	request, err := member.ParseJoinRequest(raw)
	if seal.OutcomeOf(err) == seal.Drop {
		return Welcome{}, errors.Join(&Refusal{RefusedVersion}, err)
	}
	if err != nil {
		return Welcome{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	w, err := m.Get(request.WS)
	if err != nil || !w.Ready() {
		return Welcome{}, &Refusal{RefusedUnknown}
	}
	return m.answer(ctx, w, from, request, talk)
}

// maxBook bounds the address book in a welcome.
const maxBook = 64

// addressBook is where this device and the others are.
func (m *Manager) addressBook(ctx context.Context, w *Workspace) []PeerAddrs {
	book := append([]PeerAddrs{{Peer: m.network.Self(), Addrs: m.network.Addrs()}}, m.Neighbours(ctx, w)...)
	return book[:min(len(book), maxBook)]
}

// Admit stores the sealed Join entry of a device that was welcomed.
func (m *Manager) Admit(ctx context.Context, from seal.ID, sealed []byte) error {
	for _, w := range m.List() {
		if !w.Ready() {
			continue
		}
		entry, err := member.OpenEntry(w.keys.log(), w.id, sealed)
		if err != nil {
			continue
		}
		if entry.Type != member.TypeJoin {
			return fmt.Errorf("%w: a %d entry where a Join was expected", ErrBad, entry.Type)
		}
		if err := w.admit(ctx, entry, sealed); err != nil {
			return err
		}
		m.network.Recheck()
		return nil
	}
	return &Refusal{RefusedUnknown}
}

// Grant answers a KeyRequest. Requests for a workspace that is not here are refused, and
// those of a newer version.
func (m *Manager) Grant(from seal.ID, raw []byte) ([]byte, error) {
	request, err := member.ParseKeyRequest(raw)
	if seal.OutcomeOf(err) == seal.Drop {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrBad, err)
	}
	w, err := m.Get(request.WS)
	if err != nil || !w.Ready() {
		return nil, ErrRefused
	}
	return w.grant(from, request)
}

// LinkPeers are the peers that an invitation names: this device, a super-peer, then
// devices that are connected or were seen last, so that the link works while this
// one is off.
func (m *Manager) LinkPeers(ctx context.Context, w *Workspace, codesFirst bool) ([]member.LinkPeer, error) {
	peers := []member.LinkPeer{{Peer: m.network.Self(), Addrs: m.network.Addrs()}}
	st := w.State()
	if st == nil {
		return peers, nil
	}
	seen, err := m.Storage.Addrs(ctx, w.id)
	if err != nil {
		return nil, err
	}
	if peer, ok := w.bestSuperPeer(); ok && len(seen[peer].Addrs) > 0 {
		peers = append(peers, member.LinkPeer{Peer: peer, Addrs: seen[peer].Addrs})
	}
	if codesFirst { // the codes are compared with the inviter
		return peers, nil
	}
	others := st.ActiveDevices()
	sortByRecency(others, w, seen)
	for _, device := range others {
		if len(peers) == maxLinkPeers {
			break
		}
		addrs := m.network.AddrsOf(device.Peer)
		if len(addrs) == 0 {
			addrs = seen[device.ID].Addrs
		}
		if device.ID != w.self.device && len(addrs) > 0 {
			peers = append(peers, member.LinkPeer{Peer: device.Peer, Addrs: addrs})
		}
	}
	return peers, nil
}

// maxLinkPeers bounds the peers in a link (protocol 2.3).
const maxLinkPeers = 3
