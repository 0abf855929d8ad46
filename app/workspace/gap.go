package workspace

import (
	"context"
	"slices"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// brokenChain is a chain that lost an envelope to damage. What is lost comes back
// from those who have it; then the chain reaches to behind what was never lost. An
// own one goes on behind everything that was ever stored in it: to use a number again
// would fork the chain, and nobody would take what stands behind the fork.
type brokenChain struct {
	high uint64    // the greatest number ever stored
	end  feed.Tail // where an own one goes on; zero: not looked for yet
}

// ownEnd is behind what the next own envelope of a chain goes. ctx carries a
// transaction.
func (f *feeds) ownEnd(ctx context.Context, id feed.FeedID) (feed.Tail, error) {
	tail, err := f.tail(ctx, id)
	if err != nil {
		return tail, err
	}
	f.mu.Lock()
	chain, broken := f.broken[id]
	f.mu.Unlock()
	if !broken || chain.end.Seq > 0 {
		return maxTail(tail, chain.end), nil
	}
	chain.end, err = f.lastStored(ctx, Tail{Space: id.Space, Device: id.Device, Seq: tail.Seq, ID: tail.ID, High: chain.high})
	if err != nil {
		return tail, err
	}
	// The damaged one may be the last: then others know its id. Nobody is believed
	// about a number that was never stored here.
	for _, held := range f.w.custody.heldOf(id) {
		if held.Seq <= chain.high {
			chain.end = maxTail(chain.end, held)
		}
	}
	f.mu.Lock()
	f.broken[id] = chain
	f.mu.Unlock()
	return chain.end, nil
}

// lastStored is the last envelope that is stored of a chain, which stands behind a gap
// where damage made one.
func (f *feeds) lastStored(ctx context.Context, t Tail) (feed.Tail, error) {
	end := feed.Tail{Seq: t.Seq, ID: t.ID}
	for end.Seq < t.High {
		rows, err := f.w.storage.Envelopes(ctx, f.w.id, t.Space, t.Device, end.Seq+1, chainChunk)
		if err != nil || len(rows) == 0 {
			return end, err
		}
		last := rows[len(rows)-1]
		end = feed.Tail{Seq: last.Seq, ID: last.ID}
	}
	return end, nil
}

func maxTail(a, b feed.Tail) feed.Tail {
	if b.Seq > a.Seq {
		return b
	}
	return a
}

// extend notes an own envelope that the running transaction adds.
func (f *feeds) extend(id feed.FeedID, tail feed.Tail) {
	f.mu.Lock()
	chain, broken := f.broken[id]
	if broken {
		f.broken[id] = brokenChain{high: max(chain.high, tail.Seq), end: tail}
	}
	f.mu.Unlock()
	if !broken {
		f.advance(id, tail)
	}
}

// stored tells what the running transaction's rows mean for their chains once
// they are durable.
func (f *feeds) stored(ctx context.Context, rows []EnvelopeRow) (advance, error) {
	if !f.touchesBroken(rows) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.turn++
		return advance{turn: f.turn, rows: rows}, nil
	}
	vector, still, err := f.read(ctx)
	if err != nil {
		return advance{}, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn++
	done := advance{turn: f.turn, ends: feed.Vector{}}
	for _, row := range rows {
		id := feed.FeedID{Space: row.Space, Device: row.Device}
		if _, broken := f.broken[id]; !broken {
			done.rows = append(done.rows, row)
			continue
		}
		done.ends[id] = vector[id]
		if f.pending != nil {
			f.pending[id] = vector[id]
		}
		if _, yes := still[id]; !yes {
			delete(f.broken, id)
		}
	}
	return done, nil
}

// look is what a transaction read of all chains after damage was found. What later
// transactions did, and told before it was published, comes on top of it.
type look struct {
	turn  uint64
	ends  feed.Vector
	later []advance
}

// again reads all chains anew. ctx carries a transaction, or nobody writes yet. The
// look is published once it is durable, or dropped.
func (f *feeds) again(ctx context.Context) (*look, error) {
	ends, broken, err := f.read(ctx)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.turn++
	f.pending, f.broken = nil, broken
	f.look = &look{turn: f.turn, ends: ends}
	return f.look, nil
}

func (f *feeds) publish(l *look) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.committed, f.looked, f.look = l.ends, l.turn, nil
	f.recent = map[feed.FeedID][]recentRow{}
	f.size.rows, f.size.bytes = 0, 0
	for _, a := range l.later {
		f.raise(a)
	}
}

// drop forgets a look that was undone.
func (f *feeds) drop() {
	f.mu.Lock()
	f.look = nil
	f.mu.Unlock()
}

func (f *feeds) touchesBroken(rows []EnvelopeRow) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.broken) > 0 && slices.ContainsFunc(rows, func(row EnvelopeRow) bool {
		_, broken := f.broken[feed.FeedID{Space: row.Space, Device: row.Device}]
		return broken
	})
}

// heldOf are the ends of a chain that other devices said they have.
func (c *custody) heldOf(id feed.FeedID) []feed.Tail {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []feed.Tail
	for _, held := range c.acks {
		if tail, ok := held[id]; ok && tail.ID != (seal.ID{}) {
			all = append(all, tail)
		}
	}
	return all
}

// highest is the greatest number ever stored of an own chain with a gap, else 0.
func (f *feeds) highest(id feed.FeedID) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.broken[id].high
}
