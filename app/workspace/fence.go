package workspace

import (
	"context"
	"slices"
	"sync/atomic"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// fences decide what stays of the envelopes of devices that were removed (rules
// K40 to K44). All of it belongs to the writer: it is touched only inside
// transactions, of which there is one at a time.
type fences struct {
	w *Workspace

	before *member.State         // the state before the running transaction's first entry that can cut
	again  map[seal.ID]bool      // devices whose fences the running transaction changed otherwise
	covers map[coverKey]bool     // whether a removal says something about a space
	limits map[feed.FeedID]limit // as of the newest entry

	exposure exposure

	// rivals are the lowest doubled numbers of cut chains, 0 for none.
	rivals map[feed.FeedID]uint64
	walks  map[feed.FeedID]*walk // how far their fences were followed back
	early  map[seal.ID][]byte    // blobs of fences that no known removal names
	coming map[Place][]seal.ID   // with a number that is taken, and not stored yet

	lacked  lackedFences
	damaged atomic.Bool // stored rows were lost: what was read of chains is not true any more
}

type coverKey struct {
	removal seal.ID
	space   seal.SpaceID
}

// limit is what removals say about one chain.
type limit struct {
	cut    bool
	fences []member.Fence
	top    uint64 // the greatest number of a fence
}

func newFences(w *Workspace) *fences { return &fences{w: w, covers: map[coverKey]bool{}} }

// begin starts a transaction.
func (f *fences) begin() { f.before, f.again = nil, nil }

// forget drops what was read since the last commit.
func (f *fences) forget() { f.rivals, f.limits, f.walks = nil, nil, nil }

// note remembers the state before an entry that can cut a device or take a cut back.
// It is called before every entry that is added.
func (f *fences) note(st *member.State, typ member.Type) {
	f.limits = nil
	if f.before == nil && typ != member.TypeEpoch && typ != member.TypeAck {
		f.before = st
	}
}

// changed says that the fences of a device are others than those judged by.
func (f *fences) changed(device seal.ID) {
	if f.again == nil {
		f.again = map[seal.ID]bool{}
	}
	f.again[device] = true
	f.limits = nil
}

// limit is what the removals known to the running transaction say about a chain.
func (f *fences) limit(ctx context.Context, id feed.FeedID) (limit, error) {
	if l, known := f.limits[id]; known {
		return l, nil
	}
	l, err := f.newLimit(ctx, f.w.members.pending(), id)
	if err != nil {
		return l, err
	}
	if f.limits == nil {
		f.limits = map[feed.FeedID]limit{}
	}
	f.limits[id] = l
	return l, nil
}

func (f *fences) newLimit(ctx context.Context, st *member.State, id feed.FeedID) (l limit, err error) {
	cut, ok := st.Cut(id.Device)
	if !ok || id.Device == f.w.self.device { // what this device wrote stays to be read here, if nowhere else
		return l, nil
	}
	l.cut = len(cut.Entries) == 0 // its admission does not count: nothing stays
	for _, entry := range cut.Entries {
		l.cut = l.cut || f.covered(entry, id.Space)
	}
	if !l.cut {
		return l, nil
	}
	for _, fence := range cut.Fences {
		if fence.Space == id.Space {
			l.add(fence)
		}
	}
	for _, name := range cut.Blobs {
		more, err := f.blob(ctx, name, id)
		if err != nil {
			return l, err
		}
		for _, fence := range more {
			l.add(fence)
		}
	}
	return l, nil
}

func (l *limit) add(fence member.Fence) {
	l.fences = append(l.fences, fence)
	l.top = max(l.top, fence.Seq)
}

// covered reports whether a removal says something about a space: its author could
// read it. Of the others it could know nothing, and nothing there may disappear.
func (f *fences) covered(removal seal.ID, space seal.SpaceID) bool {
	key := coverKey{removal, space}
	if covered, known := f.covers[key]; known {
		return covered
	}
	entry := f.w.members.entry(removal)
	if entry == nil {
		return false
	}
	past, err := f.w.members.at(entry.Parents)
	if err != nil {
		return false
	}
	covered := past.CanRead(space, entry.Dev)
	if owner, ok := past.RecoveryOwner(entry.Dev); ok { // a paper key reads what its person may
		covered = past.Access(space, owner.ID) >= member.AccessRead
	}
	f.covers[key] = covered
	return covered
}

// blob reads the fences of a chain that stand beside a removal. While the blob is
// not here they count as none: it comes with the entry.
func (f *fences) blob(ctx context.Context, name seal.ID, id feed.FeedID) ([]member.Fence, error) {
	raw, found, err := f.w.storage.Blob(ctx, f.w.id, name)
	if err != nil || !found {
		return nil, err
	}
	devices, err := member.ParseFences(raw)
	if err != nil {
		return nil, nil // nobody can read it: it says nothing
	}
	var all []member.Fence
	for _, d := range devices {
		for _, fence := range d.Fences {
			if d.Device == id.Device && fence.Space == id.Space {
				all = append(all, fence)
			}
		}
	}
	return all, nil
}

// stays reports whether an envelope of the chain stays, where no number stands
// twice up to the fences: what comes before a fence is what the remover had.
func (l limit) stays(seq uint64, id seal.ID) bool {
	if !l.cut || seq < l.top {
		return true
	}
	return slices.ContainsFunc(l.fences, func(fence member.Fence) bool { return fence.Seq == seq && fence.ID == id })
}

// place decides about an envelope that arrives or gets its key: beyond the fences it
// is hidden. Where that needs more of the chain than this envelope, settle looks
// again after it was stored.
func (f *fences) place(ctx context.Context, row *EnvelopeRow, opened *Opened) error {
	l, err := f.limit(ctx, feed.FeedID{Space: row.Space, Device: row.Device})
	if err != nil || l.stays(row.Seq, row.ID) {
		return err
	}
	row.State, opened.Hidden = EnvelopeHidden, true
	return nil
}
