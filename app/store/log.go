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

func orderSum(n int64, ws, id seal.ID) []byte {
	return rowSum([]byte("log_order"), number(n), ws[:], id[:])
}

func entrySum(n int64, ws, id seal.ID, sealed []byte) []byte {
	return rowSum([]byte("log_entry"), number(n), ws[:], id[:], sealed)
}

// AddEntry keeps a sealed entry of the membership log. Parents are added before
// their children. An entry that was lost to damage takes its old place again.
func (db *DB) AddEntry(ctx context.Context, ws, id seal.ID, sealed []byte) error {
	err := db.within(ctx, func(ctx context.Context) error { return db.addEntry(ctx, ws, id, sealed) })
	if err != nil {
		return fmt.Errorf("store log entry %s: %w", id.Short(), err)
	}
	return nil
}

func (db *DB) addEntry(ctx context.Context, ws, id seal.ID, sealed []byte) error {
	wsN, err := db.wsNumber(ctx, ws)
	if err != nil {
		return err
	}
	q := db.querier(ctx)
	var n, stored int64
	err = q.QueryRowContext(ctx, `SELECT o.n, e.n IS NOT NULL FROM log_order o LEFT JOIN log_entry e USING (n) WHERE o.ws = ? AND o.id = ?`, wsN, id[:]).
		Scan(&n, &stored)
	if err == nil && stored == 1 {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		n, err = db.newPlace(ctx, wsN, ws, id)
	}
	if err != nil {
		return err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO log_entry (n, ws, id, sealed, sum) VALUES (?, ?, ?, ?, ?)`, n, wsN, id[:], sealed, entrySum(n, ws, id, sealed))
	return err
}

// newPlace puts an id at the end of the log's order.
func (db *DB) newPlace(ctx context.Context, wsN int64, ws, id seal.ID) (n int64, err error) {
	q := db.querier(ctx)
	err = q.QueryRowContext(ctx, `SELECT max(coalesce((SELECT max(n) FROM log_order), 0), coalesce((SELECT max(n) FROM log_entry), 0)) + 1`).Scan(&n)
	if err != nil {
		return 0, err
	}
	_, err = q.ExecContext(ctx, `INSERT INTO log_order (n, ws, id, sum) VALUES (?, ?, ?, ?)`, n, wsN, id[:], orderSum(n, ws, id))
	return n, err
}

// logRow is one place of the log: what log_order and log_entry say about it.
type logRow struct {
	n                          intColumn
	orderID, orderSum          blobColumn
	entryID, sealed, sealedSum blobColumn
}

// Entries visits the log in order. Damaged entries are reported, deleted and
// left out; their places stay. visit may use the store.
func (db *DB) Entries(ctx context.Context, ws seal.ID, visit func(id seal.ID, sealed []byte) error) error {
	rows, err := db.logRows(ctx, ws)
	if err != nil {
		return fmt.Errorf("read membership log: %w", err)
	}
	for _, r := range rows {
		id, good, err := db.checkLogRow(ctx, ws, r)
		if err != nil {
			return fmt.Errorf("read membership log: %w", err)
		}
		if !good {
			continue
		}
		if err := visit(id, r.sealed); err != nil {
			return err
		}
	}
	return nil
}

// logRows reads both tables side by side, because either can give back what the
// other lost.
func (db *DB) logRows(ctx context.Context, ws seal.ID) ([]logRow, error) {
	n, known, err := db.findWorkspace(ctx, ws)
	if err != nil || !known {
		return nil, err
	}
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT coalesce(o.n, e.n) AS place, o.id, o.sum, e.id, e.sealed, e.sum
		FROM log_order o FULL JOIN log_entry e USING (n) WHERE o.ws = ?1 OR e.ws = ?1 ORDER BY place`, n)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var list []logRow
	for found.Next() {
		var r logRow
		if err := found.Scan(&r.n, &r.orderID, &r.orderSum, &r.entryID, &r.sealed, &r.sealedSum); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, found.Err()
}

// checkLogRow says whether an entry is good, and repairs what can be repaired.
func (db *DB) checkLogRow(ctx context.Context, ws seal.ID, r logRow) (id seal.ID, good bool, err error) {
	n := int64(r.n)
	orderOK := bytes.Equal(r.orderSum, orderSum(n, ws, r.orderID.id()))
	entryOK := bytes.Equal(r.sealedSum, entrySum(n, ws, r.entryID.id(), r.sealed))
	switch {
	case orderOK && entryOK && r.orderID.id() == r.entryID.id():
		return r.entryID.id(), true, nil
	case entryOK:
		return r.entryID.id(), true, ignoreDiskFull(db.putOrder(ctx, n, ws, r.entryID.id()))
	case orderOK && r.sealedSum == nil:
		return r.orderID.id(), false, nil // was reported when it was lost
	case orderOK:
		return r.orderID.id(), false, db.loseEntry(ctx, ws, n, r.orderID.id().Short(), `DELETE FROM log_entry WHERE n = ?`)
	}
	err = db.loseEntry(ctx, ws, n, fmt.Sprintf("at place %d", n), `DELETE FROM log_entry WHERE n = ?`, `DELETE FROM log_order WHERE n = ?`)
	return seal.ID{}, false, err
}

// putOrder rebuilds the place of a good entry.
func (db *DB) putOrder(ctx context.Context, n int64, ws, id seal.ID) error {
	return db.within(ctx, func(ctx context.Context) error {
		wsN, err := db.wsNumber(ctx, ws)
		if err != nil {
			return err
		}
		q := db.querier(ctx)
		if _, err := q.ExecContext(ctx, `DELETE FROM log_order WHERE n = ? OR (ws = ? AND id = ?)`, n, wsN, id[:]); err != nil {
			return err
		}
		_, err = q.ExecContext(ctx, `INSERT INTO log_order (n, ws, id, sum) VALUES (?, ?, ?, ?)`, n, wsN, id[:], orderSum(n, ws, id))
		return err
	})
}

func (db *DB) loseEntry(ctx context.Context, ws seal.ID, n int64, name string, queries ...string) error {
	db.reportDamage(ctx, ws, workspace.Damage{Table: "log_entry", Key: "membership log entry " + name})
	return ignoreDiskFull(db.within(ctx, func(ctx context.Context) error {
		for _, query := range queries {
			if _, err := db.querier(ctx).ExecContext(ctx, query, n); err != nil {
				return err
			}
		}
		return nil
	}))
}
