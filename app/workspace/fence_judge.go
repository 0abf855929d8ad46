package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Hider is a [View] that keeps hidden envelopes in their place without showing
// them. Hide is told of envelopes that it applied before and that are hidden now,
// or not any more; it runs inside the transaction, like Apply. A view that is no
// Hider is never given a hidden envelope.
type Hider interface {
	Hide(ctx context.Context, batch []Opened) (Result, error)
}

// How many envelopes are judged at a time, and about how many bytes of them.
const (
	judgePage  = 512
	judgeBytes = 8 << 20
)

// judge looks again at the chains whose fences the running transaction changed.
func (f *fences) judge(ctx context.Context, after *afterCommit) error {
	devices := f.again
	if f.before != nil {
		devices = f.recut(f.before, f.w.members.pending())
	}
	f.before, f.again = nil, nil
	if len(devices) == 0 {
		return nil
	}
	tails, err := f.w.storage.Tails(ctx, f.w.id)
	if err != nil {
		return err
	}
	for _, t := range tails {
		if !devices[t.Device] {
			continue
		}
		if err := f.judgeChain(ctx, feed.FeedID{Space: t.Space, Device: t.Device}, after); err != nil {
			return fmt.Errorf("judge the chain of %s: %w", t.Device.Short(), err)
		}
	}
	return nil
}

// recut adds the devices whose fences differ between two states.
func (f *fences) recut(before, now *member.State) map[seal.ID]bool {
	devices := f.again
	for _, id := range append(before.CutDevices(), now.CutDevices()...) {
		was, _ := before.Cut(id)
		is, cut := now.Cut(id)
		_, wasCut := before.Cut(id)
		same := cut == wasCut && slices.Equal(was.Entries, is.Entries) && slices.Equal(was.Fences, is.Fences) && slices.Equal(was.Blobs, is.Blobs)
		if same {
			continue
		}
		if devices == nil {
			devices = map[seal.ID]bool{}
		}
		devices[id] = true
	}
	return devices
}

// settle looks again at a batch of stored envelopes, where a number stands twice in the
// chain of a cut device, and at what they let a fence lead back over. forked are the
// chains in which the batch made one stand twice; nil: the envelopes were here before.
func (f *fences) settle(ctx context.Context, rows []EnvelopeRow, forked map[feed.FeedID]bool, after *afterCommit) error {
	if f.damaged.Swap(false) {
		f.forget()
	}
	byChain := map[feed.FeedID][]EnvelopeRow{}
	for _, row := range rows {
		id := feed.FeedID{Space: row.Space, Device: row.Device}
		byChain[id] = append(byChain[id], row)
	}
	for id, rows := range byChain {
		if forked[id] {
			delete(f.rivals, id)
		}
		if err := f.settleChain(ctx, id, rows, forked != nil, after); err != nil {
			return fmt.Errorf("judge the chain of %s: %w", id.Device.Short(), err)
		}
	}
	return nil
}

func (f *fences) settleChain(ctx context.Context, id feed.FeedID, rows []EnvelopeRow, arrived bool, after *afterCommit) error {
	l, err := f.limit(ctx, id)
	if err != nil || !l.cut || !slices.ContainsFunc(rows, func(row EnvelopeRow) bool { return row.Seq <= l.top }) {
		return err // what is beyond all fences is hidden whatever the others are
	}
	lowest, err := f.rivalsOf(ctx, id)
	if err != nil || lowest == 0 || lowest > l.top {
		return err
	}
	k := f.walks[id]
	if k == nil || !slices.Equal(k.of, l.fences) {
		return f.judgeChain(ctx, id, after)
	}
	if on := arrived && k.arrived(rows); on || lowest < k.lowest {
		from, to, err := f.goOn(ctx, id, k, lowest)
		if err != nil {
			return err
		}
		if from > 0 {
			err = f.eachPart(ctx, ChainPart{Space: id.Space, Device: id.Device, From: from}, func(part []EnvelopeRow) error {
				if part[0].Seq >= to {
					return errEnough
				}
				return f.turn(ctx, part, k.stays, after)
			})
		}
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
	}
	return f.turn(ctx, rows, k.stays, after)
}

// turn hides and shows rows as they should be.
func (f *fences) turn(ctx context.Context, rows []EnvelopeRow, stays func(seq uint64, id seal.ID) bool, after *afterCommit) error {
	if err := f.flip(ctx, rows, EnvelopeHidden, EnvelopeApplied, stays, after); err != nil {
		return err
	}
	goes := func(seq uint64, id seal.ID) bool { return !stays(seq, id) }
	return f.flip(ctx, rows, EnvelopeApplied, EnvelopeHidden, goes, after)
}

// rivalsOf is the lowest number that stands twice in a chain, or 0.
func (f *fences) rivalsOf(ctx context.Context, id feed.FeedID) (uint64, error) {
	if lowest, known := f.rivals[id]; known {
		return lowest, nil
	}
	lowest, err := f.w.storage.Rivals(ctx, f.w.id, id.Space, id.Device)
	if err != nil {
		return 0, err
	}
	if f.rivals == nil {
		f.rivals = map[feed.FeedID]uint64{}
	}
	f.rivals[id] = lowest
	return lowest, nil
}

// judgeChain hides and shows what the fences of a chain say.
func (f *fences) judgeChain(ctx context.Context, id feed.FeedID, after *afterCommit) error {
	l, err := f.limit(ctx, id)
	if err != nil {
		return err
	}
	from, stays := max(l.top, 1), l.stays
	delete(f.walks, id)
	if l.cut {
		lowest, err := f.rivalsOf(ctx, id)
		if err != nil {
			return err
		}
		if lowest > 0 && lowest <= l.top {
			k := f.newWalk(id, l)
			if _, _, err := f.goOn(ctx, id, k, lowest); err != nil {
				return err
			}
			from, stays = lowest, k.stays
		}
	}
	part := ChainPart{Space: id.Space, Device: id.Device, From: 1, Hidden: true}
	err = f.eachPart(ctx, part, func(rows []EnvelopeRow) error {
		return f.flip(ctx, rows, EnvelopeHidden, EnvelopeApplied, stays, after)
	})
	if err != nil || !l.cut {
		return err
	}
	part = ChainPart{Space: id.Space, Device: id.Device, From: from}
	return f.eachPart(ctx, part, func(rows []EnvelopeRow) error {
		goes := func(seq uint64, id seal.ID) bool { return !stays(seq, id) }
		return f.flip(ctx, rows, EnvelopeApplied, EnvelopeHidden, goes, after)
	})
}

// eachPart visits a chain part by part.
func (f *fences) eachPart(ctx context.Context, part ChainPart, visit func(rows []EnvelopeRow) error) error {
	for part.Bytes, part.Rows = judgeBytes, judgePage; part.From > 0; {
		rows, next, err := f.w.storage.ChainPart(ctx, f.w.id, part)
		if err == nil && len(rows) > 0 {
			err = visit(rows)
		}
		if err != nil {
			return err
		}
		part.From = next
	}
	return nil
}

// errEnough ends a visit early.
var errEnough = errors.New("enough")

// flip gives those of the rows that are in one state and chosen another state, and
// tells the views. What waits for a key or is quarantined stays what it is.
func (f *fences) flip(ctx context.Context, rows []EnvelopeRow, from, to EnvelopeState, chosen func(seq uint64, id seal.ID) bool, after *afterCommit) error {
	var ids []seal.ID
	var batch []Opened
	for _, row := range rows {
		if row.State != from || !chosen(row.Seq, row.ID) {
			continue
		}
		env, err := feed.Parse(row.Bytes)
		if err != nil {
			continue
		}
		opened, err := f.w.open(env, f.w.members.pending())
		if err != nil {
			f.w.logger.Warn("an envelope that was opened before does not open", "envelope", row.ID.Short(), "err", err)
			continue
		}
		opened.Hidden = to == EnvelopeHidden
		ids, batch = append(ids, row.ID), append(batch, opened)
	}
	if len(ids) == 0 {
		return nil
	}
	if err := f.w.storage.SetEnvelopeState(ctx, f.w.id, ids, to, ""); err != nil {
		return err
	}
	return f.tell(ctx, batch, after)
}

// tell hands envelopes whose judgement changed to their views.
func (f *fences) tell(ctx context.Context, batch []Opened, after *afterCommit) error {
	byKind := map[Kind][]Opened{}
	for _, o := range batch {
		byKind[o.Kind] = append(byKind[o.Kind], o)
	}
	for kind, batch := range byKind {
		hider, ok := f.w.views[kind].(Hider)
		if !ok {
			if err := f.w.apply(ctx, batch, after); err != nil { // what is shown again
				return err
			}
			continue
		}
		result, err := hider.Hide(ctx, batch)
		if err != nil {
			return fmt.Errorf("hide kind %d: %w", kind, err)
		}
		after.add(result.After)
		for id, reason := range result.Bad {
			if err := f.w.quarantine(ctx, id, reason, after); err != nil {
				return err
			}
		}
	}
	return nil
}
