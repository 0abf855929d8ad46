package store

import (
	"context"
	"fmt"

	"parvis/app/people"
	"parvis/crdt/seal"
)

// trustKey is what a record is bound to: the row's other columns.
func trustKey(ws, person seal.ID) []byte { return append(ws[:], person[:]...) }

// PutTrust implements people.TrustStorage.
func (db *DB) PutTrust(ctx context.Context, ws seal.ID, t people.Trust) error {
	record, err := t.Encode()
	if err == nil {
		_, err = db.querier(ctx).ExecContext(ctx, `INSERT OR REPLACE INTO trust (ws, person, record) VALUES (?, ?, ?)`,
			ws[:], t.Person[:], db.sealValue("trust", "record", trustKey(ws, t.Person), record))
	}
	if err != nil {
		return fmt.Errorf("store trust: %w", err)
	}
	return nil
}

// TrustRows implements people.TrustStorage.
func (db *DB) TrustRows(ctx context.Context, ws seal.ID) (list []people.Trust, damaged []seal.ID, err error) {
	found, err := db.querier(ctx).QueryContext(ctx, `SELECT person, record FROM trust WHERE ws = ? ORDER BY person`, ws[:])
	if err != nil {
		return nil, nil, fmt.Errorf("read trust: %w", err)
	}
	defer found.Close()
	for found.Next() {
		var person, record blobColumn
		if err := found.Scan(&person, &record); err != nil {
			return nil, nil, fmt.Errorf("read trust: %w", err)
		}
		plain, err := db.openValue("trust", "record", trustKey(ws, person.id()), record)
		var t people.Trust
		if err == nil {
			t, err = people.DecodeTrust(person.id(), plain)
		}
		if err != nil {
			damaged = append(damaged, person.id())
			continue
		}
		list = append(list, t)
	}
	return list, damaged, found.Err()
}

// DropTrust implements people.TrustStorage.
func (db *DB) DropTrust(ctx context.Context, ws, person seal.ID) error {
	if _, err := db.querier(ctx).ExecContext(ctx, `DELETE FROM trust WHERE ws = ? AND person = ?`, ws[:], person[:]); err != nil {
		return fmt.Errorf("forget trust: %w", err)
	}
	return nil
}
