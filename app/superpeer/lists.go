package superpeer

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"parvis/app/store"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/mailbox"
)

// maxWorkspaces bounds the lists in memory. Only who has the set-up secret can
// add one.
const maxWorkspaces = 1000

// lists are the access lists. They are the super-peer's gate.
type lists struct {
	box    *store.Mailbox
	bell   *mailbox.Bell
	secret [mailbox.SetupSecret]byte
	now    func() time.Time
	log    *slog.Logger
	// onChange is called after a list has changed, with no lock but publishing held.
	onChange func()

	publishing sync.Mutex // held while a list is judged and stored, and a newcomer let in
	newcomers  newcomers

	mu      sync.RWMutex
	byWS    map[[32]byte]mailbox.ACL             // guarded by mu
	devices map[p2p.PeerID]map[[32]byte]struct{} // the workspaces of each device; guarded by mu
}

var (
	_ p2p.Gate       = (*lists)(nil)
	_ p2p.Introducer = (*lists)(nil)
	_ mailbox.Lists  = (*lists)(nil)
)

func newLists(box *store.Mailbox, bell *mailbox.Bell, secret [mailbox.SetupSecret]byte, now func() time.Time, log *slog.Logger) *lists {
	return &lists{box: box, bell: bell, secret: secret, now: now, log: log, byWS: make(map[[32]byte]mailbox.ACL), devices: make(map[p2p.PeerID]map[[32]byte]struct{})}
}

// load reads what was stored. A list that is damaged is left out: an owner gives
// it again, with the set-up code.
func (l *lists) load(ctx context.Context) error {
	stored, damaged, err := l.box.Access(ctx)
	if err != nil {
		return err
	}
	for _, raw := range stored {
		list, err := mailbox.ParseACL(raw)
		if err != nil {
			damaged++
			continue
		}
		l.swap(list)
	}
	if damaged > 0 {
		l.log.Error("access lists are damaged: add the super-peer again with its set-up code", "lists", damaged)
	}
	known, err := l.box.Newcomers(ctx, l.now().UnixMilli())
	if err != nil {
		return err
	}
	for _, n := range known {
		l.newcomers.put(n.Workspace, ids([][32]byte{n.Peer})[0], n.Until)
	}
	return nil
}

// Member implements p2p.Gate: devices in any list, and newcomers.
func (l *lists) Member(p p2p.PeerID) bool {
	l.mu.RLock()
	listed := len(l.devices[p]) > 0
	l.mu.RUnlock()
	return listed || len(l.newcomers.workspaces(p, l.now())) > 0
}

// Lobby implements p2p.Gate. Whoever brings a first list is a stranger.
func (l *lists) Lobby() bool { return true }

// Together implements p2p.Introducer.
func (l *lists) Together(a, b p2p.PeerID) bool {
	theirs := l.workspaces(b)
	return slices.ContainsFunc(l.workspaces(a), func(ws [32]byte) bool { return slices.Contains(theirs, ws) })
}

// workspaces are those that a device may use.
func (l *lists) workspaces(p p2p.PeerID) [][32]byte {
	l.mu.RLock()
	all := slices.Collect(maps.Keys(l.devices[p]))
	l.mu.RUnlock()
	return append(all, l.newcomers.workspaces(p, l.now())...)
}

// may says whether a device may use the mailbox of a workspace.
func (l *lists) may(v mailbox.Visit) bool {
	return l.listed(v) || l.newcomers.has(v.Workspace, v.Peer, l.now())
}

// listed says whether a device is in the access list of a workspace.
func (l *lists) listed(v mailbox.Visit) bool {
	l.mu.RLock()
	defer l.mu.RUnlock()
	_, ok := l.devices[v.Peer][v.Workspace]
	return ok
}

func (l *lists) count() int {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return len(l.byWS)
}

// Publish implements mailbox.Lists.
func (l *lists) Publish(ctx context.Context, from p2p.PeerID, setup, raw []byte) (mailbox.Code, uint64) {
	list, err := mailbox.ParseACL(raw)
	if err != nil {
		l.log.Info("access list refused", "from", from.Short(), "reason", err.Error())
		return mailbox.CodeMalformed, 0
	}
	log := l.log.With("workspace", hex.EncodeToString(list.Workspace[:4]), "from", from.Short())
	if setup != nil && !seal.EqualBytes(setup, l.secret[:]) {
		log.Warn("access list refused", "reason", "wrong set-up secret")
		return mailbox.CodeBadSetup, 0
	}
	l.publishing.Lock()
	defer l.publishing.Unlock()
	old, code := l.judge(list, setup != nil)
	switch {
	case code == mailbox.CodeOldCounter:
		return code, old.Counter
	case code != mailbox.CodeStored:
		log.Info("access list refused", "code", code)
		return code, 0
	case old != nil && old.Hash == list.Hash:
		return code, list.Counter
	}
	until := l.now().Add(newcomerGrace).UnixMilli()
	if err := l.box.PutAccess(ctx, list.Workspace, raw, func(peer seal.ID) bool { return list.Has(peer) }, until); err != nil {
		if !errors.Is(err, store.ErrDiskFull) {
			log.Error("store an access list", "err", err)
		}
		return mailbox.CodeFull, 0
	}
	l.swap(list)
	l.newcomers.relist(list.Workspace, func(p p2p.PeerID) bool {
		return l.listed(mailbox.Visit{Peer: p, Workspace: list.Workspace})
	}, until)
	l.bell.Alarm(list.Workspace)
	if l.onChange != nil {
		l.onChange()
	}
	log.Info("access list stored", "counter", list.Counter, "peers", len(list.Peers), "admins", len(list.Admins), "setup", setup != nil)
	return mailbox.CodeStored, list.Counter
}

// judge says what becomes of a list, and which one it would replace.
func (l *lists) judge(list mailbox.ACL, setup bool) (old *mailbox.ACL, code mailbox.Code) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if stored, ok := l.byWS[list.Workspace]; ok {
		old = &stored
	} else if len(l.byWS) >= maxWorkspaces {
		return nil, mailbox.CodeFull
	}
	return old, list.Replaces(old, setup)
}

// swap puts a list in the place of the one before.
func (l *lists) swap(list mailbox.ACL) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, id := range ids(l.byWS[list.Workspace].Peers) {
		delete(l.devices[id], list.Workspace)
		if len(l.devices[id]) == 0 {
			delete(l.devices, id)
		}
	}
	for _, id := range ids(list.Peers) {
		if l.devices[id] == nil {
			l.devices[id] = make(map[[32]byte]struct{}, 1)
		}
		l.devices[id][list.Workspace] = struct{}{}
	}
	l.byWS[list.Workspace] = list
}

// ids names the devices with these host keys.
func ids(keys [][32]byte) []p2p.PeerID {
	all := make([]p2p.PeerID, 0, len(keys))
	for _, key := range keys {
		id, err := p2p.PeerIDOf(key)
		if err != nil {
			panic(fmt.Sprintf("superpeer: a key without an id: %v", err)) // any 32 bytes have one
		}
		all = append(all, id)
	}
	return all
}
