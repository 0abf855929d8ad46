package sync

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"parvis/p2p"
)

// Network is what replication needs of a node. *p2p.Node is one.
type Network interface {
	Handle(protocol string, h p2p.Handler)
	Open(ctx context.Context, to p2p.PeerID, protocol string) (p2p.Stream, error)
	OnPeer(func(p p2p.PeerID, connected bool))
	ID() p2p.PeerID
	Penalise(p p2p.PeerID, points int, reason string)
}

// Hub shares one node between the workspaces on it: it hands every inbound
// stream to the [Syncer] of the workspace that its Hello names.
type Hub struct {
	net Network
	log *slog.Logger

	mu        sync.Mutex
	syncers   map[[32]byte]*Syncer
	connected map[p2p.PeerID]bool
	opened    map[p2p.PeerID]*rate.Limiter // streams by peer (Y13)
}

// Streams a peer may open: at once, and again after each interval.
const (
	streamBurst    = 16
	streamInterval = 5 * time.Second
)

// helloTimeout is how long the first frame of a stream may take.
const helloTimeout = 10 * time.Second

// NewHub registers the protocol. To be called before the node starts, because
// the node tells only of connections made later.
func NewHub(net Network, log *slog.Logger) *Hub {
	if log == nil {
		log = slog.Default()
	}
	h := &Hub{net: net, log: log, syncers: map[[32]byte]*Syncer{}, connected: map[p2p.PeerID]bool{}, opened: map[p2p.PeerID]*rate.Limiter{}}
	net.OnPeer(h.peer)
	net.Handle(Protocol, h.serve)
	return h
}

// peer hears that a member came or went.
func (h *Hub) peer(p p2p.PeerID, connected bool) {
	h.mu.Lock()
	if connected {
		h.connected[p] = true
	} else {
		delete(h.connected, p)
		if b := h.opened[p]; b != nil && b.Tokens() >= streamBurst {
			delete(h.opened, p)
		}
	}
	syncers := slices.Collect(maps.Values(h.syncers))
	h.mu.Unlock()
	for _, s := range syncers {
		s.peer(p, connected)
	}
}

// peers are the connected ones.
func (h *Hub) peers() []p2p.PeerID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.connected))
}

func (h *Hub) isConnected(p p2p.PeerID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.connected[p]
}

func (h *Hub) add(s *Syncer) {
	h.mu.Lock()
	h.syncers[s.cfg.Workspace] = s
	h.mu.Unlock()
}

func (h *Hub) remove(s *Syncer) {
	h.mu.Lock()
	if h.syncers[s.cfg.Workspace] == s {
		delete(h.syncers, s.cfg.Workspace)
	}
	h.mu.Unlock()
}

// serve is the source's end of an inbound stream.
func (h *Hub) serve(ctx context.Context, st p2p.Stream) {
	c := newConn(st)
	if !h.mayOpen(st.Peer()) {
		c.bye(CodeTooOften)
		return
	}
	f, err := c.read()
	hello, ok := f.(Hello)
	if err != nil || !ok {
		h.refuse(c, err)
		return
	}
	c.patient()
	h.mu.Lock()
	s := h.syncers[hello.Workspace]
	h.mu.Unlock()
	if s == nil || !s.serve(ctx, c, hello) {
		c.bye(CodeUnknown)
	}
}

// refuse answers a first frame that is not a good Hello (Y4).
func (h *Hub) refuse(c *conn, err error) {
	code, points := verdict(err)
	if err == nil {
		code, points = CodeMalformed, pointsMalformed
	}
	if points > 0 {
		h.net.Penalise(c.stream.Peer(), points, "sync hello: "+code.String())
	}
	if code != 0 {
		c.bye(code)
		return
	}
	_ = c.stream.Reset()
}

func (h *Hub) mayOpen(p p2p.PeerID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.opened[p]
	if b == nil {
		b = rate.NewLimiter(rate.Every(streamInterval), streamBurst)
		h.opened[p] = b
	}
	return b.Allow()
}
