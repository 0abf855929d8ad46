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
	return Holdings{Heads: w.members.samples(), Feeds: w.feeds.vector()}
}

// samples are the heads of the durable entries and, so that a peer which does not
// know them finds a common point, older entries at doubling distances.
func (m *membership) samples() []seal.ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.committed == 0 {
		return nil
	}
	set := map[seal.ID]bool{}
	for _, id := range m.now.Heads() {
		set[id] = true
	}
	order := m.log.Order()[:m.committed]
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
	size := 0
	lacking := w.lacking(device, theirs.Feeds, ends)
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
