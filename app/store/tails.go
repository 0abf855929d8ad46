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

// chainTail is a row of table tail: how far a chain is stored.
type chainTail struct {
	seq  int64   // 1 to seq are here without a gap
	id   seal.ID // of the envelope at seq; zero when seq is 0
	high int64   // the greatest seq ever stored
}

func tailSum(chain int64, t chainTail) []byte {
	return rowSum([]byte("tail"), number(chain), number(t.seq), t.id[:], number(t.high))
}

func putTail(ctx context.Context, q querier, chain int64, t chainTail) error {
	_, err := q.ExecContext(ctx, `INSERT INTO tail (chain, seq, id, high, sum) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (chain) DO UPDATE SET seq = excluded.seq, id = excluded.id, high = excluded.high, sum = excluded.sum`,
		chain, t.seq, t.id[:], t.high, tailSum(chain, t))
	return err
}

// tail reads a chain's tail; ok is false when the row is damaged or missing.
func (db *DB) tail(ctx context.Context, chain int64) (t chainTail, ok bool, err error) {
	var seq, high intColumn
	var id, sum blobColumn
	err = db.querier(ctx).QueryRowContext(ctx, `SELECT seq, id, high, sum FROM tail WHERE chain = ?`, chain).Scan(&seq, &id, &high, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return t, false, nil
	}
	if err != nil {
		return t, false, err
	}
	t = chainTail{int64(seq), id.id(), int64(high)}
	return t, bytes.Equal(sum, tailSum(chain, t)), nil
}

// currentTail reads a chain's tail and computes it again when it is damaged. ctx
// carries a transaction.
func (db *DB) currentTail(ctx context.Context, chain int64) (chainTail, error) {
	t, ok, err := db.tail(ctx, chain)
	if err != nil || ok {
		return t, err
	}
	t, err = db.advance(ctx, chain, chainTail{})
	if err != nil {
		return t, err
	}
	return t, putTail(ctx, db.querier(ctx), chain, t)
}

// advance moves a tail over the rows behind it that have become gapless. high
// never falls, even when the last row was lost: a device must not use a number
// for a second envelope.
func (db *DB) advance(ctx context.Context, chain int64, t chainTail) (chainTail, error) {
	q := db.querier(ctx)
	var high intColumn
	if err := q.QueryRowContext(ctx, `SELECT max(seq) FROM envelope WHERE chain = ?`, chain).Scan(&high); err != nil {
		return t, err
	}
	t.high = max(t.high, int64(high))
	end, err := gaplessEnd(ctx, q, chain, t.seq)
	if err != nil || end == t.seq {
		return t, err
	}
	var id blobColumn
	if err := q.QueryRowContext(ctx, `SELECT id FROM envelope WHERE chain = ? AND seq = ? ORDER BY n LIMIT 1`, chain, end).Scan(&id); err != nil {
		return t, err
	}
	t.seq, t.id = end, id.id()
	return t, nil
}

// gaplessEnd walks the index of a chain from after seq to the first gap.
func gaplessEnd(ctx context.Context, q querier, chain, seq int64) (int64, error) {
	found, err := q.QueryContext(ctx, `SELECT seq FROM envelope WHERE chain = ? AND seq > ? ORDER BY seq`, chain, seq)
	if err != nil {
		return seq, err
	}
	defer found.Close()
	for found.Next() {
		var next intColumn
		if err := found.Scan(&next); err != nil {
			return seq, err
		}
		if int64(next) > seq+1 {
			break
		}
		seq = int64(next)
	}
	return seq, found.Err()
}

// moveBack makes a chain end before seq, so that sync fetches from there on. ctx
// carries a transaction.
func (db *DB) moveBack(ctx context.Context, chain, seq int64) error {
	t, err := db.currentTail(ctx, chain)
	if err != nil || t.seq < seq {
		return err
	}
	for t.seq, t.id = max(seq-1, 0), (seal.ID{}); t.seq > 0; t.seq-- {
		rows, damaged, err := db.readChain(ctx, chain, t.seq, t.seq, 8)
		if err != nil {
			return err
		}
		if err := db.deleteEnvelopes(ctx, damaged); err != nil {
			return err
		}
		if len(rows) > 0 && len(damaged) == 0 {
			t.id = rows[0].ID
			break
		}
	}
	return putTail(ctx, db.querier(ctx), chain, t)
}

// Tails lists the chains of a workspace of which something is stored.
func (db *DB) Tails(ctx context.Context, ws seal.ID) ([]workspace.Tail, error) {
	tails, damaged, err := db.readTails(ctx, ws)
	if err != nil {
		return nil, fmt.Errorf("read tails: %w", err)
	}
	for _, chain := range damaged {
		err := db.within(ctx, func(ctx context.Context) error {
			t, err := db.currentTail(ctx, chain)
			if err != nil {
				return err
			}
			key, _, err := db.chainOf(ctx, chain)
			if t.high > 0 {
				tails = append(tails, t.of(key))
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("compute tail: %w", err)
		}
	}
	return tails, nil
}

func (t chainTail) of(key chainKey) workspace.Tail {
	return workspace.Tail{Space: key.space, Device: key.device, Seq: uint64(t.seq), ID: t.id, High: uint64(t.high)}
}

// readTails gives the good tails and the chains whose tail is damaged.
func (db *DB) readTails(ctx context.Context, ws seal.ID) (tails []workspace.Tail, damaged []int64, err error) {
	n, found, err := db.findWorkspace(ctx, ws)
	if err != nil || !found {
		return nil, nil, err
	}
	rows, err := db.querier(ctx).QueryContext(ctx, `SELECT c.chain, c.space, c.device, t.seq, t.id, t.high, t.sum
		FROM chain c LEFT JOIN tail t USING (chain) WHERE c.ws = ?`, n)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var chain, seq, high intColumn
		var space, device, id, sum blobColumn
		if err := rows.Scan(&chain, &space, &device, &seq, &id, &high, &sum); err != nil {
			return nil, nil, err
		}
		t := chainTail{int64(seq), id.id(), int64(high)}
		if !bytes.Equal(sum, tailSum(int64(chain), t)) {
			damaged = append(damaged, int64(chain))
			continue
		}
		if t.high > 0 {
			key, known := db.ids.key(int64(chain))
			if !known {
				key = chainKey{ws, space.space(), device.id()}
			}
			tails = append(tails, t.of(key))
		}
	}
	return tails, damaged, rows.Err()
}
