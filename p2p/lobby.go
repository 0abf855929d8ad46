package p2p

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
)

const (
	lobbyStrangers = 4                // at once
	lobbyConns     = 2                // of one stranger: a dialler races QUIC against TCP
	lobbyStreams   = 2                // of one stranger at once
	lobbyBytes     = 256 << 10        // that one stranger may send
	lobbyTime      = 10 * time.Minute // that one stranger may stay
	lobbyPatience  = time.Second      // a further stream waits for one that ends

	// A super-peer's door is always open, for whoever brings a first access list:
	// more may come, and none of them has to talk with a person.
	superLobbyStrangers = 16
	superLobbyTime      = time.Minute

	// Former members come for one answer (W80).
	partingGuests  = 8                // at once
	partingStreams = 1                // of one at once
	partingBytes   = 64 << 10         // that one may send
	partingTime    = 30 * time.Second // that one may stay
	partingLinger  = 5 * time.Second  // without a stream
	partingVisits  = 6                // of one in partingSpan
	partingSpan    = time.Minute      //
	partingKnown   = 256              // whose visits are counted
)

// lobby holds the strangers that are here to use an invitation (W6), or the former
// members that may ask why they are none (W80). A stranger that becomes a member
// leaves it without being disconnected.
type lobby struct {
	node      *Node
	strangers int           // at once
	streams   int           // of one stranger at once
	bytes     int64         // that one stranger may send
	stay      time.Duration // of one stranger
	linger    time.Duration // without a stream
	visits    *visits       // nil: not counted
	mu        sync.Mutex
	guests    map[peer.ID]*guest // guarded by mu
}

// rooms are for those who are no members.
type rooms struct {
	lobby   lobby
	parting lobby // of former members
}

type guest struct {
	conns   []network.Conn
	streams chan struct{} // holds one token for each stream
	budget  atomic.Int64  // bytes it may still send
	leave   *time.Timer
	until   time.Time
}

func (l *lobby) init(n *Node) {
	l.node, l.strangers, l.streams, l.bytes, l.stay = n, lobbyStrangers, lobbyStreams, lobbyBytes, lobbyTime
	if n.cfg.SuperPeer {
		l.strangers, l.stay = superLobbyStrangers, superLobbyTime
	}
	l.linger = l.stay
	l.guests = make(map[peer.ID]*guest)
}

// initParting makes it the room of former members.
func (l *lobby) initParting(n *Node) {
	l.node, l.strangers, l.streams, l.bytes, l.stay = n, partingGuests, partingStreams, partingBytes, partingTime
	l.linger, l.visits = partingLinger, &visits{}
	l.guests = make(map[peer.ID]*guest)
}

// visits counts how often each former member came lately.
type visits struct{ last map[peer.ID][]time.Time }

// take books one visit, if the peer did not have its share.
func (v *visits) take(p peer.ID, now time.Time) bool {
	lately := func(at time.Time) bool { return now.Sub(at) < partingSpan }
	if len(v.last) >= partingKnown {
		maps.DeleteFunc(v.last, func(_ peer.ID, all []time.Time) bool { return !slices.ContainsFunc(all, lately) })
	}
	if v.last == nil || len(v.last) >= partingKnown && v.last[p] == nil {
		v.last = make(map[peer.ID][]time.Time)
	}
	all := slices.DeleteFunc(v.last[p], func(at time.Time) bool { return !lately(at) })
	ok := len(all) < partingVisits
	if ok {
		all = append(all, now)
	}
	v.last[p] = all
	return ok
}

// enter admits one connection of a stranger, or not.
func (l *lobby) enter(c network.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	p := c.RemotePeer()
	g := l.guests[p]
	if g == nil {
		if len(l.guests) >= l.strangers || l.visits != nil && !l.visits.take(p, time.Now()) {
			return false
		}
		g = &guest{streams: make(chan struct{}, l.streams), leave: time.AfterFunc(l.linger, func() { l.expire(p) }), until: time.Now().Add(l.stay)}
		g.budget.Store(l.bytes)
		l.guests[p] = g
	}
	if len(g.conns) >= lobbyConns {
		return false
	}
	g.conns = append(g.conns, c)
	return true
}

// sweep forgets strangers whose connections are closed, and those that became
// members: their place is free for the next. The caller holds mu.
func (l *lobby) sweep() {
	for p, g := range l.guests {
		if l.node.allowed(textOf(p)) {
			g.leave.Stop()
			delete(l.guests, p)
			continue
		}
		open := g.conns[:0]
		for _, c := range g.conns {
			if !c.IsClosed() {
				open = append(open, c)
			}
		}
		g.conns = open
		if len(open) == 0 {
			g.leave.Stop()
			delete(l.guests, p)
		}
	}
}

// expire ends the visit, unless the stranger is a member by now.
func (l *lobby) expire(p peer.ID) {
	id := textOf(p)
	l.mu.Lock()
	delete(l.guests, p)
	l.mu.Unlock()
	if !l.node.allowed(id) {
		l.node.Disconnect(id)
	}
}

// holds reports whether the peer came in as a stranger and is still here.
func (l *lobby) holds(p peer.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	return l.guests[p] != nil
}

// takeStream books one stream of a stranger; give it back with the function. It
// waits a moment for a stream that is just ending: its opener hears of the end
// before we do.
func (l *lobby) takeStream(p peer.ID) (budget *atomic.Int64, giveBack func(), ok bool) {
	l.mu.Lock()
	g := l.guests[p]
	l.mu.Unlock()
	if g == nil {
		return nil, nil, false
	}
	timeout := time.NewTimer(lobbyPatience)
	defer timeout.Stop()
	select {
	case g.streams <- struct{}{}:
		if l.linger == l.stay {
			return &g.budget, func() { <-g.streams }, true
		}
		g.leave.Reset(time.Until(g.until))
		return &g.budget, func() { g.leave.Reset(min(l.linger, time.Until(g.until))); <-g.streams }, true
	case <-timeout.C:
		return nil, nil, false
	}
}

// forget empties the lobby when the node closes.
func (l *lobby) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p, g := range l.guests {
		g.leave.Stop()
		delete(l.guests, p)
	}
}
