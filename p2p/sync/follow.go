package sync

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"parvis/p2p"
)

// Hints taken from one peer: at once, and again after each interval.
const (
	liveBurst    = 100
	liveInterval = 20 * time.Millisecond
)

// follow keeps one stream open to a connected peer, of which we are the sink.
type follow struct {
	syncer *Syncer
	peer   p2p.PeerID
	device [32]byte
	ctx    context.Context
	cancel context.CancelFunc
	now    chan struct{} // try at once
	wake   chan struct{} // the sink has something to do

	mu   sync.Mutex
	sink *Sink // of the open stream, else nil; guarded by mu
	view *View // what sink knows; guarded by mu
}

// following is one open stream.
type following struct {
	*follow
	conn     *conn
	end      context.CancelFunc
	queue    chan Batch
	accepted bool // the source answered; only the reader touches it
	hints    *rate.Limiter
}

func newFollow(s *Syncer, p p2p.PeerID, device [32]byte) *follow {
	f := &follow{syncer: s, peer: p, device: device, now: make(chan struct{}, 1), wake: make(chan struct{}, 1)}
	f.ctx, f.cancel = context.WithCancel(s.ctx)
	return f
}

func (f *follow) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// kick tries at once if no stream is open.
func (f *follow) kick() {
	select {
	case f.now <- struct{}{}:
	default:
	}
}

// resync begins a new round, or tries at once to open the stream.
func (f *follow) resync() {
	f.mu.Lock()
	if f.sink != nil {
		f.sink.Resync()
	}
	f.mu.Unlock()
	f.signal()
	f.kick()
}

// run opens the stream again and again until the peer is gone.
func (f *follow) run() {
	defer f.cancel()
	for failures := 0; f.ctx.Err() == nil; failures++ {
		started := time.Now()
		accepted, err := f.session()
		if f.ctx.Err() != nil {
			return
		}
		f.syncer.log.Debug("sync stream ended", "peer", f.peer.Short(), "err", err)
		if accepted && time.Since(started) > time.Minute {
			failures = 0
		}
		// A peer that came to us is ready for us. After several failures in a row
		// that is not believed any more, or two peers would chase each other.
		now := f.now
		if failures > 3 {
			now = nil
		}
		select {
		case <-f.ctx.Done():
		case <-now:
		case <-time.After(backOff(failures)):
		}
	}
}

// session opens one stream and serves it until it ends.
func (f *follow) session() (accepted bool, err error) {
	s := f.syncer
	ctx, end := context.WithCancel(f.ctx)
	defer end()
	open, cancel := context.WithTimeout(ctx, helloTimeout)
	stream, err := s.cfg.Hub.net.Open(open, f.peer, Protocol)
	cancel()
	if err != nil {
		return false, err
	}
	defer context.AfterFunc(ctx, func() { _ = stream.Reset() })()
	g := &following{
		follow: f, conn: newConn(stream), end: end, queue: make(chan Batch, MaxInFlight),
		hints: rate.NewLimiter(rate.Every(liveInterval), liveBurst),
	}
	f.mu.Lock()
	f.view = nil
	f.sink = NewSink(SinkConfig{Workspace: s.cfg.Workspace, Self: s.cfg.Self, Spread: 2*rand.Float64() - 1})
	f.mu.Unlock()
	var wg sync.WaitGroup
	wg.Go(func() { g.write(ctx) })
	wg.Go(func() { g.receive(ctx) })
	err = g.read(ctx)
	end()
	wg.Wait()
	f.mu.Lock()
	f.sink = nil
	f.mu.Unlock()
	if g.accepted {
		s.picture.accepted(f.device, false)
	}
	if _, points := verdict(err); points > 0 {
		s.cfg.Hub.net.Penalise(f.peer, points, fmt.Sprintf("sync: %v", err))
	}
	_ = stream.Reset()
	return g.accepted, err
}

// errBye is the end of a stream for a reason that the source gave.
var errBye = errors.New("the source ended the stream")

// read takes what the source sends until the stream ends.
func (g *following) read(ctx context.Context) (err error) {
	defer g.syncer.rescue(g.peer, func() { err = fmt.Errorf("%w: panic", ErrMalformed) })
	for {
		f, err := g.conn.read()
		if err != nil {
			return err
		}
		if bye, ok := f.(Bye); ok {
			return fmt.Errorf("%w: %s", errBye, bye.Code)
		}
		if !g.accepted {
			g.accepted = true
			g.conn.patient()
			g.syncer.picture.accepted(g.device, true)
		}
		switch f := f.(type) {
		case Objects:
			g.mu.Lock()
			ok := g.sink.Arrived()
			g.mu.Unlock()
			if !ok {
				return fmt.Errorf("%w: more than %d windows unacknowledged", ErrMalformed, MaxInFlight)
			}
			select {
			case g.queue <- f.Batch:
			case <-ctx.Done():
				return ctx.Err()
			}
		case Live:
			if g.hints.Allow() {
				g.syncer.cfg.Replica.Live(ctx, g.peer, f.Body)
			}
		case Addrs:
			if g.syncer.cfg.OnAddrs != nil && len(f.Peers) > 0 {
				g.syncer.cfg.OnAddrs(g.peer, f.Peers)
			}
		default:
			return fmt.Errorf("%w: kind %d from a source", ErrMalformed, f.kind())
		}
	}
}

// receive stores what arrived: all that is waiting at once, because that is one
// commit.
func (g *following) receive(ctx context.Context) {
	defer g.end()
	defer g.syncer.rescue(g.peer, func() {
		g.syncer.cfg.Hub.net.Penalise(g.peer, pointsMalformed, "sync: objects that cannot be handled")
	})
	for {
		var b Batch
		select {
		case <-ctx.Done():
			return
		case b = <-g.queue:
		}
		windows := 1
		for more := true; more; {
			select {
			case next := <-g.queue:
				b.Entries = append(b.Entries, next.Entries...)
				b.Blobs = append(b.Blobs, next.Blobs...)
				b.Envelopes = append(b.Envelopes, next.Envelopes...)
				windows++
			default:
				more = false
			}
		}
		if !g.store(ctx, b, windows) {
			return
		}
	}
}

// store hands objects to the replica and, after the commit, lets all sources know.
func (g *following) store(ctx context.Context, b Batch, windows int) bool {
	s := g.syncer
	if len(b.Entries) > 0 {
		s.picture.receiving(g.device)
	}
	err := s.cfg.Replica.Receive(ctx, g.peer, b)
	if fault := (*Fault)(nil); errors.As(err, &fault) {
		s.cfg.Hub.net.Penalise(g.peer, fault.Points, fmt.Sprintf("sync: %v", fault.Err))
	} else if err != nil {
		if ctx.Err() == nil {
			s.log.Warn("store received objects", "peer", g.peer.Short(), "err", err)
		}
		return false
	}
	if err := s.picture.refresh(ctx); err != nil {
		return false
	}
	g.mu.Lock()
	g.look()
	g.sink.Handled(windows)
	g.mu.Unlock()
	g.signal()
	return true
}

// look shows the sink what is here now. The caller holds mu.
func (g *following) look() {
	if view := g.syncer.picture.view.Load(); view != g.view {
		g.sink.Mine(g.syncer.visible(g.peer, view.Have))
		g.view = view
	}
}

// write says what the sink has to say until the stream ends.
func (g *following) write(ctx context.Context) {
	defer g.end()
	defer g.syncer.rescue(g.peer, g.end)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for ctx.Err() == nil {
		frame, wait := g.next()
		if frame != nil {
			if err := g.conn.write(frame); err != nil {
				return
			}
			continue
		}
		timer.Reset(until(wait))
		select {
		case <-ctx.Done():
		case <-g.wake:
		case <-timer.C:
		}
	}
}

// next asks the sink.
func (g *following) next() (Frame, time.Time) {
	now := time.Now()
	g.mu.Lock()
	check := !now.Before(g.sink.CheckAt())
	g.mu.Unlock()
	missing := check && g.missing()
	g.mu.Lock()
	g.look()
	g.sink.Links(*g.syncer.picture.links.Load())
	liar := check && g.sink.Check(missing, now)
	frame, wait := g.sink.Next(now)
	if at := g.sink.CheckAt(); wait.IsZero() || at.Before(wait) {
		wait = at
	}
	g.mu.Unlock()
	if liar {
		g.syncer.cfg.Hub.net.Penalise(g.peer, pointsMalformed, "sync: claims objects and does not deliver them")
	}
	return frame, wait
}

// missing reports whether the peer claims envelopes that we lack. It tells us only
// of chains that we may have (Y2).
func (g *following) missing() bool {
	view := g.syncer.picture.view.Load()
	return lacks(view.Feeds, view.Peers[g.device])
}
