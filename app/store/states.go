package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// stateRow is a row of envelope_state.
type stateRow struct {
	n, chain int64
	state    workspace.EnvelopeState
	reason   []byte // sealed, or empty
}

func (s stateRow) sum() []byte {
	return rowSum([]byte("envelope_state"), number(s.n), number(s.chain), number(int64(s.state)), s.reason)
}

func (db *DB) putState(ctx context.Context, s stateRow) error {
	if s.reason == nil {
		s.reason = []byte{}
	}
	_, err := db.querier(ctx).ExecContext(ctx, `INSERT INTO envelope_state (n, chain, state, reason, sum) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (n) DO UPDATE SET chain = excluded.chain, state = excluded.state, reason = excluded.reason, sum = excluded.sum`,
		s.n, s.chain, int64(s.state), s.reason, s.sum())
	return err
}

// SetEnvelopeState says what became of stored envelopes and why. Ids that are
// not stored are ignored.
func (db *DB) SetEnvelopeState(ctx context.Context, ws seal.ID, ids []seal.ID, state workspace.EnvelopeState, reason string) error {
	err := db.within(ctx, func(ctx context.Context) error {
		for _, id := range ids {
			if err := db.setState(ctx, ws, id, state, reason); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("mark %d envelopes: %w", len(ids), err)
	}
	return nil
}

func (db *DB) setState(ctx context.Context, ws, id seal.ID, state workspace.EnvelopeState, reason string) error {
	q := db.querier(ctx)
	var s stateRow
	err := q.QueryRowContext(ctx, `SELECT e.n, e.chain FROM envelope e JOIN chain c ON c.chain = e.chain
		WHERE e.short = ? AND e.id = ? AND c.ws = (SELECT ws FROM workspace WHERE id = ?)`, shortID(id), id[:], ws[:]).Scan(&s.n, &s.chain)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	if state == workspace.EnvelopeApplied {
		_, err := q.ExecContext(ctx, `DELETE FROM envelope_state WHERE n = ?`, s.n)
		return err
	}
	s.state = state
	if reason != "" {
		s.reason = db.sealValue("envelope_state", "reason", number(s.n), []byte(reason))
	}
	return db.putState(ctx, s)
}

// EnvelopesIn lists the rows of a space that have the given state, in the order
// in which they came, at most limit. Damaged rows are reported, deleted and left
// out.
func (db *DB) EnvelopesIn(ctx context.Context, ws seal.ID, space seal.SpaceID, state workspace.EnvelopeState, limit int) ([]workspace.EnvelopeRow, error) {
	query := selectEnvelope + `JOIN chain c ON c.chain = e.chain
		WHERE s.state = ? AND c.ws = (SELECT ws FROM workspace WHERE id = ?) AND c.space = ? ORDER BY s.n LIMIT ?`
	if state == workspace.EnvelopeApplied {
		query = selectEnvelope + `JOIN chain c ON c.chain = e.chain
			WHERE s.n IS NULL AND ? = 0 AND c.ws = (SELECT ws FROM workspace WHERE id = ?) AND c.space = ? ORDER BY e.n LIMIT ?`
	}
	rows, damaged, err := db.readEnvelopes(ctx, query, int64(state), ws[:], space[:], limit)
	if err == nil {
		err = db.dropEnvelopes(ctx, damaged)
	}
	if err != nil {
		return nil, fmt.Errorf("read envelopes of %s: %w", space.Short(), err)
	}
	return rows, nil
}

// Quarantined lists the envelopes that are kept but cannot be used, each with
// the reason.
func (db *DB) Quarantined(ctx context.Context, ws seal.ID) (map[seal.ID]string, error) {
	reasons, damaged, err := db.readReasons(ctx, ws)
	if err == nil {
		err = db.dropEnvelopes(ctx, damaged)
	}
	if err != nil {
		return nil, fmt.Errorf("read quarantined envelopes: %w", err)
	}
	return reasons, nil
}

func (db *DB) readReasons(ctx context.Context, ws seal.ID) (map[seal.ID]string, []damagedEnvelope, error) {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT s.n, s.chain, s.state, s.reason, s.sum, e.id, e.seq, c.space, c.device
		FROM envelope_state s JOIN envelope e USING (n) JOIN chain c ON c.chain = e.chain
		WHERE s.state = ? AND c.ws = (SELECT ws FROM workspace WHERE id = ?)`, int64(workspace.EnvelopeQuarantined), ws[:])
	if err != nil {
		return nil, nil, err
	}
	defer found.Close()
	reasons := map[seal.ID]string{}
	var damaged []damagedEnvelope
	for found.Next() {
		var n, chain, state, seq intColumn
		var reason, sum, id, space, device blobColumn
		if err := found.Scan(&n, &chain, &state, &reason, &sum, &id, &seq, &space, &device); err != nil {
			return nil, nil, err
		}
		s := stateRow{int64(n), int64(chain), workspace.EnvelopeState(state), reason}
		text, err := db.openReason(s)
		if err != nil || !bytes.Equal(sum, s.sum()) {
			damaged = append(damaged, damagedEnvelope{s.n, s.chain, int64(seq), chainKey{ws, space.space(), device.id()}, true})
			continue
		}
		reasons[id.id()] = text
	}
	return reasons, damaged, found.Err()
}

func (db *DB) openReason(s stateRow) (string, error) {
	if len(s.reason) == 0 {
		return "", nil
	}
	text, err := db.openValue("envelope_state", "reason", number(s.n), s.reason)
	return string(text), err
}
