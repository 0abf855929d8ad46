package workspace

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// Bounds of what is kept in memory of the newest envelopes, so that pushing them
// to peers needs no read.
const (
	maxRecent      = 4096
	maxRecentBytes = 8 << 20
)

// feeds are the chains of all devices: how far they reach without a gap.
type feeds struct {
	w *Workspace

	mu        sync.Mutex
	committed feed.Vector                 // guarded by mu; what is durable
	pending   feed.Vector                 // guarded by mu; with the running transaction; nil: read again
	broken    map[feed.FeedID]brokenChain // guarded by mu; chains with a gap
	recent    map[feed.FeedID][]recentRow // guarded by mu; the newest durable rows by seq
	size      struct{ rows, bytes int }   // guarded by mu; of recent
	turn      uint64                      // guarded by mu; of the last transaction that did something to chains
	looked    uint64                      // guarded by mu; what was done up to this turn stands in committed
	look      *look                       // guarded by mu; is not published yet; nil: none
}

type recentRow struct {
	seq uint64
	id  seal.ID
	raw []byte
}

func newFeeds(w *Workspace) *feeds {
	return &feeds{w: w, committed: feed.Vector{}, recent: map[feed.FeedID][]recentRow{}}
}

func (f *feeds) read(ctx context.Context) (feed.Vector, map[feed.FeedID]brokenChain, error) {
	tails, err := f.w.storage.Tails(ctx, f.w.id)
	if err != nil {
		return nil, nil, err
	}
	vector := make(feed.Vector, len(tails))
	broken := map[feed.FeedID]brokenChain{}
	for _, t := range tails {
		id := feed.FeedID{Space: t.Space, Device: t.Device}
		if t.Seq > 0 {
			vector[id] = feed.Tail{Seq: t.Seq, ID: t.ID}
		}
		if t.High > t.Seq {
			broken[id] = brokenChain{high: t.High}
		}
	}
	return vector, broken, nil
}

// load reads the tails at start.
func (f *feeds) load(ctx context.Context) error {
	l, err := f.again(ctx)
	if err != nil {
		return err
	}
	f.publish(l)
	return nil
}

func (f *feeds) forget() {
	f.mu.Lock()
	f.pending = nil
	f.mu.Unlock()
}

// tail is the end of a chain as the running transaction sees it.
func (f *feeds) tail(ctx context.Context, id feed.FeedID) (feed.Tail, error) {
	f.mu.Lock()
	pending := f.pending
	f.mu.Unlock()
	if pending == nil {
		read, broken, err := f.read(ctx)
		if err != nil {
			return feed.Tail{}, err
		}
		pending = read
		f.mu.Lock()
		f.pending, f.broken = pending, broken
		f.mu.Unlock()
	}
	return pending[id], nil
}

// advance moves the running transaction's tail of a chain.
func (f *feeds) advance(id feed.FeedID, tail feed.Tail) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pending != nil {
		f.pending[id] = tail
	}
}

// advance is what a transaction did to chains.
type advance struct {
	turn uint64
	rows []EnvelopeRow // of whole chains
	ends feed.Vector   // of broken ones, where they reach to now
}

// commit publishes what is durable now.
func (f *feeds) commit(a advance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.look != nil && a.turn > f.look.turn {
		f.look.later = append(f.look.later, a)
	}
	if a.turn > f.looked { // else the look saw it, and perhaps what damage took since
		f.raise(a)
	}
}

// raise moves chains on; mu is held.
func (f *feeds) raise(a advance) {
	for id, end := range a.ends {
		if end.Seq > f.committed[id].Seq {
			f.committed[id] = end
		}
	}
	for _, row := range a.rows {
		id := feed.FeedID{Space: row.Space, Device: row.Device}
		if row.Seq > f.committed[id].Seq {
			f.committed[id] = feed.Tail{Seq: row.Seq, ID: row.ID}
		}
		if f.size.rows >= maxRecent || f.size.bytes >= maxRecentBytes {
			f.recent = map[feed.FeedID][]recentRow{}
			f.size.rows, f.size.bytes = 0, 0
		}
		f.recent[id] = insertBySeq(f.recent[id], recentRow{row.Seq, row.ID, row.Bytes})
		f.size.rows++
		f.size.bytes += len(row.Bytes)
	}
}

// insertBySeq keeps rows ascending; commits may be told out of order.
func insertBySeq(rows []recentRow, row recentRow) []recentRow {
	rows = append(rows, row)
	for i := len(rows) - 1; i > 0 && rows[i-1].seq > rows[i].seq; i-- {
		rows[i-1], rows[i] = rows[i], rows[i-1]
	}
	return rows
}

// vector copies what is durable.
func (f *feeds) vector() feed.Vector {
	f.mu.Lock()
	defer f.mu.Unlock()
	copied := make(feed.Vector, len(f.committed))
	for id, tail := range f.committed {
		copied[id] = tail
	}
	return copied
}

// end is the durable end of one chain.
func (f *feeds) end(id feed.FeedID) feed.Tail {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.committed[id]
}

// list reads durable envelopes of a chain from a seq on: from memory when they
// are all there, else from the storage.
func (f *feeds) list(ctx context.Context, id feed.FeedID, from uint64, limit int) ([]recentRow, error) {
	f.mu.Lock()
	rows := f.recent[id]
	end := f.committed[id].Seq
	var found []recentRow
	at, _ := slices.BinarySearchFunc(rows, from, func(row recentRow, seq uint64) int { return cmp.Compare(row.seq, seq) })
	for _, row := range rows[at:] {
		if len(found) == limit || row.seq > end {
			break
		}
		if row.seq == from+uint64(len(found)) {
			found = append(found, row)
		}
	}
	f.mu.Unlock()
	if len(found) > 0 {
		return found, nil
	}
	stored, err := f.w.storage.Envelopes(ctx, f.w.id, id.Space, id.Device, from, limit)
	if err != nil {
		return nil, err
	}
	for _, row := range stored {
		if row.Seq > end {
			break
		}
		found = append(found, recentRow{row.Seq, row.ID, row.Bytes})
	}
	return found, nil
}
