package workspace

import (
	"context"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// brokenChain is an own chain that lost an envelope to damage. It goes on behind
// everything that was ever stored in it: to use a number again would fork the
// chain, and nobody would take what stands behind the fork. What is lost comes
// back from those who have it.
type brokenChain struct {
	high uint64    // the greatest number ever stored
	end  feed.Tail // where it goes on; zero: not looked for yet
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
	chain.end = tail
	for from := tail.Seq + 1; from <= chain.high; from = chain.end.Seq + 1 {
		rows, err := f.w.storage.Envelopes(ctx, f.w.id, id.Space, id.Device, from, chainChunk)
		if err != nil {
			return tail, err
		}
		if len(rows) == 0 {
			break
		}
		last := rows[len(rows)-1]
		chain.end = feed.Tail{Seq: last.Seq, ID: last.ID}
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
// they are durable: rows of whole chains, and new ends of broken ones.
func (f *feeds) stored(ctx context.Context, rows []EnvelopeRow) (whole []EnvelopeRow, repaired feed.Vector, err error) {
	f.mu.Lock()
	open := len(f.broken)
	f.mu.Unlock()
	if open == 0 {
		return rows, nil, nil
	}
	vector, still, err := f.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	repaired = feed.Vector{}
	for _, row := range rows {
		id := feed.FeedID{Space: row.Space, Device: row.Device}
		if _, broken := f.broken[id]; !broken {
			whole = append(whole, row)
			continue
		}
		repaired[id] = vector[id]
		if f.pending != nil {
			f.pending[id] = vector[id]
		}
		if _, yes := still[id]; !yes {
			delete(f.broken, id)
		}
	}
	return whole, repaired, nil
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
