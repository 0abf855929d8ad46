package sync

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"sync"
	"time"

	"parvis/p2p"
)

// ErrTooOften reports a sink that starts rounds more often than allowed.
var ErrTooOften = errors.New("more than one round in 5 s")

// Queue of hints and addresses of one stream; what does not fit is dropped.
const sayQueue = 64

// shareEvery is how often a peer's position is shown to the other streams, which
// use it only to avoid sending what somebody else sends.
const shareEvery = 100 * time.Millisecond

// serving is the source's end of one stream, opened to us by peer.
type serving struct {
	syncer *Syncer
	conn   *conn
	peer   p2p.PeerID
	device [32]byte
	cancel context.CancelFunc
	wake   chan struct{}
	said   chan Frame // Live and Addrs
	round  time.Time  // of the last Hello

	mu     sync.Mutex
	source *Source   // guarded by mu
	view   *View     // what source knows; guarded by mu
	shared time.Time // when the peer's position was shown last; guarded by mu
	news   bool      // it changed since; guarded by mu

	told map[p2p.PeerID]uint64 // hashes of the addresses that were told; guarded by mu
}

// serve is the life of a stream whose Hello arrived. It reports false when the
// peer is no member.
func (s *Syncer) serve(ctx context.Context, c *conn, hello Hello) bool {
	peer := c.stream.Peer()
	device, member := s.cfg.Device(peer)
	if !member || device == s.cfg.Self {
		return false
	}
	v := &serving{
		syncer: s, conn: c, peer: peer, device: device,
		wake: make(chan struct{}, 1), said: make(chan Frame, sayQueue),
		source: NewSource(SourceConfig{Self: s.cfg.Self, Sink: device, RelayDelay: s.cfg.RelayDelay}),
	}
	ctx, v.cancel = context.WithCancel(ctx)
	defer v.cancel()
	stop := context.AfterFunc(ctx, func() { _ = c.stream.Reset() })
	defer stop()
	if !v.enter() {
		return false
	}
	defer v.leave()
	v.tell(s.addrs())
	err := v.input(ctx, hello)
	var writer sync.WaitGroup
	if err == nil {
		s.kick(peer)
		writer.Go(func() { v.write(ctx) })
		err = v.read(ctx)
	}
	code, points := verdict(err)
	if points > 0 {
		s.cfg.Hub.net.Penalise(peer, points, fmt.Sprintf("sync: %v", err))
	}
	tell := code != 0 && stop()
	_ = c.stream.SetWriteDeadline(time.Unix(1, 0)) // the writer may be waiting for the peer
	v.cancel()
	writer.Wait()
	if tell {
		c.bye(code)
	}
	return true
}

// enter takes the place of an older stream of the same peer: newest wins (Y14).
func (v *serving) enter() bool {
	s := v.syncer
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.live.Load() {
		return false
	}
	if old := s.serves[v.peer]; old != nil {
		old.cancel()
	}
	s.serves[v.peer] = v
	s.wg.Add(1)
	return true
}

func (v *serving) leave() {
	s := v.syncer
	s.mu.Lock()
	last := s.serves[v.peer] == v
	if last {
		delete(s.serves, v.peer)
	}
	s.mu.Unlock()
	if last {
		s.picture.holds(v.device, nil)
		s.picture.linked(v.device, nil)
	}
	s.wg.Done()
}

func (v *serving) signal() {
	select {
	case v.wake <- struct{}{}:
	default:
	}
}

// tell queues the addresses that changed since they were told: at first all of them,
// even if there are none.
func (v *serving) tell(known []PeerAddrs) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var news Addrs
	hashes := make(map[p2p.PeerID]uint64)
	for _, a := range known {
		hash := hashOf(a.Addrs)
		if old, told := v.told[a.Peer]; a.Peer != v.peer && (!told || old != hash) && len(news.Peers) < MaxAddrPeers {
			news.Peers = append(news.Peers, a)
			hashes[a.Peer] = hash
		}
	}
	if v.told != nil && len(news.Peers) == 0 || !v.say(news) {
		return
	}
	if v.told == nil {
		v.told = hashes
		return
	}
	maps.Copy(v.told, hashes)
}

func hashOf(addrs []string) uint64 {
	h := fnv.New64a()
	for _, a := range addrs {
		_, _ = io.WriteString(h, a)
		_, _ = h.Write([]byte{0})
	}
	return h.Sum64()
}

// say queues a hint; when the peer reads too slowly it is dropped.
func (v *serving) say(f Frame) bool {
	select {
	case v.said <- f:
		v.signal()
		return true
	default:
		return false
	}
}

// read takes what the sink says until the stream ends.
func (v *serving) read(ctx context.Context) error {
	defer v.syncer.rescue(v.peer, v.cancel)
	for {
		f, err := v.conn.read()
		if err != nil {
			return err
		}
		if err := v.input(ctx, f); err != nil {
			return err
		}
	}
}

// input handles one frame. The writer is woken before the replica is told,
// because the acknowledgement may let it go on.
func (v *serving) input(ctx context.Context, f Frame) error {
	now := time.Now()
	v.mu.Lock()
	var held Have
	var links [][32]byte
	var err error
	switch f := f.(type) {
	case Hello:
		if now.Sub(v.round) < helloGap*4/5 { // the sink's clock may be a little ahead
			err = ErrTooOften
			break
		}
		v.round, v.shared = now, time.Time{}
		links = f.Links
		held, err = v.source.Hello(f, now)
	case HaveDelta:
		held, err = v.source.Have(f, now)
	case Links:
		links = f.Devices
		v.source.Links(links)
	default:
		err = fmt.Errorf("%w: kind %d from a sink", ErrMalformed, f.kind())
	}
	v.news = true
	v.mu.Unlock()
	if err != nil {
		return err
	}
	v.signal()
	v.share(now)
	if links != nil {
		v.syncer.picture.linked(v.device, links)
	}
	if len(held.Heads)+len(held.Feeds) > 0 {
		v.syncer.cfg.Replica.Held(ctx, v.peer, held)
	}
	return nil
}

// share shows the peer's position to the other streams, or returns when to do so.
func (v *serving) share(now time.Time) (at time.Time) {
	slower := crowd(len(*v.syncer.picture.links.Load()))
	v.mu.Lock()
	due := v.shared.Add(slower * shareEvery)
	if !v.news || now.Before(due) {
		defer v.mu.Unlock()
		if v.news {
			return due
		}
		return time.Time{}
	}
	v.shared, v.news = now, false
	position := v.source.Sink()
	v.mu.Unlock()
	v.syncer.picture.holds(v.device, position)
	return time.Time{}
}

// write sends windows, hints and addresses until the stream ends.
func (v *serving) write(ctx context.Context) {
	defer v.cancel()
	defer v.syncer.rescue(v.peer, v.cancel)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case f := <-v.said:
			if v.conn.write(f) != nil {
				return
			}
			continue
		default:
		}
		more, wait, err := v.window(ctx)
		if err != nil {
			if ctx.Err() == nil {
				v.syncer.log.Warn("send objects", "peer", v.peer.Short(), "err", err)
			}
			return
		}
		if more {
			continue
		}
		if at := v.share(time.Now()); wait.IsZero() || !at.IsZero() && at.Before(wait) {
			wait = at
		}
		timer.Reset(until(wait))
		select {
		case <-ctx.Done():
		case <-v.wake:
		case <-timer.C:
		}
	}
}

// until is how long to wait for a moment; a zero one never comes.
func until(at time.Time) time.Duration {
	if at.IsZero() {
		return time.Hour
	}
	return max(time.Until(at), 0)
}

// window sends one window if there is something to send.
func (v *serving) window(ctx context.Context) (more bool, wait time.Time, err error) {
	v.mu.Lock()
	if view := v.syncer.picture.view.Load(); view != v.view {
		shown := *view
		shown.Have = v.syncer.visible(v.peer, view.Have)
		v.source.Mine(shown, time.Now())
		v.view = view
	}
	theirs, ask := v.source.Next(time.Now())
	wait = v.source.Wait()
	v.mu.Unlock()
	if !ask {
		return false, wait, nil
	}
	b, after, err := v.missing(ctx, theirs)
	if err != nil {
		return false, wait, err
	}
	// What was read may be newer than the end of the peer's membership.
	if _, member := v.syncer.cfg.Device(v.peer); !member {
		v.cancel()
		return false, wait, nil
	}
	v.mu.Lock()
	v.source.Sent(theirs, b, after, time.Now())
	v.mu.Unlock()
	if b.Len() == 0 {
		return true, wait, nil
	}
	if err := v.conn.write(Objects{b}); err != nil {
		v.cancel()
		return false, wait, nil // the reader says why the stream ended, if that matters
	}
	return true, wait, nil
}

// missing asks the replica for the next window, for less when it does not fit
// into a frame.
func (v *serving) missing(ctx context.Context, theirs Have) (b Batch, after Have, err error) {
	for part := 1; ; part *= 2 {
		b, after, err = v.syncer.cfg.Replica.Missing(ctx, v.peer, theirs, max(MaxWindow/part, 1), MaxWindowBytes/part)
		if err != nil {
			return b, after, fmt.Errorf("missing: %w", err)
		}
		if b.fits() || part > MaxWindow {
			return b, after, nil
		}
	}
}

// kick opens our own stream to a peer now, because it just opened one to us.
func (s *Syncer) kick(p p2p.PeerID) {
	s.mu.Lock()
	f := s.follows[p]
	s.mu.Unlock()
	if f != nil {
		f.kick()
	} else if s.cfg.Hub.isConnected(p) {
		s.peer(p, true)
	}
}
