package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Settings is the small settings of this device.
type Settings struct{ db *DB }

// Settings shows the settings.
func (db *DB) Settings() Settings { return Settings{db} }

// Value returns a setting of this device, or "" for one that was never set or
// whose row was damaged.
func (s Settings) Value(ctx context.Context, name string) (string, error) {
	var value blobColumn
	err := s.db.querier(ctx).QueryRowContext(ctx, `SELECT value FROM setting WHERE name = ?`, name).Scan(&value)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read setting %s: %w", name, err)
	}
	plain, err := s.db.openValue("setting", "value", []byte(name), value)
	if err != nil {
		return "", nil
	}
	return string(plain), nil
}

// SetValue stores a setting of this device, sealed. name is plain text and must
// not say anything secret.
func (s Settings) SetValue(ctx context.Context, name, value string) error {
	_, err := s.db.querier(ctx).ExecContext(ctx, `INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)`,
		name, s.db.sealValue("setting", "value", []byte(name), []byte(value)))
	if err != nil {
		return fmt.Errorf("store setting %s: %w", name, err)
	}
	return nil
}
