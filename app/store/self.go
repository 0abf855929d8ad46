package store

import (
	"context"
	"encoding/binary"
	"fmt"

	"parvis/app/self"
	"parvis/crdt/seal"
)

// Self shows the store to what one person's devices share.
func (db *DB) Self() self.Storage { return db }

// selfKey is what a fact is bound to: the row's other columns.
func selfKey(r self.Row) []byte {
	key := append([]byte(nil), r.Workspace[:]...)
	key = binary.BigEndian.AppendUint64(key, r.Lamport)
	key = append(key, r.Writer[:]...)
	key = append(append(key, byte(len(r.Order))), r.Order...)
	return append(key, r.Key...)
}

// PutSelf implements self.Storage.
func (db *DB) PutSelf(ctx context.Context, r self.Row) error {
	rank := r.Order
	if rank == nil {
		rank = []byte{}
	}
	_, err := db.querier(ctx).ExecContext(ctx,
		`INSERT OR REPLACE INTO self_fact (ws, key, rank, lamport, writer, value, applied) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		r.Workspace[:], r.Key, rank, int64(r.Lamport), r.Writer[:], db.sealValue("self_fact", "value", selfKey(r), r.Value), r.Applied)
	if err != nil {
		return fmt.Errorf("store fact: %w", err)
	}
	return nil
}

// SelfRow implements self.Storage.
func (db *DB) SelfRow(ctx context.Context, ws seal.ID, key string) (self.Row, bool, error) {
	list, err := db.readSelf(ctx, ws, `SELECT key, rank, lamport, writer, value, applied FROM self_fact WHERE ws = ? AND key = ?`, ws[:], key)
	if err != nil || len(list) == 0 {
		return self.Row{}, false, err
	}
	return list[0], true, nil
}

// SelfRows implements self.Storage.
func (db *DB) SelfRows(ctx context.Context, ws seal.ID, prefix string) ([]self.Row, error) {
	return db.readSelf(ctx, ws, `SELECT key, rank, lamport, writer, value, applied FROM self_fact
		WHERE ws = ?1 AND substr(key, 1, length(?2)) = ?2 ORDER BY key`, ws[:], prefix)
}

// DropSelf implements self.Storage.
func (db *DB) DropSelf(ctx context.Context, ws seal.ID, key string) error {
	if _, err := db.querier(ctx).ExecContext(ctx, `DELETE FROM self_fact WHERE ws = ? AND key = ?`, ws[:], key); err != nil {
		return fmt.Errorf("forget fact: %w", err)
	}
	return nil
}

// SelfApplied implements self.Storage.
func (db *DB) SelfApplied(ctx context.Context, ws seal.ID, key string, writer seal.ID) error {
	err := db.within(ctx, func(ctx context.Context) error {
		_, err := db.querier(ctx).ExecContext(ctx, `UPDATE self_fact SET applied = 1 WHERE ws = ? AND key = ? AND writer = ?`, ws[:], key, writer[:])
		return err
	})
	if err != nil {
		return fmt.Errorf("mark fact: %w", err)
	}
	return nil
}

func (db *DB) readSelf(ctx context.Context, ws seal.ID, query string, args ...any) ([]self.Row, error) {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read facts: %w", err)
	}
	defer found.Close()
	var list []self.Row
	for found.Next() {
		var key textColumn
		var rank, writer, value blobColumn
		var lamport, applied intColumn
		if err := found.Scan(&key, &rank, &lamport, &writer, &value, &applied); err != nil {
			return nil, fmt.Errorf("read facts: %w", err)
		}
		r := self.Row{Workspace: ws, Key: string(key), Order: rank, Lamport: uint64(lamport), Writer: writer.id(), Applied: applied != 0}
		if len(r.Order) > self.MaxOrder {
			r.Order = nil // damaged: the seal says so
		}
		plain, err := db.openValue("self_fact", "value", selfKey(r), value)
		r.Value, r.Damaged = plain, err != nil
		list = append(list, r)
	}
	return list, found.Err()
}
