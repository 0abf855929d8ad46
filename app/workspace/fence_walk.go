package workspace

import (
	"context"
	"errors"
	"slices"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// walk is how far the fences of a chain in which numbers stand twice were followed
// back. It is gone on with where it stopped, so that what arrives later costs no
// more than what it changes.
type walk struct {
	of     []member.Fence
	fences []way
	lowest uint64 // the lowest number that stands twice; no way leads further
}

// way is what one fence leads back over: whole numbers down to low.
type way struct {
	top  uint64             // the number of the fence
	low  uint64             // above top: not even the fence's envelope is here
	want seal.ID            // the envelope below low that it leads to
	kept map[uint64]seal.ID // what it leads over, where a number stood twice
	off  map[seal.ID]bool   // what came beside it later
}

// stays reports whether an envelope stays: beside what a fence leads back over, nothing
// does, and what is below the end of the way stays until the missing one comes.
func (k *walk) stays(seq uint64, id seal.ID) bool {
	return slices.ContainsFunc(k.fences, func(w way) bool { return w.stays(seq, id) })
}

func (w *way) stays(seq uint64, id seal.ID) bool {
	if seq > w.top || seq < w.low {
		return seq < w.top
	}
	if kept, twice := w.kept[seq]; twice {
		return kept == id
	}
	return !w.off[id]
}

// newWalk begins the walk of a chain anew.
func (f *fences) newWalk(id feed.FeedID, l limit) *walk {
	k := &walk{of: l.fences, lowest: l.top + 1}
	for _, fence := range l.fences {
		k.fences = append(k.fences, way{top: fence.Seq, low: fence.Seq + 1, want: fence.ID, kept: map[uint64]seal.ID{}, off: map[seal.ID]bool{}})
	}
	if f.walks == nil {
		f.walks = map[feed.FeedID]*walk{}
	}
	f.walks[id] = k
	return k
}

// goOn follows all ways down to the lowest number that stands twice. It returns the
// lowest number that it came to, and the one above where it began, or zeros.
func (f *fences) goOn(ctx context.Context, id feed.FeedID, k *walk, lowest uint64) (from, to uint64, err error) {
	k.lowest = lowest
	for i := range k.fences {
		w := &k.fences[i]
		before := w.low
		if err := f.follow(ctx, id, w, lowest); err != nil {
			return 0, 0, err
		}
		if w.low < before && (from == 0 || w.low < from) {
			from = w.low
		}
		if w.low < before {
			to = max(to, before)
		}
	}
	return from, to, nil
}

// follow goes one way down to a number, or to where an envelope is not here.
func (f *fences) follow(ctx context.Context, id feed.FeedID, w *way, lowest uint64) error {
	part := ChainPart{Space: id.Space, Device: id.Device, From: w.low - 1, Down: true, Bytes: judgeBytes, Rows: 1}
	for part.From >= lowest && part.From > 0 {
		rows, next, err := f.w.storage.ChainPart(ctx, f.w.id, part)
		if err != nil {
			return err
		}
		for len(rows) > 0 && w.low > lowest {
			n := 1
			for n < len(rows) && rows[n].Seq == rows[0].Seq {
				n++
			}
			if !w.step(rows[:n]) {
				return nil
			}
			rows = rows[n:]
		}
		if next == 0 || next >= w.low {
			return nil // there is nothing below, or it was damaged
		}
		part.From, part.Rows = next, min(2*part.Rows, judgePage)
	}
	return nil
}

// step goes over the envelopes of the next lower number.
func (w *way) step(rows []EnvelopeRow) bool {
	at := slices.IndexFunc(rows, func(row EnvelopeRow) bool { return row.ID == w.want })
	if rows[0].Seq != w.low-1 || at < 0 {
		return false
	}
	env, err := feed.Parse(rows[at].Bytes)
	if err != nil {
		return false // of a later version: not accepted by this one
	}
	if len(rows) > 1 {
		w.kept[w.low-1] = w.want
	}
	w.low--
	w.want = env.Header.Prev
	return true
}

// arrived notes envelopes that are new in a chain. It reports whether one of them lets
// a way go on.
func (k *walk) arrived(rows []EnvelopeRow) (on bool) {
	for i := range k.fences {
		w := &k.fences[i]
		for _, row := range rows {
			switch {
			case row.ID == w.want && row.Seq == w.low-1:
				on = true
			case row.Seq >= w.low && row.Seq <= w.top:
				w.off[row.ID] = true
			}
		}
	}
	return on
}

// maxRivals is how many envelopes with one number of a chain are kept. Two prove that
// its device wrote two things in one place; more would only fill the disk.
const maxRivals = 4

// errCrowded reports one envelope too many with a number. Who passes it on is not to
// blame: others may have kept others.
var errCrowded = errors.New("enough envelopes have this place in the chain")

// crowded reports whether an envelope with a number that is taken is left out: enough
// others have it, one of them has a lower id, and no fence leads to it. So the lowest
// of them is kept by everybody.
func (f *fences) crowded(ctx context.Context, row EnvelopeRow) (bool, error) {
	place := Place{Space: row.Space, Device: row.Device, Seq: row.Seq}
	ids, err := f.w.storage.IDsAt(ctx, f.w.id, row.Space, row.Device, row.Seq)
	if err != nil {
		return false, err
	}
	chain := feed.FeedID{Space: row.Space, Device: row.Device}
	l, err := f.limit(ctx, chain)
	if err != nil {
		return false, err
	}
	ids = append(ids, f.coming[place]...)
	lower := func(id seal.ID) bool { return id.Compare(row.ID) < 0 }
	if len(ids) >= maxRivals && slices.ContainsFunc(ids, lower) && !l.names(row.ID) && !f.walks[chain].wants(row.ID) {
		return true, nil
	}
	if f.coming == nil {
		f.coming = map[Place][]seal.ID{}
	}
	f.coming[place] = append(f.coming[place], row.ID)
	return false, nil
}

func (l limit) names(id seal.ID) bool {
	return slices.ContainsFunc(l.fences, func(fence member.Fence) bool { return fence.ID == id })
}

func (k *walk) wants(id seal.ID) bool {
	return k != nil && slices.ContainsFunc(k.fences, func(w way) bool { return w.want == id })
}
