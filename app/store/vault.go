package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// secretRow is a row of secret. Its value is kept twice, because a lost device
// key cannot be fetched from anybody.
type secretRow struct {
	ws        seal.ID
	name      textColumn
	value     blobColumn
	copy, sum blobColumn
}

func secretSum(ws seal.ID, name string, value, copy []byte) []byte {
	return rowSum([]byte("secret"), ws[:], []byte(name), value, copy)
}

// secretKey is the primary key that the sealed values are bound to.
func secretKey(ws seal.ID, name string) []byte { return append(ws[:], name...) }

// PutSecret keeps a value sealed under the storage key, in place of the one of
// that name. name must not say anything secret.
func (db *DB) PutSecret(ctx context.Context, ws seal.ID, name string, value []byte) error {
	first := db.sealValue("secret", "value", secretKey(ws, name), value)
	second := db.sealValue("secret", "copy", secretKey(ws, name), value)
	err := db.within(ctx, func(ctx context.Context) error {
		n, err := db.wsNumber(ctx, ws)
		if err != nil {
			return err
		}
		_, err = db.querier(ctx).ExecContext(ctx, `INSERT INTO secret (ws, name, value, copy, sum) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (ws, name) DO UPDATE SET value = excluded.value, copy = excluded.copy, sum = excluded.sum`,
			n, name, first, second, secretSum(ws, name, first, second))
		return err
	})
	if err != nil {
		return fmt.Errorf("keep secret %s: %w", name, err)
	}
	return nil
}

// Secret reads one value. One damaged copy is healed from the other; when both
// are, the row is reported, deleted and not found.
func (db *DB) Secret(ctx context.Context, ws seal.ID, name string) (value []byte, found bool, err error) {
	values, err := db.secrets(ctx, ws, `SELECT name, value, copy, sum FROM secret WHERE ws = ? AND name = ?`, name)
	if err != nil {
		return nil, false, fmt.Errorf("read secret %s: %w", name, err)
	}
	value, found = values[name]
	return value, found, nil
}

// Secrets reads all values whose name begins with prefix, by name. Damage is
// treated as Secret does.
func (db *DB) Secrets(ctx context.Context, ws seal.ID, prefix string) (map[string][]byte, error) {
	values, err := db.secrets(ctx, ws, `SELECT name, value, copy, sum FROM secret WHERE ws = ? AND substr(name, 1, length(?2)) = ?2`, prefix)
	if err != nil {
		return nil, fmt.Errorf("read secrets %s: %w", prefix, err)
	}
	return values, nil
}

func (db *DB) secrets(ctx context.Context, ws seal.ID, query, name string) (map[string][]byte, error) {
	values := map[string][]byte{}
	n, found, err := db.findWorkspace(ctx, ws)
	if err != nil || !found {
		return values, err
	}
	rows, err := db.secretRows(ctx, ws, query, n, name)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		value, err := db.openSecret(ctx, r)
		if err != nil {
			return nil, err
		}
		if value != nil {
			values[string(r.name)] = value
		}
	}
	return values, nil
}

func (db *DB) secretRows(ctx context.Context, ws seal.ID, query string, args ...any) ([]secretRow, error) {
	found, err := db.querier(ctx).QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var list []secretRow
	for found.Next() {
		r := secretRow{ws: ws}
		if err := found.Scan(&r.name, &r.value, &r.copy, &r.sum); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, found.Err()
}

// openSecret returns nil, after reporting and deleting the row, when neither
// copy opens.
func (db *DB) openSecret(ctx context.Context, r secretRow) ([]byte, error) {
	name := string(r.name)
	key := secretKey(r.ws, name)
	whole := bytes.Equal(r.sum, secretSum(r.ws, name, r.value, r.copy))
	value, err := db.openValue("secret", "value", key, r.value)
	if err != nil {
		value, err = db.openValue("secret", "copy", key, r.copy)
	}
	if err == nil && whole {
		return notNil(value), nil
	}
	if err == nil {
		return notNil(value), ignoreDiskFull(db.PutSecret(ctx, r.ws, name, value))
	}
	return nil, db.loseSecret(ctx, r.ws, name)
}

func (db *DB) loseSecret(ctx context.Context, ws seal.ID, name string) error {
	db.reportDamage(ctx, ws, workspace.Damage{Table: "secret", Key: "secret " + strings.ToValidUTF8(name, "?")})
	return ignoreDiskFull(db.DeleteSecret(ctx, ws, name))
}

// notNil keeps an empty value apart from none.
func notNil(value []byte) []byte {
	if value == nil {
		return []byte{}
	}
	return value
}

// DeleteSecret removes a value; none is not an error. The bytes are overwritten
// on the disk when the WAL is next moved into the database.
func (db *DB) DeleteSecret(ctx context.Context, ws seal.ID, name string) error {
	err := db.within(ctx, func(ctx context.Context) error {
		n, found, err := db.findWorkspace(ctx, ws)
		if err != nil || !found {
			return err
		}
		_, err = db.querier(ctx).ExecContext(ctx, `DELETE FROM secret WHERE ws = ? AND name = ?`, n, name)
		return err
	})
	if err != nil {
		return fmt.Errorf("delete secret %s: %w", name, err)
	}
	return nil
}

// checkName is the node's own secret that tells whether the storage key is the
// right one.
const checkName = "storage-key"

// checkKey refuses a storage key of another folder. In a new database it leaves
// the value to check by.
func (db *DB) checkKey(ctx context.Context) error {
	var value, copied blobColumn
	err := db.querier(ctx).QueryRowContext(ctx, `SELECT s.value, s.copy FROM secret s JOIN workspace w USING (ws) WHERE w.id = ? AND s.name = ?`,
		make([]byte, 32), checkName).Scan(&value, &copied)
	if errors.Is(err, sql.ErrNoRows) {
		return db.PutSecret(ctx, seal.ID{}, checkName, []byte("parvis"))
	}
	if err != nil {
		return err
	}
	key := secretKey(seal.ID{}, checkName)
	if _, err := db.openValue("secret", "value", key, value); err == nil {
		return nil
	}
	if _, err := db.openValue("secret", "copy", key, copied); err != nil {
		return ErrWrongKey
	}
	return nil
}
