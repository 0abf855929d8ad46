package docs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parvis/crdt/seal"
)

// When the node makes a snapshot itself: when so many changes came since the last
// one and nothing more came for a while. A page that has the document open makes
// its own, and is given time for it.
const (
	compactAfter   = 1000
	compactWatched = 4000 // while a page has the document open
	compactPause   = 20 * time.Second
)

// compactor makes snapshots and pictures of documents in the background.
type compactor struct {
	s      *Service
	cancel context.CancelFunc
	wg     sync.WaitGroup
	wake   chan struct{}

	mu     sync.Mutex
	base   map[deskKey]uint64        // guarded by mu; the place of the last snapshot known
	due    map[deskKey]time.Time     // guarded by mu
	wanted map[deskKey]chan struct{} // guarded by mu; pictures, closed when made or given up
}

func newCompactor(s *Service) *compactor {
	return &compactor{
		s: s, cancel: func() {}, wake: make(chan struct{}, 1),
		base: map[deskKey]uint64{}, due: map[deskKey]time.Time{}, wanted: map[deskKey]chan struct{}{},
	}
}

// start makes snapshots until close.
func (c *compactor) start(ctx context.Context) {
	ctx, c.cancel = context.WithCancel(ctx)
	c.wg.Go(func() { c.run(ctx) })
}

func (c *compactor) close() {
	c.cancel()
	c.wg.Wait()
}

// note looks at a document that a commit changed.
func (c *compactor) note(v *view, p picture) {
	key := deskKey{v.ws, p.row.ID}
	limit := uint64(compactAfter)
	if v.leases.watched(p.row.ID) {
		limit = compactWatched
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !p.row.Made || p.place < c.base[key]+limit {
		return
	}
	c.due[key] = time.Now().Add(compactPause)
	c.look()
}

// look makes run look at what there is to do.
func (c *compactor) look() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// run waits for documents that are due or wanted.
func (c *compactor) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wake:
		case <-timer.C:
		}
		c.paintWanted(ctx)
		key, wait := c.next(time.Now())
		if wait == 0 {
			if err := c.compact(ctx, key); err != nil && ctx.Err() == nil {
				c.s.config.Log.Warn("make a snapshot", "document", key.id.String(), "err", err)
			}
			wait = time.Millisecond
		}
		timer.Reset(wait)
	}
}

// next takes a document that is due, or says how long to wait.
func (c *compactor) next(now time.Time) (key deskKey, wait time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	wait = time.Hour
	for k, at := range c.due {
		if !now.Before(at) {
			delete(c.due, k)
			return k, 0
		}
		wait = min(wait, at.Sub(now))
	}
	return key, wait
}

// compact makes a snapshot of a document, and a picture with it, unless there is a
// young one.
func (c *compactor) compact(ctx context.Context, key deskKey) error {
	v, d, err := c.s.find(ctx, key.ws, key.id)
	if err != nil {
		return err
	}
	now, _, err := v.storage().CacheInfo(ctx, d.row.N, SnapshotCache)
	if err != nil {
		return err
	}
	c.setBase(key, now.Place)
	if d.place < now.Place+compactAfter {
		return nil
	}
	snapshot := Cache{Kind: SnapshotCache}
	var paint Cache
	var unpainted error
	err = c.s.desk.use(ctx, v, d.row, func(x *sheet) (err error) {
		paint, unpainted = x.paint(ctx)
		snapshot.Data, err = x.document.Save(ctx)
		snapshot.Heads, snapshot.Place = x.document.Heads(), x.at
		return err
	})
	if err != nil {
		return err
	}
	if unpainted == nil {
		unpainted = v.keepPaint(ctx, d.row, paint)
	}
	if unpainted != nil {
		c.s.config.Log.Warn("make a picture", "document", key.id.String(), "err", unpainted)
	}
	if len(snapshot.Data) > MaxSnapshot {
		return nil
	}
	err = v.putSnapshot(ctx, d.row, snapshot)
	if errors.Is(err, ErrStale) {
		return nil // the next change makes it due again
	}
	if err != nil {
		return fmt.Errorf("keep it: %w", err)
	}
	c.setBase(key, snapshot.Place)
	return nil
}

func (c *compactor) setBase(key deskKey, place uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base[key] = place
}

// Compact makes snapshots of the documents of a workspace now, of each where enough
// came since its last one.
func (s *Service) Compact(ctx context.Context, ws seal.ID) error {
	all, err := s.List(ctx, ws)
	if err != nil {
		return err
	}
	for _, d := range all {
		if err := s.compactor.compact(ctx, deskKey{ws, d.ID}); err != nil {
			return fmt.Errorf("compact document %s: %w", d.ID, err)
		}
	}
	return nil
}
