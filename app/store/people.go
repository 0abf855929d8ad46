package store

import (
	"context"
	"encoding/binary"
	"fmt"

	"parvis/app/people"
	"parvis/crdt/seal"
)

// People shows the store to people.
func (db *DB) People() people.Storage { return db }

// nameKey is what a name is bound to: the row's other columns.
func nameKey(n people.NameRow) []byte {
	key := append([]byte(nil), n.Workspace[:]...)
	key = binary.BigEndian.AppendUint64(key, uint64(n.What))
	key = binary.BigEndian.AppendUint64(key, n.Lamport)
	key = append(key, n.Writer[:]...)
	return append(key, n.Target...)
}

// PutName implements people.Storage.
func (db *DB) PutName(ctx context.Context, n people.NameRow) error {
	_, err := db.querier(ctx).ExecContext(ctx,
		`INSERT OR REPLACE INTO name (ws, what, target, lamport, writer, name) VALUES (?, ?, ?, ?, ?, ?)`,
		n.Workspace[:], int64(n.What), []byte(n.Target), int64(n.Lamport), n.Writer[:],
		db.sealValue("name", "name", nameKey(n), []byte(n.Name)))
	if err != nil {
		return fmt.Errorf("store name: %w", err)
	}
	return nil
}

// NameRow implements people.Storage.
func (db *DB) NameRow(ctx context.Context, ws seal.ID, what people.What, target string) (people.NameRow, bool, error) {
	list, err := db.readNames(ctx, ws, `SELECT what, target, lamport, writer, name FROM name WHERE ws = ? AND what = ? AND target = ?`,
		ws[:], int64(what), []byte(target))
	if err != nil || len(list) == 0 {
		return people.NameRow{}, false, err
	}
	return list[0], true, nil
}

// NameRows implements people.Storage.
func (db *DB) NameRows(ctx context.Context, ws seal.ID) ([]people.NameRow, error) {
	return db.readNames(ctx, ws, `SELECT what, target, lamport, writer, name FROM name WHERE ws = ?`, ws[:])
}

// DropName implements people.Storage.
func (db *DB) DropName(ctx context.Context, ws seal.ID, what people.What, target string) error {
	_, err := db.querier(ctx).ExecContext(ctx, `DELETE FROM name WHERE ws = ? AND what = ? AND target = ?`, ws[:], int64(what), []byte(target))
	if err != nil {
		return fmt.Errorf("forget name: %w", err)
	}
	return nil
}

func (db *DB) readNames(ctx context.Context, ws seal.ID, query string, args ...any) ([]people.NameRow, error) {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	defer found.Close()
	var list []people.NameRow
	for found.Next() {
		var what, lamport intColumn
		var target, writer, name blobColumn
		if err := found.Scan(&what, &target, &lamport, &writer, &name); err != nil {
			return nil, fmt.Errorf("read names: %w", err)
		}
		n := people.NameRow{Workspace: ws, What: people.What(what), Target: string(target), Lamport: uint64(lamport), Writer: writer.id()}
		plain, err := db.openValue("name", "name", nameKey(n), name)
		n.Name, n.Damaged = string(plain), err != nil
		list = append(list, n)
	}
	return list, found.Err()
}
