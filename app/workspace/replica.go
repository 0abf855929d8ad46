package workspace

import (
	"cmp"
	"context"
	"slices"

	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// Holdings are what a replica has: the heads of its log and the gapless end of
// every chain.
type Holdings struct {
	Heads []seal.ID
	Feeds feed.Vector
}

// Have is what this device has durably.
func (w *Workspace) Have() Holdings {
	return Holdings{Heads: w.members.samples(nil), Feeds: w.feeds.vector()}
}

// Claim is what this device tells a peer that it has. When the fences beside a removal
// are not here, it leaves out the removal now and then, so that they come with it.
func (w *Workspace) Claim(ctx context.Context) Holdings {
	return Holdings{Heads: w.members.samples(w.lackingFences(ctx)), Feeds: w.feeds.vector()}
}

// samples are the heads of the durable entries and, so that a peer which does not
// know them finds a common point, older entries at doubling distances; without some
// entries and what follows them.
func (m *membership) samples(without []seal.ID) []seal.ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.committed == 0 {
		return nil
	}
	order, heads := m.log.Order()[:m.committed], m.now.Heads()
	if len(without) > 0 {
		order = m.before(order, without)
		heads = headsOf(m.log, order)
	}
	set := map[seal.ID]bool{}
	for _, id := range heads {
		set[id] = true
	}
	for back := 1; back < len(order); back *= 2 {
		set[order[len(order)-1-back]] = true
	}
	set[order[0]] = true
	return sortedIDs(set)
}

// chainChunk is how many envelopes of one chain are sent before the next chain
// has its turn, so that conversations arrive in about the order they happened.
const chainChunk = 64

// Missing is the next part of what a device that holds theirs lacks and may
// have: log entries with their blobs first, then envelopes, each chain oldest
// first. after is what the device holds once it stored the part.
func (w *Workspace) Missing(ctx context.Context, device seal.ID, theirs Holdings, max, maxBytes int) (part Received, after Holdings, err error) {
	return w.missing(ctx, func(theirs, ours feed.Vector) []feed.FeedID { return w.lacking(device, theirs, ours) }, theirs, max, maxBytes)
}

// missing is Missing for whoever lacks the chains that choose names.
func (w *Workspace) missing(ctx context.Context, choose func(theirs, ours feed.Vector) []feed.FeedID, theirs Holdings, max, maxBytes int) (part Received, after Holdings, err error) {
	after = theirs
	ends := w.feeds.vector() // before the entries: what these envelopes refer to is then among them
	ids, raws := w.members.missing(theirs.Heads, max, maxBytes)
	if len(ids) > 0 {
		for {
			part.Entries = raws
			if part.Blobs, err = w.blobsFor(ctx, ids); err != nil || len(ids) == 1 || bytesOf(part.Blobs) <= maxBytes {
				break
			}
			ids, raws = ids[:(len(ids)+1)/2], raws[:(len(ids)+1)/2]
		}
		after.Heads = w.members.grown(theirs.Heads, ids)
		return part, after, err
	}
	after.Feeds = make(feed.Vector, len(theirs.Feeds))
	for id, tail := range theirs.Feeds {
		after.Feeds[id] = tail
	}
	lacking := choose(theirs.Feeds, ends)
	if amount(lacking, theirs.Feeds, ends) > uint64(max) {
		if err := w.arrivals(ctx, lacking, ends, &part, after.Feeds, max, maxBytes); err != nil || len(part.Envelopes) > 0 {
			return part, after, err
		}
	}
	size := 0
	for len(lacking) > 0 {
		var again []feed.FeedID
		for _, id := range lacking {
			rows, err := w.feeds.list(ctx, id, after.Feeds[id].Seq+1, min(chainChunk, max-len(part.Envelopes)))
			if err != nil {
				return part, after, err
			}
			for _, row := range rows {
				if len(part.Envelopes) > 0 && size+len(row.raw) > maxBytes || len(part.Envelopes) == max {
					return part, after, nil
				}
				part.Envelopes = append(part.Envelopes, row.raw)
				after.Feeds[id] = feed.Tail{Seq: row.seq, ID: row.id}
				size += len(row.raw)
			}
			if len(rows) > 0 && after.Feeds[id].Seq < ends[id].Seq {
				again = append(again, id)
			}
		}
		lacking = again
	}
	return part, after, nil
}

// amount is how many envelopes somebody lacks.
func amount(chains []feed.FeedID, theirs, ours feed.Vector) (n uint64) {
	for _, id := range chains {
		n += ours[id].Seq - theirs[id].Seq
	}
	return n
}

// arrivals adds a part of what somebody lacks in the order in which it came here,
// so that nearly every message comes after those that it follows. have is what
// they hold, and is moved on.
func (w *Workspace) arrivals(ctx context.Context, lacking []feed.FeedID, ends feed.Vector, part *Received, have feed.Vector, max, maxBytes int) error {
	behind := make([]Tail, len(lacking))
	for i, id := range lacking {
		behind[i] = Tail{Space: id.Space, Device: id.Device, Seq: have[id].Seq}
	}
	rows, err := w.storage.Arrivals(ctx, w.id, behind, max, maxBytes)
	if err != nil {
		return err
	}
	for _, row := range rows {
		id := feed.FeedID{Space: row.Space, Device: row.Device}
		if row.Seq > ends[id].Seq || row.Seq > have[id].Seq+1 || len(part.Envelopes) == max {
			continue
		}
		part.Envelopes = append(part.Envelopes, row.Bytes)
		if row.Seq > have[id].Seq {
			have[id] = feed.Tail{Seq: row.Seq, ID: row.ID}
		}
	}
	return nil
}

func bytesOf(blobs [][]byte) (size int) {
	for _, b := range blobs {
		size += len(b)
	}
	return size
}

// lacking lists the chains that a device may have and has less of, in fixed order.
func (w *Workspace) lacking(device seal.ID, theirs, ours feed.Vector) []feed.FeedID {
	st := w.State()
	if st == nil {
		return nil
	}
	var ids []feed.FeedID
	for id, tail := range ours {
		if id.Device != device && tail.Seq > theirs[id].Seq && st.CanRead(id.Space, device) {
			ids = append(ids, id)
		}
		if id.Device == device && tail.Seq > theirs[id].Seq {
			ids = append(ids, id) // it lost its own chain: a damaged row is fetched again
		}
	}
	slices.SortFunc(ids, func(a, b feed.FeedID) int {
		return cmp.Or(slices.Compare(a.Space[:], b.Space[:]), a.Device.Compare(b.Device))
	})
	return ids
}

// grown are the heads of a replica that had heads and then got ids.
func (m *membership) grown(heads, ids []seal.ID) []seal.ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	set := map[seal.ID]bool{}
	for _, id := range heads {
		set[id] = true
	}
	for _, id := range ids {
		set[id] = true
		for _, parent := range m.log.Entry(id).Parents {
			delete(set, parent)
		}
	}
	return sortedIDs(set)
}

// Held notes what a device says it has stored.
func (w *Workspace) Held(device seal.ID, theirs Holdings) { w.custody.held(device, theirs.Feeds) }
