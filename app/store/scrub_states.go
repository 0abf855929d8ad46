package store

import (
	"bytes"
	"context"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// strayState is a state whose envelope is not there.
type strayState struct {
	row stateRow
	sum []byte
}

// scrubStates looks for states that belong to no envelope. When the number of
// the row was damaged, its hash still tells which envelope it belongs to.
func (db *DB) scrubStates(ctx context.Context, ws seal.ID) error {
	strays, err := db.strayStates(ctx)
	if err != nil {
		return err
	}
	for _, s := range strays {
		err := db.within(ctx, func(ctx context.Context) error { return db.settleState(ctx, ws, s) })
		if err := ignoreDiskFull(err); err != nil {
			return err
		}
	}
	return nil
}

// settleStates looks at envelopes that are good but for their state. When the
// state belongs to another envelope it goes there, and the first one simply has
// none; the rest is damaged. ctx carries a transaction.
func (db *DB) settleStates(ctx context.Context, damaged []damagedEnvelope) (rest []damagedEnvelope, err error) {
	for _, d := range damaged {
		if !d.stateOnly {
			rest = append(rest, d)
			continue
		}
		states, err := db.selectStates(ctx, `SELECT n, chain, state, reason, sum FROM envelope_state WHERE n = ?`, d.n)
		if err != nil {
			return nil, err
		}
		moved := len(states) == 0 // somebody else was quicker
		for _, s := range states {
			owner, found, err := db.ownerOf(ctx, s)
			if err != nil {
				return nil, err
			}
			if !found || owner == d.n {
				continue
			}
			moved = true
			if _, err := db.querier(ctx).ExecContext(ctx, `DELETE FROM envelope_state WHERE n = ?`, d.n); err != nil {
				return nil, err
			}
			s.row.n = owner
			if err := db.putState(ctx, s.row); err != nil {
				return nil, err
			}
		}
		if !moved {
			rest = append(rest, d)
		}
	}
	return rest, nil
}

func (db *DB) strayStates(ctx context.Context) ([]strayState, error) {
	return db.selectStates(ctx, `SELECT s.n, s.chain, s.state, s.reason, s.sum
		FROM envelope_state s LEFT JOIN envelope e USING (n) WHERE e.n IS NULL`)
}

func (db *DB) selectStates(ctx context.Context, query string, args ...any) ([]strayState, error) {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var strays []strayState
	for found.Next() {
		var n, chain, state intColumn
		var reason, sum blobColumn
		if err := found.Scan(&n, &chain, &state, &reason, &sum); err != nil {
			return nil, err
		}
		strays = append(strays, strayState{stateRow{int64(n), int64(chain), workspace.EnvelopeState(state), reason}, sum})
	}
	return strays, found.Err()
}

// settleState gives a stray state back to its envelope, or removes and reports it.
func (db *DB) settleState(ctx context.Context, ws seal.ID, s strayState) error {
	owner, found, err := db.ownerOf(ctx, s)
	if err != nil {
		return err
	}
	if _, err := db.querier(ctx).ExecContext(ctx, `DELETE FROM envelope_state WHERE n = ?`, s.row.n); err != nil {
		return err
	}
	if found {
		s.row.n = owner
		return db.putState(ctx, s.row)
	}
	db.reportDamage(ctx, ws, workspace.Damage{Table: "envelope_state", Key: fmt.Sprintf("the state of an envelope, kept as number %d", s.row.n)})
	return nil
}

// ownerOf finds the envelope of the same chain with which the hash is right.
func (db *DB) ownerOf(ctx context.Context, s strayState) (n int64, found bool, err error) {
	rows, err := db.querier(ctx).QueryContext(ctx, `SELECT n FROM envelope WHERE chain = ?`, s.row.chain)
	if err != nil {
		return 0, false, err
	}
	defer rows.Close()
	for rows.Next() {
		var candidate intColumn
		if err := rows.Scan(&candidate); err != nil {
			return 0, false, err
		}
		row := s.row
		row.n = int64(candidate)
		if bytes.Equal(s.sum, row.sum()) {
			return row.n, true, nil
		}
	}
	return 0, false, rows.Err()
}
