package p2p

import (
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
)

// lobby holds the strangers that are here to use an invitation (W6). A stranger
// that becomes a member leaves it without being disconnected.
type lobby struct {
	node   *Node
	mu     sync.Mutex
	guests map[peer.ID]*guest // guarded by mu
}

type guest struct {
	conns   []network.Conn
	streams chan struct{} // holds one token for each stream
	budget  atomic.Int64  // bytes it may still send
	leave   *time.Timer
}

func (l *lobby) init(n *Node) {
	l.node = n
	l.guests = make(map[peer.ID]*guest)
}

// enter admits one connection of a stranger, or not.
func (l *lobby) enter(c network.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sweep()
	p := c.RemotePeer()
	g := l.guests[p]
	if g == nil {
		if len(l.guests) >= lobbyStrangers {
			return false
		}
		g = &guest{streams: make(chan struct{}, lobbyStreams), leave: time.AfterFunc(lobbyTime, func() { l.expire(p) })}
		g.budget.Store(lobbyBytes)
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
		return &g.budget, func() { <-g.streams }, true
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
