package chat

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// sweepPage is how many waiting rows are looked at in one transaction, sweepQuiet
// how long nothing must have arrived before, and sweepLatest the longest that is
// waited for this.
const (
	sweepPage   = 1024
	sweepQuiet  = time.Second
	sweepLatest = 15 * time.Second
)

// reopen looks at waiting rows again, in the order of their places, and takes
// those that go on waiting into the graph, as many as there is room for. Those
// that need not wait any more are stored as settled.
func (f *fold) reopen(ctx context.Context, numbers []int64, c *changes) error {
	for part := range slices.Chunk(numbers, sweepPage) {
		rows, err := f.v.storage().NumberedRows(ctx, part)
		if err != nil {
			return err
		}
		for _, row := range rows {
			if row.State != RowOpen || f.graph.open[row.ID] != nil {
				continue // it was settled meanwhile, or will be told
			}
			if err := f.reopenRow(ctx, row, c); err != nil {
				return err
			}
		}
		if err := f.save(ctx, c); err != nil {
			return err
		}
		c.closed, c.broken = nil, nil
	}
	return nil
}

func (f *fold) reopenRow(ctx context.Context, row Row, c *changes) error {
	content, err := row.content()
	if err != nil {
		f.graph.whole = false
		return nil
	}
	e := entry{id: row.ID, row: row.N, node: nodeOf(row, content), parents: content.Parents, target: row.Target}
	v, needs, err := f.graph.judge(ctx, &e)
	if err != nil {
		return err
	}
	woken, err := f.graph.settle(ctx, v, needs)
	if err != nil {
		return err
	}
	if v.state != RowOpen {
		woken = append([]verdict{v}, woken...)
	}
	for _, v := range woken {
		if err := f.woken(ctx, v, c); err != nil {
			return err
		}
	}
	return nil
}

// sweep looks at all messages again that wait on disk alone, because memory had
// no room for them: what they waited for may have come since.
func (v *view) sweep() {
	ctx := context.Background() // a store that is closed ends it
	numbers, err := v.storage().WaitingRows(ctx, v.ws)
	first := true
	for part := range slices.Chunk(numbers, sweepPage) {
		if err == nil {
			err = v.sweepPart(ctx, part, first)
		}
		first = false
	}
	if err != nil {
		v.service.config.Log.Debug("look at waiting messages", "workspace", v.ws.Short(), "err", err)
		return
	}
	v.service.Reload.Publish(v.ws)
}

// sweepPart is one transaction of a sweep, so that others can write in between.
func (v *view) sweepPart(ctx context.Context, numbers []int64, first bool) error {
	var pictures []picture
	err := v.storage().Write(ctx, func(ctx context.Context) (err error) {
		defer func() {
			if err != nil {
				v.Reset()
			}
		}()
		f, err := v.writer(ctx)
		if err != nil {
			return err
		}
		c := newChanges()
		f.graph.crowded = f.graph.crowded && !first
		if err := f.reopen(ctx, numbers, c); err != nil {
			return err
		}
		pictures = v.pictures(c.channels)
		return nil
	})
	if err != nil {
		return fmt.Errorf("settle waiting messages: %w", err)
	}
	v.tell(ctx, newChanges(), pictures)
	return nil
}

// sweeps says when to sweep: once it has been quiet for a while.
type sweeps struct {
	quiet time.Duration

	mu    sync.Mutex
	due   bool      // guarded by mu
	since time.Time // guarded by mu; since when it is due
	last  time.Time // guarded by mu; when it was asked for last
}

// soon runs sweep in the background.
func (s *sweeps) soon(sweep func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = time.Now()
	if !s.due {
		s.due, s.since = true, s.last
		time.AfterFunc(s.quiet, func() { s.fire(sweep) })
	}
}

func (s *sweeps) fire(sweep func()) {
	s.mu.Lock()
	if wait := s.quiet - time.Since(s.last); wait > 0 && time.Since(s.since) < sweepLatest {
		time.AfterFunc(wait, func() { s.fire(sweep) })
		s.mu.Unlock()
		return
	}
	s.due = false
	s.mu.Unlock()
	sweep()
}
