// Package mailboxtest has a super-peer in memory and the rules that every
// [mailbox.Keeper] keeps.
package mailboxtest

import (
	"context"
	"sync"
	"time"

	"parvis/p2p"
	"parvis/p2p/mailbox"
)

// Memory is a Keeper without a disk, quotas or rates. The zero value is ready
// and knows nobody.
type Memory struct {
	Name [16]byte // what Admit says of the store
	// OnNewcomer hears of who is let in; nil means nobody does.
	OnNewcomer func(...p2p.PeerID)

	bell    mailbox.Bell
	mu      sync.Mutex
	lists   map[[32]byte]map[p2p.PeerID]bool       // guarded by mu
	boxes   map[box]*shelf                         // guarded by mu
	refusal error                                  // guarded by mu
	used    int64                                  // guarded by mu; what Admit says is stored
	doors   map[[32]byte]map[[32]byte]mailbox.Door // by workspace and name; guarded by mu
	news    map[[32]byte]map[p2p.PeerID]bool       // newcomers; guarded by mu
}

type box struct {
	ws  [32]byte
	tag mailbox.Tag
}

type shelf struct {
	refs  []mailbox.Ref
	bytes map[[32]byte][]byte
}

var (
	_ mailbox.Keeper = (*Memory)(nil)
	_ mailbox.Doors  = (*Memory)(nil)
)

// Allow replaces the access list of a workspace.
func (m *Memory) Allow(ws [32]byte, peers ...p2p.PeerID) {
	m.mu.Lock()
	if m.lists == nil {
		m.lists, m.boxes = make(map[[32]byte]map[p2p.PeerID]bool), make(map[box]*shelf)
		m.doors, m.news = make(map[[32]byte]map[[32]byte]mailbox.Door), make(map[[32]byte]map[p2p.PeerID]bool)
	}
	m.lists[ws] = make(map[p2p.PeerID]bool)
	for _, p := range peers {
		m.lists[ws][p] = true
		delete(m.news[ws], p)
	}
	m.mu.Unlock()
	m.bell.Alarm(ws)
}

// Dismiss ends the time of all newcomers.
func (m *Memory) Dismiss() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.news)
}

// Leave implements mailbox.Keeper.
func (m *Memory) Leave(_ context.Context, v mailbox.Visit, d mailbox.Door) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := m.may(v, mailbox.Tag{}); err != nil || !m.lists[v.Workspace][v.Peer] {
		return err
	}
	if m.doors[v.Workspace] == nil {
		m.doors[v.Workspace] = make(map[[32]byte]mailbox.Door)
	}
	old, there := m.doors[v.Workspace][d.Name]
	switch {
	case there && (len(old.Box) == 0 || len(d.Box) > 0 && d.Counter <= old.Counter):
		return nil
	case !there && len(m.doors[v.Workspace]) >= maxDoors && !m.clearDoor(v.Workspace):
		return mailbox.ErrTooMuch
	}
	m.doors[v.Workspace][d.Name] = d
	return nil
}

// clearDoor removes a door that is over, where there is one. The caller holds mu.
func (m *Memory) clearDoor(ws [32]byte) bool {
	for name, d := range m.doors[ws] {
		if len(d.Box) == 0 || d.Expires <= time.Now().UnixMilli() {
			delete(m.doors[ws], name)
			return true
		}
	}
	return false
}

// maxDoors bounds the doors of one workspace (X34).
const maxDoors = 64

// Knock implements mailbox.Doors.
func (m *Memory) Knock(_ context.Context, v mailbox.Visit, name [32]byte) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	d, there := m.doors[v.Workspace][name]
	switch {
	case !there:
		return nil, mailbox.ErrNoDoor
	case len(d.Box) == 0 || d.Expires <= time.Now().UnixMilli():
		return nil, mailbox.ErrDoorEnded
	}
	if m.news[v.Workspace] == nil {
		m.news[v.Workspace] = make(map[p2p.PeerID]bool)
	}
	m.news[v.Workspace][v.Peer] = true
	if m.OnNewcomer != nil {
		m.OnNewcomer(v.Peer)
	}
	return d.Box, nil
}

// Refuse answers the following Puts with an error; nil ends that.
func (m *Memory) Refuse(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusal = err
}

// Fill changes how many bytes Admit says that a device has stored.
func (m *Memory) Fill(used int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used = used
}

// may returns the shelf of a tag to those who may use it. The caller holds mu.
func (m *Memory) may(v mailbox.Visit, tag mailbox.Tag) (*shelf, error) {
	if !m.lists[v.Workspace][v.Peer] && !m.news[v.Workspace][v.Peer] {
		return nil, mailbox.ErrStranger
	}
	at := box{v.Workspace, tag}
	if m.boxes[at] == nil {
		m.boxes[at] = &shelf{bytes: make(map[[32]byte][]byte)}
	}
	return m.boxes[at], nil
}

// Admit implements mailbox.Keeper.
func (m *Memory) Admit(_ context.Context, v mailbox.Visit) (mailbox.Account, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.may(v, mailbox.Tag{})
	return mailbox.Account{Store: m.Name, Used: m.used, Limit: 1 << 30}, err
}

// Put implements mailbox.Keeper.
func (m *Memory) Put(_ context.Context, v mailbox.Visit, tag mailbox.Tag, objects []mailbox.Object, _ bool) error {
	m.mu.Lock()
	s, err := m.may(v, tag)
	if err == nil {
		err = m.refusal
	}
	if err != nil {
		m.mu.Unlock()
		return err
	}
	for _, o := range objects {
		if _, there := s.bytes[o.ID]; !there {
			s.bytes[o.ID] = o.Bytes
			s.refs = append(s.refs, mailbox.Ref{N: uint64(len(s.refs) + 1), ID: o.ID, Size: uint32(len(o.Bytes))})
		}
	}
	last := uint64(len(s.refs))
	m.mu.Unlock()
	m.bell.Ring(v.Workspace, tag, last)
	return nil
}

// List implements mailbox.Keeper.
func (m *Memory) List(_ context.Context, v mailbox.Visit, tag mailbox.Tag, after uint64, max int) ([]mailbox.Ref, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.may(v, tag)
	if err != nil {
		return nil, false, err
	}
	rest := s.refs[min(after, uint64(len(s.refs))):]
	n := min(max, len(rest))
	return rest[:n:n], n < len(rest), nil
}

// Fetch implements mailbox.Keeper.
func (m *Memory) Fetch(_ context.Context, v mailbox.Visit, tag mailbox.Tag, ids [][32]byte) (found []mailbox.Object, rest [][32]byte, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.may(v, tag)
	if err != nil {
		return nil, nil, err
	}
	total := 0
	for i, id := range ids {
		data, there := s.bytes[id]
		if !there {
			continue
		}
		if total += len(data); total > mailbox.MaxWindow && len(found) > 0 {
			return found, ids[i:], nil
		}
		found = append(found, mailbox.Object{ID: id, Bytes: data})
	}
	return found, nil, nil
}

// Watch implements mailbox.Keeper.
func (m *Memory) Watch(_ context.Context, v mailbox.Visit, tags []mailbox.Tag) (*mailbox.Watcher, error) {
	w := m.bell.Attach(v.Workspace, tags)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, tag := range tags {
		s, err := m.may(v, tag)
		if err != nil {
			w.Leave()
			return nil, err
		}
		w.Note(tag, uint64(len(s.refs)))
	}
	return w, nil
}

// Rename gives the store another name, as if something of a workspace had been lost.
func (m *Memory) Rename(ws [32]byte, name [16]byte) {
	m.mu.Lock()
	m.Name = name
	m.mu.Unlock()
	m.bell.Alarm(ws)
}
