package sync

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parvis/p2p"
)

// Config is what a [Syncer] is made of. Gossip, Visible, Addrs, OnAddrs and Log
// may be nil.
type Config struct {
	Workspace [32]byte
	Self      [32]byte // this device
	Hub       *Hub
	Replica   Replica
	// Device says which device of the workspace a peer is. Peers that are none
	// get and give nothing.
	Device func(p2p.PeerID) (device [32]byte, member bool)
	// Visible says whether a peer may know of the chains of a space; nil: all.
	Visible func(peer p2p.PeerID, space [16]byte) bool
	// Addrs are the addresses of members to tell a newly connected peer, OnAddrs
	// takes those that a peer told. They are hints: the dialled peer proves who it is.
	Addrs   func() []PeerAddrs
	OnAddrs func(from p2p.PeerID, addrs []PeerAddrs)
	// RelayDelay is how long others have the chance to deliver first what was not
	// written here; 0 means 300 ms.
	RelayDelay time.Duration
	// Gossip carries new envelopes where not everybody is connected to everybody.
	// It runs once the mesh of streams was incomplete for GossipAfter; 0 means 2 s.
	Gossip      Gossip
	GossipAfter time.Duration
	Log         *slog.Logger
}

// Syncer replicates one workspace with every connected member.
type Syncer struct {
	cfg     Config
	log     *slog.Logger
	ctx     context.Context // the whole life; set by Start
	cancel  context.CancelFunc
	wg      sync.WaitGroup
	wake    chan struct{}
	live    atomic.Bool // between Start and Close
	picture picture
	gossip  gossiping

	mu      sync.Mutex
	follows map[p2p.PeerID]*follow  // streams we open; guarded by mu
	serves  map[p2p.PeerID]*serving // streams opened to us; guarded by mu
}

// New prepares a syncer. Nothing happens before Start.
func New(cfg Config) *Syncer {
	if cfg.RelayDelay == 0 {
		cfg.RelayDelay = 300 * time.Millisecond
	}
	if cfg.GossipAfter == 0 {
		cfg.GossipAfter = 2 * time.Second
	}
	s := &Syncer{
		cfg: cfg, log: cfg.Log, wake: make(chan struct{}, 1),
		follows: map[p2p.PeerID]*follow{}, serves: map[p2p.PeerID]*serving{},
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.gossip.wake = make(chan struct{}, 1)
	s.picture.init(s)
	return s
}

// Start replicates until Close; ctx bounds that whole life too.
func (s *Syncer) Start(ctx context.Context) error {
	s.ctx, s.cancel = context.WithCancel(ctx)
	if err := s.picture.refresh(s.ctx); err != nil {
		s.cancel()
		return fmt.Errorf("start sync: %w", err)
	}
	s.live.Store(true)
	s.cfg.Hub.add(s)
	s.wg.Go(s.run)
	if s.cfg.Gossip != nil {
		s.wg.Go(func() { s.gossip.run(s.ctx, s) })
	}
	for _, p := range s.cfg.Hub.peers() {
		s.peer(p, true)
	}
	return nil
}

// Close ends all streams of this workspace and waits.
func (s *Syncer) Close() error {
	if s.cancel == nil {
		return nil
	}
	s.live.Store(false)
	s.cfg.Hub.remove(s)
	s.cancel()
	s.mu.Lock()
	for _, f := range s.follows {
		f.cancel()
	}
	for _, v := range s.serves {
		v.cancel()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return nil
}

// Wake says that something was committed here. It never blocks.
func (s *Syncer) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Resync compares everything again with every connected peer: what was missed
// for whatever reason is sent and asked for. It never blocks.
func (s *Syncer) Resync() {
	s.mu.Lock()
	follows := slices.Collect(maps.Values(s.follows))
	s.mu.Unlock()
	for _, f := range follows {
		f.resync()
	}
	for _, v := range s.serving() {
		v.mu.Lock()
		v.source.Resync()
		v.mu.Unlock()
		v.signal()
	}
}

// SendLive sends a hint of at most [MaxLive] bytes to the connected devices that
// to accepts. It never blocks: a peer that reads too slowly misses hints.
func (s *Syncer) SendLive(body []byte, to func(p2p.PeerID) bool) {
	if len(body) > MaxLive {
		s.log.Warn("hint too large", "bytes", len(body))
		return
	}
	for p, v := range s.serving() {
		if to == nil || to(p) {
			v.say(Live{body})
		}
	}
}

// Announce tells all connected peers which addresses of members changed. It never
// blocks on them.
func (s *Syncer) Announce() {
	known := s.addrs()
	for _, v := range s.serving() {
		v.tell(known)
	}
}

// serving is a copy of the streams opened to us.
func (s *Syncer) serving() map[p2p.PeerID]*serving {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.serves)
}

// run follows the wakes.
func (s *Syncer) run() {
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-s.wake:
		}
		if err := s.picture.refresh(s.ctx); err != nil && s.ctx.Err() == nil {
			s.log.Warn("read what is here", "err", err)
		}
	}
}

// peer hears that a member of any workspace of the node came or went.
func (s *Syncer) peer(p p2p.PeerID, connected bool) {
	if !connected {
		s.mu.Lock()
		f := s.follows[p]
		delete(s.follows, p)
		s.mu.Unlock()
		if f != nil {
			f.cancel()
		}
		return
	}
	dev, member := s.cfg.Device(p)
	if !member || dev == s.cfg.Self {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.follows[p] != nil || !s.live.Load() {
		return
	}
	f := newFollow(s, p, dev)
	s.follows[p] = f
	s.wg.Go(f.run)
}

// recheck starts streams with connected peers that became members and ends
// those of peers that are none any more.
func (s *Syncer) recheck() {
	for _, p := range s.cfg.Hub.peers() {
		s.peer(p, true)
	}
	s.mu.Lock()
	ends := map[p2p.PeerID][]context.CancelFunc{}
	for p, f := range s.follows {
		ends[p] = append(ends[p], f.cancel)
	}
	for p, v := range s.serves {
		ends[p] = append(ends[p], v.cancel)
	}
	s.mu.Unlock()
	for p, cancels := range ends {
		if _, member := s.cfg.Device(p); member {
			continue
		}
		s.mu.Lock()
		delete(s.follows, p)
		s.mu.Unlock()
		for _, cancel := range cancels {
			cancel()
		}
	}
}

// signal wakes every stream.
func (s *Syncer) signal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.follows {
		f.signal()
	}
	for _, v := range s.serves {
		v.signal()
	}
}

// addrs is what peers are told about where members are.
func (s *Syncer) addrs() []PeerAddrs {
	if s.cfg.Addrs == nil {
		return nil
	}
	known := s.cfg.Addrs()
	for i, a := range known {
		fit := slices.DeleteFunc(slices.Clone(a.Addrs), func(x string) bool { return len(x) > MaxAddr })
		known[i].Addrs = fit[:min(len(fit), MaxAddrs)]
	}
	return slices.DeleteFunc(known, func(a PeerAddrs) bool { return len(a.Addrs) == 0 })
}

// rescue turns a panic of one stream into its end: no input ends the process.
func (s *Syncer) rescue(p p2p.PeerID, end func()) {
	if r := recover(); r != nil {
		s.log.Error("sync stream", "peer", p.Short(), "panic", r, "stack", string(debug.Stack()))
		end()
	}
}

// backOff is how long to wait before the n-th try in a row, with ±20 %.
func backOff(n int) time.Duration {
	d := min(200*time.Millisecond<<min(n, 10), time.Minute)
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}
