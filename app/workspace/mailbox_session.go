package workspace

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Timing of a courier (rule K27).
const (
	openTime    = 20 * time.Second // to connect and to greet
	firstPause  = time.Second      // between two attempts, doubling
	lastPause   = 30 * time.Second
	refusedFor  = 5 * time.Minute  // until the person is told
	strikePause = 5 * time.Minute  // after a super-peer broke the protocol
	storesPause = 6 * time.Hour    // after it had another store too often
	stableAfter = time.Minute      // a session that lasted so long ends the doubling
	freshFor    = 30 * time.Second // a new member is let in once an admin has published the list
	firstFull   = 30 * time.Second // between two attempts at a full super-peer, doubling
	lastFull    = 10 * time.Minute
	saveEvery   = time.Second
)

// run visits the super-peer again and again until ctx ends.
func (c *courier) run(ctx context.Context) {
	if err := c.load(ctx); err != nil && ctx.Err() == nil {
		c.w.logger.Error("super-peer", "err", err) // everything is compared
	}
	born := time.Now()
	for pause := time.Duration(0); ; {
		began := time.Now()
		err := c.visit(ctx)
		if ctx.Err() != nil {
			return
		}
		c.w.logger.Debug("super-peer is left", "super-peer", c.peer.Short(), "err", err)
		if time.Since(began) > stableAfter || time.Since(born) < freshFor {
			pause = 0
		}
		pause = min(max(2*pause, firstPause), lastPause)
		retry := c.retry
		switch {
		case errors.Is(err, errManyStores):
			pause, retry = storesPause, nil // to connect is no news
		case errors.Is(err, errMisbehaves):
			pause = strikePause
			c.damaged(1)
		case errors.Is(err, errBug):
			pause = strikePause
		}
		c.left(err)
		select {
		case <-ctx.Done():
			return
		case <-retry:
		case <-time.After(jittered(pause)):
		}
	}
}

// left notes why a visit ended.
func (c *courier) left(err error) {
	c.show(func(v *contactView) {
		v.state = SuperPeerConnecting
		if errors.Is(err, errManyStores) {
			v.problem = ProblemForgetful
		}
		if !errors.Is(err, ErrStranger) {
			v.refused = time.Time{}
			return
		}
		v.state = SuperPeerRefused
		if v.refused.IsZero() {
			v.refused = time.Now()
		}
		if time.Since(v.refused) > refusedFor {
			v.problem = ProblemStranger
		}
	})
}

// visit opens the mailbox and stays until something fails.
func (c *courier) visit(ctx context.Context) error {
	m, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	if err := c.adopt(ctx, m.Store()); err != nil {
		return err
	}
	c.contacted()
	used, limit, err := m.Quota(ctx, weighEvery)
	if err != nil {
		return err
	}
	c.show(func(v *contactView) {
		v.state, v.problem = SuperPeerConnected, ""
		v.used, v.limit = used, limit
	})
	return c.session(ctx, m)
}

// open opens the mailbox. A super-peer that does not know this device may have an
// old list, which an admin's device can replace.
func (c *courier) open(ctx context.Context) (Mailbox, error) {
	c.logRead.Store(false)
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	addrs, err := c.w.superPeerAddrs(ctx, c.peer)
	if err != nil {
		return nil, err
	}
	m, err := c.net.Mailbox(ctx, c.peer, addrs, c.w.id)
	if !errors.Is(err, ErrStranger) {
		return m, err
	}
	if published := c.publishNow(ctx, time.Now()); published != nil {
		return nil, errors.Join(err, published)
	}
	return c.net.Mailbox(ctx, c.peer, addrs, c.w.id)
}

// session reads and uploads until one of both fails.
func (c *courier) session(ctx context.Context, m Mailbox) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var parts sync.WaitGroup
	for _, part := range []func(context.Context, Mailbox) error{c.keepWatching, c.keepReading, c.keepUploading, c.keepStocking, c.keepWeighing} {
		parts.Go(func() { end(c.guard(ctx, m, part)) })
	}
	<-ctx.Done()
	_ = m.Close()
	parts.Wait()
	err := context.Cause(ctx)
	return errors.Join(err, c.save(context.WithoutCancel(ctx)))
}

// guard turns a panic, as of a view with a bug, into the end of the session.
func (c *courier) guard(ctx context.Context, m Mailbox, part func(context.Context, Mailbox) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			c.w.logger.Error("panic at a super-peer's objects", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = errBug
		}
	}()
	if err := part(ctx, m); err != nil {
		return err
	}
	return context.Canceled
}

// errBug ends a session in which this program failed.
var errBug = errors.New("the program failed")

// errWatchEnded ends a session whose super-peer tells of no news any more.
var errWatchEnded = errors.New("the super-peer ended the watch")

// keepWatching hears of news of all readable spaces.
func (c *courier) keepWatching(ctx context.Context, m Mailbox) error {
	for {
		err := c.watch(ctx, m, c.tags())
		if err != nil || ctx.Err() != nil {
			return err
		}
	}
}

// watch hears of news until the readable spaces change, or it fails.
func (c *courier) watch(ctx context.Context, m Mailbox, tags []tagged) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var parts sync.WaitGroup
	defer parts.Wait()
	for len(tags) > 0 {
		var part []Tag
		for _, t := range tags[:min(len(tags), maxWatched)] {
			part = append(part, t.tag)
		}
		tags = tags[len(part):]
		parts.Go(func() {
			err := m.Watch(ctx, part, func(tag Tag, last uint64) { c.contacted(); c.told(tag, last) })
			stop(errors.Join(errWatchEnded, err))
		})
	}
	select {
	case <-c.regroup:
		stop(nil)
		parts.Wait()
		return nil
	case <-ctx.Done():
		parts.Wait()
		return context.Cause(ctx)
	}
}

// keepReading reads whatever is due: the log first.
func (c *courier) keepReading(ctx context.Context, m Mailbox) error {
	for _, k := range c.cursors {
		k.rewind()
	}
	c.told(c.code.tag(seal.SpaceID{}), 1) // should nobody tell of news, the log at least is read
	saved := time.Now()
	for {
		t, due, next := c.nextTag(time.Now())
		if due {
			if err := c.readOne(ctx, m, t); err != nil {
				return err
			}
		}
		if !due || time.Since(saved) > saveEvery {
			if err := c.save(ctx); err != nil && ctx.Err() == nil {
				c.w.logger.Warn("super-peer", "err", err) // a full disk: it is compared again
			}
			saved = time.Now()
		}
		if !due {
			if err := pauseFor(ctx, next, c.news); err != nil {
				return err
			}
		}
	}
}

// pauseFor waits for a moment, zero for never, an alarm or the end.
func pauseFor(ctx context.Context, until time.Time, alarm <-chan struct{}) error {
	var timer <-chan time.Time
	if !until.IsZero() {
		timer = time.After(time.Until(until))
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-alarm:
	case <-timer:
	}
	return nil
}

// nextTag is the first tag that is to be read now, or when one is.
func (c *courier) nextTag(now time.Time) (due tagged, found bool, next time.Time) {
	if c.takeAnew() {
		clear(c.cursors)
		for _, t := range c.tags() {
			c.told(t.tag, 1)
		}
	}
	for _, t := range c.tags() {
		k := c.cursor(t.tag)
		back, look := c.goBack(t.tag, k, now)
		if back {
			return t, true, now
		}
		next = earlier(next, look)
		if !k.again.IsZero() && !k.again.After(now) {
			k.rewind()
			return t, true, now
		}
		if c.lastOf(t.tag) > k.at {
			return t, true, now
		}
		next = earlier(next, k.again)
	}
	return tagged{}, false, next
}

// readOne reads one tag. What waited for entries of the log is looked at again
// when there are new ones.
func (c *courier) readOne(ctx context.Context, m Mailbox, t tagged) error {
	last, entries := c.lastOf(t.tag), c.w.members.count()
	if err := c.read(ctx, m, t, time.Now()); err != nil {
		return err
	}
	c.contacted()
	c.satisfied(t.tag, last)
	if k := c.cursor(t.tag); t.isLog() {
		c.logRead.Store(k.firm == k.at)
	}
	if c.w.members.count() > entries {
		for _, k := range c.cursors {
			if k.lag > 0 {
				k.again = time.Now()
			}
		}
	}
	return nil
}

// count is how many durable entries the log has.
func (m *membership) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.committed
}

// keepUploading puts there what is written here, and keeps the access list up to
// date where this device may.
func (c *courier) keepUploading(ctx context.Context, m Mailbox) error {
	var known *member.State
	var resume time.Time // nothing is uploaded before
	full := time.Duration(0)
	for {
		now := time.Now()
		if st := c.w.State(); st != known {
			known = st
			ring(c.regroup)
		}
		publish := c.publish(ctx, now)
		if resume.After(now) {
			if err := pauseFor(ctx, earlier(resume, publish), c.stir); err != nil {
				return err
			}
			continue
		}
		done, next, err := c.upload(ctx, m, now)
		c.uploaded()
		if refusal, ok := c.refused(err, &full); ok {
			resume = now.Add(refusal)
			continue
		}
		if err != nil {
			return err
		}
		if done {
			full = 0
			c.show(func(v *contactView) {
				if v.state == SuperPeerFull {
					v.state, v.problem = SuperPeerConnected, ""
				}
			})
			continue
		}
		if err := pauseFor(ctx, earlier(next, publish), c.stir); err != nil {
			return err
		}
	}
}

// refused says how long to wait after a super-peer took nothing.
func (c *courier) refused(err error, full *time.Duration) (time.Duration, bool) {
	if busy, ok := errors.AsType[*BusyError](err); ok {
		return jittered(max(busy.Wait, 10*time.Millisecond)), true
	}
	var problem SuperPeerProblem
	switch {
	case errors.Is(err, ErrSuperPeerFull):
		problem = ProblemFull
	case errors.Is(err, ErrSuperPeerQuota):
		problem = ProblemQuota
	default:
		return 0, false
	}
	c.weight.Add(weighBytes) // how full it is has changed much: it is asked at once
	ring(c.weigh)
	*full = min(max(2**full, firstFull), lastFull)
	c.show(func(v *contactView) { v.state, v.problem = SuperPeerFull, problem })
	return jittered(*full), true
}
