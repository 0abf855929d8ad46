package blocks

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ipfs/boxo/bitswap/client"
	"github.com/ipfs/boxo/exchange"
	"github.com/ipfs/go-cid"
)

// Get asks the connected members that may have the blocks and hands every block
// to take, in no order and from several goroutines at once. It waits for members
// that connect later. It ends when all blocks have come, with the first error of
// take, or with ctx. What take gets has the right hash.
func (e *Exchange) Get(ctx context.Context, want []ID, take func(ID, []byte) error) error {
	client, _, err := e.running()
	if err != nil {
		return fmt.Errorf("get blocks: %w", err)
	}
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	g := &getting{client: client, session: client.NewSession(ctx), slots: e.slots, returns: e.net.returns, take: take}
	next := make(chan []ID)
	var wg sync.WaitGroup
	for range min(workers, (len(want)+batch-1)/batch) {
		wg.Go(func() {
			for ids := range next {
				if err := g.batch(ctx, ids); err != nil {
					end(err)
					return
				}
			}
		})
	}
	for len(want) > 0 && ctx.Err() == nil {
		n := min(batch, len(want))
		select {
		case next <- want[:n]:
			want = want[n:]
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("get blocks: %w", context.Cause(ctx))
	}
	return nil
}

// getting is one call of Get.
type getting struct {
	client  *client.Client
	session exchange.Fetcher
	slots   chan struct{}
	returns func() <-chan struct{}
	take    func(ID, []byte) error
	last    atomic.Int64 // when a block came, in Unix nanoseconds
}

// batch waits until all blocks of a batch were taken. When none comes for a while
// it asks anew: bitswap never doubts a peer that once said it has a block, and
// never repeats what a peer refused, though both can change (rule B9).
func (g *getting) batch(ctx context.Context, ids []ID) error {
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}
	open := make(map[cid.Cid]bool, len(ids))
	for _, id := range ids {
		open[cidOf(id)] = true
	}
	wait := askAnew
	for again := false; ; again = true {
		before := len(open)
		if err := g.some(ctx, open, again, wait); err != nil || len(open) == 0 {
			return err
		}
		g.takenBack(ctx, open)
		if wait = min(2*wait, standstill); len(open) < before {
			wait = askAnew
		}
	}
}

// some asks for the open blocks and takes out those that came, until none came
// for so long, or what was on its way may have got lost with a connection. Asking
// again takes a session of its own: bitswap takes wants back in its own time, and in
// the same session it would take back the new ones with the old.
func (g *getting) some(ctx context.Context, open map[cid.Cid]bool, again bool, wait time.Duration) error {
	returned := g.returns()
	asking, stop := context.WithCancel(ctx)
	defer stop() // takes back what was not received
	session := g.session
	if again {
		session = g.client.NewSession(asking)
	}
	arriving, err := session.GetBlocks(asking, slices.Collect(maps.Keys(open)))
	if err != nil {
		return err
	}
	began := time.Now()
	patience := time.NewTimer(wait)
	defer patience.Stop()
	for {
		select {
		case b, more := <-arriving:
			if !more {
				if err := ctx.Err(); err != nil || len(open) == 0 {
					return err
				}
				return ErrClosed
			}
			id, ok := idOf(b.Cid())
			if !ok || !open[b.Cid()] {
				continue
			}
			g.last.Store(time.Now().UnixNano())
			if err := g.take(id, b.RawData()); err != nil {
				return err
			}
			delete(open, b.Cid())
			patience.Reset(wait)
		case <-returned:
			return nil
		case <-patience.C:
			// On a slow connection the other batches may be in front of this one.
			quiet := time.Since(time.Unix(0, g.last.Load()))
			if quiet >= wait || time.Since(began) >= standstill {
				return nil
			}
			patience.Reset(wait - quiet)
		}
	}
}

const (
	// askAnew comes after the look for peers that are silent: that mends most.
	askAnew   = silence + 2*lookEvery
	lookAgain = 20 * time.Millisecond
	looks     = 50
)

// takenBack waits until bitswap has forgotten wants, which it does in its own time
// and tells nobody; what it remembers it does not send to the same peer again. Others
// may want the same: then it is not worth waiting longer.
func (g *getting) takenBack(ctx context.Context, open map[cid.Cid]bool) {
	for range looks {
		if !slices.ContainsFunc(g.client.GetWantlist(), func(c cid.Cid) bool { return open[c] }) {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookAgain):
		}
	}
}
