package docs

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/app/workspace"
	"parvis/crdt/doc"
	"parvis/crdt/doc/change"
	"parvis/crdt/seal"
)

// errStored reports a change that is stored already.
var errStored = errors.New("stored already")

// Apply stores changes of a replica, in its order, and returns once they are
// durable. Changes that are stored already are accepted again, so that a replica
// whose acknowledgement got lost sends them again.
func (s *Service) Apply(ctx context.Context, ws seal.ID, id doc.ID, token string, changes [][]byte) error {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return err
	}
	if !v.team.CanWrite(d.row.Space) {
		return ErrReadOnly
	}
	number, ok := v.leases.held(id, token)
	if !ok {
		return ErrSessionTaken
	}
	if len(changes) > MaxChanges {
		return fmt.Errorf("%d changes at once: %w", len(changes), ErrTooLarge)
	}
	actor := v.actor(id, number)
	small, headers := make([][]byte, len(changes)), make([]change.Header, len(changes))
	for i, data := range changes {
		small[i] = shrink(data)
		if headers[i], err = ownHeader(small[i], actor); err != nil {
			return fmt.Errorf("change %d of %d: %w", i+1, len(changes), err)
		}
	}
	for i, data := range small {
		if err := v.appendChange(ctx, d.row, token, number, headers[i], data); err != nil {
			return fmt.Errorf("apply change %d of %d to document %s: %w", i+1, len(changes), id, err)
		}
	}
	return nil
}

// ownHeader checks a change of a replica on this device.
func ownHeader(data []byte, actor doc.Actor) (change.Header, error) {
	if len(data) > MaxChange {
		return change.Header{}, fmt.Errorf("%d bytes: %w", len(data), ErrTooLarge)
	}
	h, err := change.Parse(data)
	switch {
	case err != nil:
		return h, fmt.Errorf("%w: %w", ErrInvalid, err)
	case h.Actor != actor:
		return h, fmt.Errorf("written as actor %s instead of %s: %w", h.Actor, actor, ErrInvalid)
	}
	return h, nil
}

// appendChange writes one change into this device's chain.
func (v *view) appendChange(ctx context.Context, row DocRow, token string, number uint32, h change.Header, data []byte) error {
	_, err := v.team.Append(ctx, row.Space, workspace.KindDocument, func(ctx context.Context) (draft workspace.Draft, err error) {
		if held, ok := v.leases.held(row.ID, token); !ok || held != number {
			return draft, ErrSessionTaken
		}
		err = v.compose(ctx, row, func(t *tip) (err error) {
			if draft.Deps, err = t.follows(ctx, h); err != nil {
				return err
			}
			draft.Body, err = Body{Doc: row.ID, Op: OpChange, Session: number, Change: data, Hash: &h.Hash}.Encode()
			return err
		})
		return draft, err
	})
	if errors.Is(err, errStored) {
		return nil
	}
	return err
}

// compose shows a document as it stands to use, inside the transaction that will
// write an envelope. What reading the document repaired is told with that.
func (v *view) compose(ctx context.Context, row DocRow, use func(t *tip) error) error {
	f, err := v.writer(ctx)
	if err != nil {
		return err
	}
	c := newChanges()
	t, err := f.tip(ctx, place{row.Space, row.ID}, c)
	if err == nil {
		err = use(t)
	}
	if len(c.tips) > 0 {
		v.carried = c
	}
	if err != nil && v.carried != nil {
		v.Reset() // the repair is undone
	}
	return err
}

// follows checks that an own change is the next of its actor and builds on what is
// here, and names the envelopes of what it builds on.
func (t *tip) follows(ctx context.Context, h change.Header) ([]seal.ID, error) {
	a := t.actors[h.Actor]
	if a == nil {
		a = &actor{actorContent: actorContent{Actor: h.Actor}}
	}
	if h.Seq <= a.high {
		old, found, err := t.v.storage().Slot(ctx, a.n, h.Seq)
		switch {
		case err != nil:
			return nil, err
		case found && old.Hash == h.Hash && old.State == Complete:
			return nil, errStored
		}
		return nil, fmt.Errorf("number %d is taken: %w", h.Seq, ErrConflict)
	}
	verdict, err := t.judge(ctx, &entry{row: ChangeRow{Seq: h.Seq, Hash: h.Hash}, c: changeContent{Start: h.StartOp, Ops: h.NOps, Deps: h.Deps}, actor: a})
	if err != nil {
		return nil, err
	}
	if verdict.state != Complete || len(h.Deps) == 0 {
		return nil, fmt.Errorf("what change %d builds on is not here (%s): %w", h.Seq, verdict.reason, ErrConflict)
	}
	return t.envelopes(ctx, h.Deps)
}

// envelopes are those that carry changes, the newest where there are too many.
func (t *tip) envelopes(ctx context.Context, hashes []seal.ID) ([]seal.ID, error) {
	var carried []node
	for _, hash := range hashes {
		if n, ok, err := t.find(ctx, hash); err != nil {
			return nil, err
		} else if ok {
			carried = append(carried, n)
		}
	}
	slices.SortFunc(carried, func(a, b node) int { return order(b.end, b.envelope, a.end, a.envelope) })
	carried = carried[:min(len(carried), maxDeps)]
	ids := make([]seal.ID, len(carried))
	for i, n := range carried {
		ids[i] = n.envelope
	}
	return sorted(ids), nil
}
