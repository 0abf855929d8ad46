package workspace

import (
	"context"
	"sync"
	"time"

	"parvis/crdt/seal"
)

const (
	// maxTaken bounds what is stored in one transaction while catching up.
	maxTaken      = 1024
	maxTakenBytes = 4 << 20
	// maxLag is how many objects a cursor may stay behind because one of them has to
	// wait for what it builds on.
	maxLag = 8192
)

// When objects that had to wait are looked at again.
const (
	firstLook = 2 * time.Second
	lastLook  = 5 * time.Minute
)

// reading is what the reading goroutine of a courier owns.
type reading struct {
	cursors map[Tag]*cursor
	most    int            // objects that a cursor may stay behind
	blobs   lockedIDs      // fetched or put in this run: they are not fetched again
	lister  sync.WaitGroup // listing and fetching
	empty   int            // objects that were named and not given, in a row
}

// cursor is how far a tag was read. Everything up to firm is settled: stored,
// or good for nothing. Between firm and at something waits for what it builds on.
type cursor struct {
	firm, at uint64
	lag      int               // objects between the two
	waits    map[seal.ID]waits // what was fetched and waits
	look     time.Duration
	again    time.Time // when to read from firm again; zero: not by itself
}

// lockedIDs is an idSet that the uploading goroutine adds to as well.
type lockedIDs struct {
	mu  sync.Mutex
	ids idSet // guarded by mu
}

func (l *lockedIDs) has(id seal.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.ids.has(id)
}

func (l *lockedIDs) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.ids)
}

func (l *lockedIDs) add(id seal.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids.add(id)
}

func (r *reading) init() {
	r.cursors, r.blobs.ids, r.most = map[Tag]*cursor{}, idSet{}, maxLag
}

// resume begins from stored cursors. What was known of blobs counts for nothing.
func (r *reading) resume(stored []tagCursor) {
	clear(r.cursors)
	r.blobs.clear()
	for _, s := range stored {
		r.cursors[s.Tag] = newCursor(s.N)
	}
}

func newCursor(n uint64) *cursor { return &cursor{firm: n, at: n, waits: map[seal.ID]waits{}} }

func (r *reading) cursor(tag Tag) *cursor {
	if r.cursors[tag] == nil {
		r.cursors[tag] = newCursor(0)
	}
	return r.cursors[tag]
}

// rewind makes the next reading begin where everything was settled.
func (k *cursor) rewind() { k.at, k.lag, k.again = k.firm, 0, time.Time{} }

// read takes everything that came to a tag since the last time (rules K22, K23).
func (c *courier) read(ctx context.Context, m Mailbox, t tagged, now time.Time) error {
	ctx, cancel := context.WithCancel(ctx)
	defer c.lister.Wait()
	defer cancel()
	k := c.cursor(t.tag)
	var failed error
	segments := c.segments(ctx, m, t, from{k.at, c.asleep(k, now)}, &failed)
	for first := range segments {
		if err := waitFor(ctx, first); err != nil {
			return err
		}
		more, behind := atHand(segments, first)
		if err := c.take(ctx, t, k, append([]*segment{first}, more...)); err != nil {
			return err
		}
		if behind != nil {
			return behind
		}
	}
	if failed != nil {
		return failed
	}
	k.plan(now)
	return nil
}

func waitFor(ctx context.Context, s *segment) error {
	select {
	case <-s.ready:
		return s.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// atHand are the further segments that are fetched already, up to what fits into
// one transaction, and why the one behind them failed.
func atHand(segments <-chan *segment, first *segment) (more []*segment, behind error) {
	count, size := len(first.objects), first.size()
	for count < maxTaken && size < maxTakenBytes {
		select {
		case s, ok := <-segments:
			if !ok {
				return more, nil
			}
			if <-s.ready; s.err != nil {
				return more, s.err
			}
			more = append(more, s)
			count, size = count+len(s.objects), size+s.size()
		default:
			return more, nil
		}
	}
	return more, nil
}

func (s *segment) size() (size int) {
	for _, o := range s.objects {
		size += len(o.Bytes)
	}
	return size
}

// plan says when what waits is looked at again.
func (k *cursor) plan(now time.Time) {
	if k.firm == k.at {
		k.look, k.again = 0, time.Time{}
		return
	}
	k.look = min(max(2*k.look, firstLook), lastLook)
	k.again = now.Add(jittered(k.look))
}
