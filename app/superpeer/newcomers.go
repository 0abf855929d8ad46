package superpeer

import (
	"context"
	"sync"
	"time"

	"parvis/p2p"
)

// Bounds of newcomers: the devices that showed an invitation and that no access list
// names yet (rule X37 of p2p/mailbox).
const (
	newcomerTime  = 7 * 24 * time.Hour // that one may stay
	newcomerGrace = time.Hour          // after an access list that does not name it
	newcomerBytes = 10 << 20           // that one may bring in all
	maxNewcomers  = 32                 // of one door
	sweepEvery    = time.Minute
)

// newcomers are those of all workspaces, as the gate asks for them. What is stored
// is the same.
type newcomers struct {
	mu   sync.RWMutex
	byWS map[[32]byte]map[p2p.PeerID]int64 // until when, Unix milliseconds; guarded by mu
}

func (n *newcomers) put(ws [32]byte, p p2p.PeerID, untilMs int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.byWS == nil {
		n.byWS = make(map[[32]byte]map[p2p.PeerID]int64)
	}
	if n.byWS[ws] == nil {
		n.byWS[ws] = make(map[p2p.PeerID]int64)
	}
	n.byWS[ws][p] = untilMs
}

// has reports whether a device is a newcomer to a workspace now.
func (n *newcomers) has(ws [32]byte, p p2p.PeerID, now time.Time) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.byWS[ws][p] > now.UnixMilli()
}

// workspaces are those to which a device is a newcomer now.
func (n *newcomers) workspaces(p p2p.PeerID, now time.Time) (all [][32]byte) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	for ws, peers := range n.byWS {
		if peers[p] > now.UnixMilli() {
			all = append(all, ws)
		}
	}
	return all
}

// relist applies a new access list: whom it names is a newcomer no more, the others
// stay until untilMs at most.
func (n *newcomers) relist(ws [32]byte, named func(p2p.PeerID) bool, untilMs int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for p, until := range n.byWS[ws] {
		if named(p) {
			delete(n.byWS[ws], p)
		} else {
			n.byWS[ws][p] = min(until, untilMs)
		}
	}
}

// sweep forgets those whose time is over, and names their workspaces.
func (n *newcomers) sweep(now time.Time) (changed [][32]byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for ws, peers := range n.byWS {
		before := len(peers)
		for p, until := range peers {
			if until <= now.UnixMilli() {
				delete(peers, p)
			}
		}
		if len(peers) < before {
			changed = append(changed, ws)
		}
		if len(peers) == 0 {
			delete(n.byWS, ws)
		}
	}
	return changed
}

// sweep ends the connections of newcomers whose time is over, until ctx ends.
func (s *SuperPeer) sweep(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		changed := s.lists.newcomers.sweep(s.config.Now())
		for _, ws := range changed {
			s.lists.bell.Alarm(ws)
		}
		if len(changed) > 0 {
			s.node.Recheck()
		}
	}
}
