package discovery

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"parvis/p2p"
)

// Timing of redials (W50, W51).
const (
	firstBackOff   = time.Second
	longestBackOff = 5 * time.Minute
	vitalBackOff   = 15 * time.Second // the longest for a super-peer
	dialTime       = 20 * time.Second
	rereadEvery    = time.Minute
	stableAfter    = time.Minute     // a connection that lasted so long ends the back-off
	firstUpgrade   = 5 * time.Second // after a peer was first seen relayed; doubled with each failure
	longestUpgrade = 10 * time.Minute
	maxDials       = 8    // at once
	maxUpgrades    = 4    // at once, beside the dials
	maxLearned     = 1024 // peers outside of the book
	// politeDelay is how much later the device with the higher id dials first,
	// so that two devices that meet do not make two connections.
	politeDelay = 300 * time.Millisecond
)

// redialer dials what is known and not connected, or only through a relay.
type redialer struct {
	network Network
	book    Book
	wake    chan struct{}
	dials   sync.WaitGroup

	mu        sync.Mutex
	retries   map[p2p.PeerID]*retry // guarded by mu
	dialing   int                   // guarded by mu
	upgrading int                   // guarded by mu
}

// retry is the state of one target.
type retry struct {
	next    time.Time // no dial before
	backOff time.Duration
	dialing bool
	stop    context.CancelFunc // of the dial that goes on
	again   bool               // the dial that goes on is worth repeating at once
	up      time.Time          // seen connected since
	better  time.Time          // no attempt to get rid of the relay before; zero while not relayed
	between time.Duration      // of such attempts
	longest time.Duration      // bound of backOff
	learned []string           // addresses that were told, beside those of the book
	outside bool               // not in the book: dialled once
}

func (r *redialer) init(n Network, book Book) {
	r.network, r.book = n, book
	r.wake = make(chan struct{}, 1)
	r.retries = make(map[p2p.PeerID]*retry)
}

func (r *redialer) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *redialer) run(ctx context.Context) {
	defer r.dials.Wait()
	for {
		next := r.round(ctx, time.Now())
		if !sleepUntil(ctx, next, r.wake) {
			return
		}
	}
}

// round starts the dials that are due and returns when to look again.
func (r *redialer) round(ctx context.Context, now time.Time) time.Time {
	targets := make(map[p2p.PeerID][]string)
	vital := make(map[p2p.PeerID]bool)
	for _, t := range r.book.Known() {
		if t.Peer != r.network.ID() {
			targets[t.Peer] = t.Addrs
			vital[t.Peer] = t.Vital
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for p, e := range r.retries {
		_, known := targets[p]
		if !known && !e.outside && !e.dialing {
			delete(r.retries, p)
		}
		if known {
			e.outside = false
		} else if e.outside {
			targets[p] = nil
		}
	}
	again := now.Add(rereadEvery)
	for p, addrs := range targets {
		e := r.retries[p]
		if e == nil {
			e = r.begin(p, now)
		}
		e.longest = longestBackOff
		if vital[p] {
			e.longest = vitalBackOff
		}
		if due, at := r.due(p, e, now); !due {
			if !at.IsZero() && at.Before(again) {
				again = at
			}
			continue
		}
		if e.better.IsZero() && r.dialing >= maxDials || !e.better.IsZero() && r.upgrading >= maxUpgrades {
			continue // the end of a dial wakes us
		}
		r.dial(ctx, p, e, p2p.CleanAddrs(slices.Concat(e.learned, addrs)))
	}
	return again
}

// begin makes the state of a new target. The caller holds mu.
func (r *redialer) begin(p p2p.PeerID, now time.Time) *retry {
	e := &retry{next: now, longest: longestBackOff}
	if r.network.ID() > p {
		e.next = now.Add(politeDelay)
	}
	r.retries[p] = e
	return e
}

// due reports whether to dial now, or when to look again (zero: not by time).
// The caller holds mu.
func (r *redialer) due(p p2p.PeerID, e *retry, now time.Time) (bool, time.Time) {
	if e.dialing {
		return false, time.Time{}
	}
	if r.network.Connected(p) {
		if e.up.IsZero() {
			e.up = now
		}
		if e.outside {
			delete(r.retries, p)
		}
		if !r.network.Relayed(p) {
			e.better = time.Time{}
			return false, time.Time{}
		}
		if e.better.IsZero() {
			e.between = firstUpgrade
			e.better = now.Add(e.between)
		}
		return !e.better.After(now), e.better
	}
	e.better = time.Time{}
	if !e.up.IsZero() {
		// It was connected. One that comes and goes is not dialled in a loop.
		if now.Sub(e.up) >= stableAfter {
			e.backOff, e.next = 0, now
		} else {
			e.fail(now)
		}
		e.up = time.Time{}
	}
	return !e.next.After(now), e.next
}

// fail doubles the back-off, ±20 %.
func (e *retry) fail(now time.Time) {
	e.backOff = min(max(2*e.backOff, firstBackOff), e.longest)
	e.next = now.Add(spread(e.backOff))
}

// spread is a span ±20 %.
func spread(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*rand.Float64()))
}

// dial starts one attempt. The caller holds mu.
func (r *redialer) dial(ctx context.Context, p p2p.PeerID, e *retry, addrs []string) {
	ctx, stop := context.WithTimeout(ctx, dialTime)
	e.dialing, e.stop, e.again = true, stop, false
	if !e.better.IsZero() {
		r.upgrading++
		r.dials.Go(func() {
			defer stop()
			r.upgrade(ctx, p, e, addrs)
		})
		return
	}
	r.dialing++
	r.dials.Go(func() {
		defer stop()
		err := r.network.Connect(ctx, p, addrs)
		now := time.Now()
		r.mu.Lock()
		r.dialing--
		e.dialing = false
		switch {
		case err != nil && e.again:
			e.backOff, e.next = 0, now
		case err != nil && e.outside:
			delete(r.retries, p) // it announces itself again
		case err != nil:
			e.fail(now)
		case e.up.IsZero():
			e.up = now
		}
		r.mu.Unlock()
		r.signal()
	})
}

// upgrade is one attempt to reach a relayed peer directly (W64).
func (r *redialer) upgrade(ctx context.Context, p p2p.PeerID, e *retry, addrs []string) {
	err := r.network.Upgrade(ctx, p, addrs)
	r.mu.Lock()
	r.upgrading--
	e.dialing = false
	if err != nil {
		e.better = time.Now().Add(spread(e.between))
		e.between = min(2*e.between, longestUpgrade)
	}
	r.mu.Unlock()
	r.signal()
}

// learn notes addresses and ends the back-off if any of them is new.
func (r *redialer) learn(t Target) {
	if t.Peer == r.network.ID() {
		return
	}
	now := time.Now()
	known := slices.ContainsFunc(r.book.Known(), func(k Target) bool { return k.Peer == t.Peer })
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.retries[t.Peer]
	if e == nil {
		if len(r.retries) >= maxLearned {
			return
		}
		e = r.begin(t.Peer, now)
		e.outside = !known
	}
	if slices.Equal(e.learned, t.Addrs) {
		return
	}
	e.learned = t.Addrs
	e.backOff = 0
	if e.better.After(now) {
		e.better = now
	}
	if e.next.After(now.Add(politeDelay)) {
		e.next = now
	}
	r.signal()
}

// reset ends every back-off.
func (r *redialer) reset() {
	now := time.Now()
	r.mu.Lock()
	for _, e := range r.retries {
		e.backOff = 0
		e.again = e.dialing
		if e.next.After(now) {
			e.next = now
		}
		if e.better.After(now) {
			e.better = now
		}
	}
	r.mu.Unlock()
	r.signal()
}

// restart stops every dial that goes on, and lets it begin again.
func (r *redialer) restart() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.retries {
		if e.dialing {
			e.again = e.better.IsZero()
			e.stop()
		}
	}
}
