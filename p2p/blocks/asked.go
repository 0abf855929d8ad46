package blocks

import (
	"slices"
	"sync"
	"time"

	"parvis/p2p"
)

const (
	// maxAsked is how many requests to one peer are remembered: more than all
	// callers of Get have open together, several times over.
	maxAsked = 2048
	// silence is how long a peer that owes blocks may send nothing at all, and
	// standstill how long it may take for the next whole answer (rule B9).
	silence    = 4 * time.Second
	standstill = 60 * time.Second
	// firstPause is how long a peer that did not deliver is not asked; it doubles
	// up to longestPause, until it delivers.
	firstPause   = 10 * time.Second
	longestPause = 5 * time.Minute
)

// asked knows which blocks we asked which peer for: a block that nobody asked for
// is seen as such, and so is a peer that does not deliver.
type asked struct {
	mu    sync.Mutex
	peers map[p2p.PeerID]*asks // guarded by mu
}

// asks are the requests to one peer. A request that is repeated may be answered
// as often, and one that was taken back may be answered too.
type asks struct {
	count map[ID]int
	order []ID // oldest first, with repetitions

	owed     map[ID]bool // asked for, neither answered nor taken back
	heard    time.Time   // the last byte from it, or the beginning of the debt
	answered time.Time   // the last answer, or the beginning of the debt
	paused   time.Time   // not asked before; zero: is asked
	pause    time.Duration
}

func (a *asked) of(peer p2p.PeerID) *asks {
	if a.peers == nil {
		a.peers = map[p2p.PeerID]*asks{}
	}
	p := a.peers[peer]
	if p == nil {
		p = &asks{count: map[ID]int{}, owed: map[ID]bool{}}
		a.peers[peer] = p
	}
	return p
}

// add notes a request.
func (a *asked) add(peer p2p.PeerID, id ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.of(peer)
	if len(p.order) >= maxAsked {
		p.drop(p.order[0])
		p.order = p.order[1:]
	}
	p.count[id]++
	p.order = append(p.order, id)
	if len(p.owed) == 0 {
		p.heard, p.answered = time.Now(), time.Now()
	}
	p.owed[id] = true
}

func (p *asks) drop(id ID) {
	if p.count[id]--; p.count[id] <= 0 {
		delete(p.count, id)
	}
}

// settle ends the debt of blocks that a peer does not have, or that we took back.
func (a *asked) settle(peer p2p.PeerID, ids ...ID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.peers[peer]
	if p == nil {
		return
	}
	for _, id := range ids {
		delete(p.owed, id)
	}
	p.answered = time.Now()
}

// received takes one request for a block back; false when there was none.
func (a *asked) received(peer p2p.PeerID, id ID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.peers[peer]
	if p == nil || p.count[id] == 0 {
		return false
	}
	p.drop(id)
	i := slices.Index(p.order, id)
	p.order = slices.Delete(p.order, i, i+1)
	delete(p.owed, id)
	p.answered, p.pause = time.Now(), 0
	return true
}

// hear notes that something came from a peer.
func (a *asked) hear(peer p2p.PeerID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.peers[peer]; p != nil {
		p.heard = time.Now()
	}
}

// punish pauses a peer; false when it is paused already.
func (a *asked) punish(peer p2p.PeerID, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.of(peer).stop(now)
}

// stop pauses the asking. What was asked for may still come.
func (p *asks) stop(now time.Time) bool {
	clear(p.owed)
	if !p.paused.IsZero() {
		return false
	}
	p.pause = min(max(2*p.pause, firstPause), longestPause)
	p.paused = now.Add(p.pause)
	return true
}

// leave ends the debts and the pause of a peer that is gone. What it sent before
// may still be on its way through this program.
func (a *asked) leave(peer p2p.PeerID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if p := a.peers[peer]; p != nil {
		clear(p.owed)
		p.paused, p.pause = time.Time{}, 0
	}
}

// forget drops all about a peer.
func (a *asked) forget(peer p2p.PeerID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.peers, peer)
}

// resting reports whether a peer is not asked now.
func (a *asked) resting(peer p2p.PeerID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.peers[peer]
	return p != nil && !p.paused.IsZero()
}

// review lists the peers that do not deliver, which it pauses, and those whose
// pause is over. idle says that there is nothing to review later.
func (a *asked) review(now time.Time) (late, back []p2p.PeerID, idle bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	idle = true
	for peer, p := range a.peers {
		switch {
		case !p.paused.IsZero() && !now.Before(p.paused):
			p.paused = time.Time{}
			back = append(back, peer)
		case len(p.owed) > 0 && (now.Sub(p.heard) >= silence || now.Sub(p.answered) >= standstill) && p.stop(now):
			late = append(late, peer)
		}
		if len(p.owed) > 0 || !p.paused.IsZero() {
			idle = false
		}
	}
	return late, back, idle
}

// maxWaits is how many blocks that others wait for are remembered.
const maxWaits = 8192

// waits are blocks that some member asked for. It forgets the oldest: who waited
// for them asks again by itself.
type waits struct {
	mu    sync.Mutex
	known map[ID]bool // guarded by mu
	order []ID        // guarded by mu
}

func (w *waits) add(id ID) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.known == nil {
		w.known = map[ID]bool{}
	}
	if w.known[id] {
		return
	}
	if len(w.order) >= maxWaits {
		delete(w.known, w.order[0])
		w.order = w.order[1:]
	}
	w.known[id] = true
	w.order = append(w.order, id)
}

// take reports whether somebody waited for the block, and forgets it.
func (w *waits) take(id ID) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.known[id] {
		return false
	}
	delete(w.known, id) // its place in order is passed over later
	return true
}
