package store

import (
	"context"
	"fmt"
	"math"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Envelopes lists a chain from a seq on, by seq, at most limit rows. Damaged
// rows are reported, deleted and left out, and the chain's tail moves back to
// before the first of them; so it does when rows are missing.
func (db *DB) Envelopes(ctx context.Context, ws seal.ID, space seal.SpaceID, device seal.ID, from uint64, limit int) ([]workspace.EnvelopeRow, error) {
	fail := func(err error) ([]workspace.EnvelopeRow, error) {
		return nil, fmt.Errorf("read envelopes of %s in %s: %w", device.Short(), space.Short(), err)
	}
	chain, found, err := db.findChain(ctx, chainKey{ws, space, device})
	if err != nil {
		return fail(err)
	}
	if !found || limit < 1 || from > math.MaxInt64 {
		return nil, nil
	}
	first := max(int64(from), 1)
	rows, damaged, err := db.readChain(ctx, chain, first, math.MaxInt64, limit)
	if err != nil {
		return fail(err)
	}
	if err := db.dropEnvelopes(ctx, damaged); err != nil {
		return fail(err)
	}
	if len(damaged) == 0 {
		if err := db.checkGapless(ctx, chain, first, rows, len(rows) == limit); err != nil {
			return fail(err)
		}
	}
	return rows, nil
}

// checkGapless notices rows that the tail promises and the table lacks. more
// says that the list was cut at its limit.
func (db *DB) checkGapless(ctx context.Context, chain, from int64, rows []workspace.EnvelopeRow, more bool) error {
	next := from
	for _, row := range rows {
		if int64(row.Seq) > next {
			break
		}
		next = int64(row.Seq) + 1
	}
	if len(rows) > 0 && more && int64(rows[len(rows)-1].Seq) == next-1 {
		return nil
	}
	t, ok, err := db.tail(ctx, chain)
	if err != nil || (ok && t.seq < next) {
		return err
	}
	return db.loseEnvelope(ctx, chain, next)
}

// loseEnvelope reports a row that should be there and is not, and moves the tail
// back to before it. Another writer may have changed the tail meanwhile, so that
// everything is looked at again inside a transaction.
func (db *DB) loseEnvelope(ctx context.Context, chain, seq int64) error {
	return ignoreDiskFull(db.within(ctx, func(ctx context.Context) error {
		t, err := db.currentTail(ctx, chain)
		if err != nil || t.seq < seq {
			return err
		}
		rows, damaged, err := db.readChain(ctx, chain, seq, seq, 1)
		if err != nil || len(rows)+len(damaged) > 0 {
			return err
		}
		key, _, err := db.chainOf(ctx, chain)
		if err != nil {
			return err
		}
		db.reportEnvelopes(ctx, []damagedEnvelope{{chain: chain, seq: seq, key: key}})
		return db.moveBack(ctx, chain, seq)
	}))
}

// Envelope reads one envelope by its id. A damaged one is reported, deleted and
// not found.
func (db *DB) Envelope(ctx context.Context, ws, id seal.ID) (row workspace.EnvelopeRow, found bool, err error) {
	good, damaged, err := db.readEnvelopes(ctx, selectEnvelope+`JOIN chain c ON c.chain = e.chain
		WHERE e.short = ? AND c.ws = (SELECT ws FROM workspace WHERE id = ?) ORDER BY e.n`, shortID(id), ws[:])
	if err == nil {
		err = db.dropEnvelopes(ctx, damaged)
	}
	if err != nil {
		return row, false, fmt.Errorf("read envelope %s: %w", id.Short(), err)
	}
	for _, row := range good {
		if row.ID == id {
			return row, true, nil
		}
	}
	return row, false, nil
}
