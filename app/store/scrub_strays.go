package store

import (
	"bytes"
	"context"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// scrubStrays looks for rows whose workspace number means nothing. A secret goes
// back to the workspace with which its hash is right, because nobody else has
// it; what others have is removed and reported.
func (db *DB) scrubStrays(ctx context.Context, ws seal.ID) error {
	return ignoreDiskFull(db.within(ctx, func(ctx context.Context) error {
		if err := db.straySecrets(ctx); err != nil {
			return err
		}
		q := db.querier(ctx)
		for _, table := range []string{"secret", "blob", "ack", "address", "log_entry", "log_order"} {
			result, err := q.ExecContext(ctx, `DELETE FROM `+table+` WHERE ws NOT IN (SELECT ws FROM workspace)`)
			if err != nil {
				return err
			}
			if n, err := result.RowsAffected(); err == nil && n > 0 {
				db.reportDamage(ctx, ws, workspace.Damage{Table: table, Key: "a row of an unknown workspace"})
			}
		}
		return nil
	}))
}

type straySecret struct {
	number int64
	row    secretRow
}

func (db *DB) straySecrets(ctx context.Context) error {
	q := db.querier(ctx)
	found, err := q.QueryContext(ctx, `SELECT ws, name, value, copy, sum FROM secret WHERE ws NOT IN (SELECT ws FROM workspace)`)
	if err != nil {
		return err
	}
	defer found.Close()
	var strays []straySecret
	for found.Next() {
		var s straySecret
		if err := found.Scan(&s.number, &s.row.name, &s.row.value, &s.row.copy, &s.row.sum); err != nil {
			return err
		}
		strays = append(strays, s)
	}
	if err := found.Err(); err != nil {
		return err
	}
	for _, s := range strays {
		for n, ws := range db.ids.workspaceNames() {
			if !bytes.Equal(s.row.sum, secretSum(ws, string(s.row.name), s.row.value, s.row.copy)) {
				continue
			}
			if _, err := q.ExecContext(ctx, `UPDATE OR IGNORE secret SET ws = ? WHERE ws = ? AND name = ?`, n, s.number, string(s.row.name)); err != nil {
				return err
			}
		}
	}
	return nil
}
