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

// What callers tell apart.
var (
	// ErrRefused reports an act that the membership rules do not allow.
	ErrRefused = errors.New("the workspace's rules do not allow this")
	// ErrNoKey reports that the space's key has not arrived yet.
	ErrNoKey = errors.New("the key of this space has not arrived yet")
	// ErrUsedUp reports an invitation with which nobody can join any more, so that there is
	// nothing to withdraw.
	ErrUsedUp = errors.New("the invitation is used up already")
	// ErrRevoked reports an invitation that was withdrawn before.
	ErrRevoked = errors.New("the invitation is withdrawn already")
	// ErrNotReady reports that the join of the workspace is not finished.
	ErrNotReady = errors.New("this device has not joined yet")
	// ErrNotFound reports an unknown space, person, invitation or envelope.
	ErrNotFound = errors.New("not found")
)

// Append writes one envelope into this device's chain of a space. compose makes
// the content inside the write transaction, after everything that was appended
// before; Append returns once the envelope is durable and its view has applied
// it. Nothing is sent before that.
func (w *Workspace) Append(ctx context.Context, space seal.SpaceID, kind Kind, compose func(ctx context.Context) (Draft, error)) (Opened, error) {
	var opened Opened
	if !w.Ready() {
		return opened, ErrNotReady
	}
	err := w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		draft, err := compose(ctx)
		if err != nil {
			return untouched{err}
		}
		opened, err = w.appendDraft(ctx, space, kind, draft, after)
		return err
	})
	if err != nil {
		return Opened{}, fmt.Errorf("append to %s: %w", space.Short(), err)
	}
	return opened, nil
}

// appendDraft seals, stores and applies one envelope inside a transaction.
func (w *Workspace) appendDraft(ctx context.Context, space seal.SpaceID, kind Kind, draft Draft, after *afterCommit) (Opened, error) {
	epoch, err := w.sendEpoch(ctx, space, after)
	if err != nil {
		return Opened{}, err
	}
	if err := w.mergeHeads(ctx, after); err != nil {
		return Opened{}, err
	}
	content, ok := w.keys.contentKey(space, epoch.ID, w.self.device)
	if !ok {
		return Opened{}, ErrNoKey
	}
	id := feed.FeedID{Space: space, Device: w.self.device}
	tail, err := w.feeds.ownEnd(ctx, id)
	if err != nil {
		return Opened{}, err
	}
	plain := feed.Plain{Kind: uint(kind), HintMs: w.now().UnixMilli(), Deps: draft.Deps, Body: draft.Body}
	env, err := feed.Seal(w.self.sign, content, feed.Header{
		V: 1, WS: w.id, Space: space, Dev: w.self.device, Seq: tail.Seq + 1, Prev: tail.ID,
		LogRefs: w.members.heads(), EpochID: epoch.ID,
	}, plain)
	if err != nil {
		return Opened{}, err
	}
	row := EnvelopeRow{Space: space, Device: w.self.device, Seq: tail.Seq + 1, ID: env.ID, Bytes: env.Raw}
	opened := Opened{
		Workspace: w.id, Space: space, ID: env.ID, Device: w.self.device, Person: w.self.person, Seq: row.Seq,
		Kind: kind, HintMs: plain.HintMs, Deps: draft.Deps, Body: draft.Body, Own: true,
	}
	w.feeds.extend(id, feed.Tail{Seq: row.Seq, ID: row.ID})
	return opened, w.keep(ctx, []EnvelopeRow{row}, []Opened{opened}, after)
}

// mergeHeads posts Acks until an envelope can name all heads of the log: it must
// name all that it relies on, the membership of its own author first.
func (w *Workspace) mergeHeads(ctx context.Context, after *afterCommit) error {
	for len(w.members.heads()) > maxLogRefs {
		body, err := member.AckBody{}.Encode()
		if err != nil {
			return err
		}
		if _, err := w.members.post(ctx, member.TypeAck, body, after); err != nil {
			return fmt.Errorf("merge the heads of the log: %w", err)
		}
	}
	return nil
}

// maxLogRefs bounds the log heads in an envelope (protocol 2.8).
const maxLogRefs = 4

// keep stores envelopes and folds the opened ones into their views.
func (w *Workspace) keep(ctx context.Context, rows []EnvelopeRow, opened []Opened, after *afterCommit) error {
	if err := w.storage.AddEnvelopes(ctx, w.id, rows); err != nil {
		return err
	}
	done, err := w.feeds.stored(ctx, rows)
	if err != nil {
		return err
	}
	after.add(func() { w.feeds.commit(done) })
	return w.apply(ctx, opened, after)
}

// apply hands opened envelopes to their views, one batch per kind.
func (w *Workspace) apply(ctx context.Context, opened []Opened, after *afterCommit) error {
	byKind := map[Kind][]Opened{}
	for _, o := range opened {
		byKind[o.Kind] = append(byKind[o.Kind], o)
	}
	for kind, batch := range byKind {
		bad, err := w.applyKind(ctx, kind, batch, after)
		if err != nil {
			return fmt.Errorf("apply kind %d: %w", kind, err)
		}
		for id, reason := range bad {
			if err := w.quarantine(ctx, id, reason, after); err != nil {
				return err
			}
		}
	}
	return nil
}

// applyKind gives a batch to the view of its kind. A kind that this version does
// not know is quarantined: a newer version can still read it.
func (w *Workspace) applyKind(ctx context.Context, kind Kind, batch []Opened, after *afterCommit) (map[seal.ID]string, error) {
	view, ok := w.views[kind]
	if !ok {
		bad := map[seal.ID]string{}
		for _, o := range batch {
			bad[o.ID] = "made by a newer version"
		}
		return bad, nil
	}
	if _, keeps := view.(Hider); !keeps {
		batch = slices.DeleteFunc(batch, func(o Opened) bool { return o.Hidden })
	}
	if len(batch) == 0 {
		return nil, nil
	}
	result, err := view.Apply(ctx, batch)
	if err != nil {
		return nil, err
	}
	after.add(result.After)
	return result.Bad, nil
}

func (w *Workspace) quarantine(ctx context.Context, id seal.ID, reason string, after *afterCommit) error {
	after.add(func() {
		w.events.Problem.Publish(Problem{Workspace: w.id, Text: fmt.Sprintf("Message %s could not be read: %s.", id.Short(), reason)})
	})
	return w.storage.SetEnvelopeState(ctx, w.id, []seal.ID{id}, EnvelopeQuarantined, reason)
}

// Reopen decrypts a stored envelope again, for a view whose row was damaged.
func (w *Workspace) Reopen(ctx context.Context, id seal.ID) (Opened, error) {
	row, found, err := w.storage.Envelope(ctx, w.id, id)
	if err != nil {
		return Opened{}, err
	}
	if !found {
		return Opened{}, ErrNotFound
	}
	env, err := feed.Parse(row.Bytes)
	if err != nil {
		return Opened{}, err
	}
	opened, err := w.open(env, w.State())
	opened.Hidden = row.State == EnvelopeHidden
	return opened, err
}

// open decrypts an envelope whose signature was checked.
func (w *Workspace) open(env *feed.Envelope, st *member.State) (Opened, error) {
	h := env.Header
	content, ok := w.keys.contentKey(h.Space, h.EpochID, h.Dev)
	if !ok {
		return Opened{}, ErrNoKey
	}
	plain, err := env.Open(content)
	if err != nil {
		return Opened{}, err
	}
	return w.openedBy(env, plain, st), nil
}

// openedBy is what views are given of an envelope with this content.
func (w *Workspace) openedBy(env *feed.Envelope, plain feed.Plain, st *member.State) Opened {
	h := env.Header
	device, _ := st.Device(h.Dev)
	late := w.now().UnixMilli() - plain.HintMs
	if late < lateAfterMs {
		late = 0
	}
	return Opened{
		Workspace: w.id, Space: h.Space, ID: env.ID, Device: h.Dev, Person: device.Person, Seq: h.Seq,
		Kind: Kind(plain.Kind), HintMs: plain.HintMs, Deps: plain.Deps, Body: plain.Body,
		Own: h.Dev == w.self.device, LateMs: late,
	}
}

// lateAfterMs is how old an arriving envelope is before it counts as caught up.
const lateAfterMs = 10_000
