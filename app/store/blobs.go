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

func blobSum(ws, id seal.ID, data []byte) []byte {
	return rowSum([]byte("blob"), ws[:], id[:], data)
}

// PutBlob keeps data beside the log, in place of what had that id.
func (db *DB) PutBlob(ctx context.Context, ws, id seal.ID, data []byte) error {
	if err := db.reserve.admit(len(data)); err != nil {
		return fmt.Errorf("store blob %s: %w", id.Short(), err)
	}
	err := db.within(ctx, func(ctx context.Context) error {
		n, err := db.wsNumber(ctx, ws)
		if err != nil {
			return err
		}
		_, err = db.querier(ctx).ExecContext(ctx, `INSERT INTO blob (ws, id, data, sum) VALUES (?, ?, ?, ?)
			ON CONFLICT (ws, id) DO UPDATE SET data = excluded.data, sum = excluded.sum`, n, id[:], notNil(data), blobSum(ws, id, data))
		return err
	})
	if err != nil {
		return fmt.Errorf("store blob %s: %w", id.Short(), err)
	}
	return nil
}

// Blob reads what PutBlob kept. A damaged blob is reported, deleted and not
// found.
func (db *DB) Blob(ctx context.Context, ws, id seal.ID) (data []byte, found bool, err error) {
	data, found, err = db.blob(ctx, ws, id[:])
	if err != nil {
		return nil, false, fmt.Errorf("read blob %s: %w", id.Short(), err)
	}
	return data, found, nil
}

// blob takes any id, because a damaged one may have another length.
func (db *DB) blob(ctx context.Context, ws seal.ID, id []byte) (data []byte, found bool, err error) {
	var content, sum blobColumn
	err = db.querier(ctx).QueryRowContext(ctx, `SELECT data, sum FROM blob WHERE ws = (SELECT ws FROM workspace WHERE id = ?) AND id = ?`, ws[:], id).
		Scan(&content, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if len(id) == len(seal.ID{}) && bytes.Equal(sum, blobSum(ws, seal.ID(id), content)) {
		return notNil(content), true, nil
	}
	db.reportDamage(ctx, ws, workspace.Damage{Table: "blob", Key: "blob " + blobColumn(id).id().Short()})
	return nil, false, ignoreDiskFull(db.deleteBlob(ctx, ws, id))
}

// DeleteBlob removes a blob; none is not an error.
func (db *DB) DeleteBlob(ctx context.Context, ws, id seal.ID) error {
	if err := db.deleteBlob(ctx, ws, id[:]); err != nil {
		return fmt.Errorf("delete blob %s: %w", id.Short(), err)
	}
	return nil
}

func (db *DB) deleteBlob(ctx context.Context, ws seal.ID, id []byte) error {
	_, err := db.querier(ctx).ExecContext(ctx, `DELETE FROM blob WHERE ws = (SELECT ws FROM workspace WHERE id = ?) AND id = ?`, ws[:], id)
	return err
}
