package p2p

import (
	"sync"
	"time"
)

const (
	penaltyLimit   = 100              // points within penaltyWindow that end the connection
	penaltyWindow  = 10 * time.Minute //
	firstBackOff   = 15 * time.Minute // doubles with every further one
	longestBackOff = 6 * time.Hour    //
	forgetAfter    = 24 * time.Hour   // a peer without new points for so long starts afresh
	maxPenalised   = 1024             // peers remembered; only peers that were let in can get here
)

// penalties counts the points of each peer (W8). Points never change
// membership: they only close the connection for a while.
type penalties struct {
	mu    sync.Mutex
	peers map[PeerID]*penalty // guarded by mu
}

type penalty struct {
	marks   []mark        // within the window
	until   time.Time     // no connection before
	backOff time.Duration // the last one, zero before the first
	last    time.Time     // of any points
}

type mark struct {
	at     time.Time
	points int
}

// add gives points and reports whether the peer is to be disconnected now.
func (p *penalties) add(id PeerID, points int) bool {
	if points <= 0 {
		return false
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.peers == nil {
		p.peers = make(map[PeerID]*penalty)
	}
	e := p.peers[id]
	if e == nil || now.Sub(e.last) > forgetAfter {
		p.makeRoom(now)
		e = &penalty{}
		p.peers[id] = e
	}
	e.last = now
	sum := points
	kept := e.marks[:0]
	for _, m := range e.marks {
		if now.Sub(m.at) < penaltyWindow {
			kept = append(kept, m)
			sum += m.points
		}
	}
	e.marks = append(kept, mark{now, points})
	if sum < penaltyLimit {
		return false
	}
	e.marks = nil
	e.backOff = min(max(2*e.backOff, firstBackOff), longestBackOff)
	e.until = now.Add(e.backOff)
	return true
}

// blocked reports whether the peer is in its back-off.
func (p *penalties) blocked(id PeerID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	e := p.peers[id]
	return e != nil && time.Now().Before(e.until)
}

// makeRoom forgets what is old and, if that is not enough, the peer whose last
// points are the oldest. The caller holds mu.
func (p *penalties) makeRoom(now time.Time) {
	if len(p.peers) < maxPenalised {
		return
	}
	var oldest PeerID
	for id, e := range p.peers {
		if now.Sub(e.last) > forgetAfter {
			delete(p.peers, id)
			continue
		}
		if oldest == "" || e.last.Before(p.peers[oldest].last) {
			oldest = id
		}
	}
	if len(p.peers) >= maxPenalised {
		delete(p.peers, oldest)
	}
}
