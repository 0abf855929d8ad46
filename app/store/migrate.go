package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
)

//go:embed schema/*.sql
var schema embed.FS

// migration is one numbered file of schema/. Released files are never edited.
type migration struct {
	number int
	name   string
	script string
}

// migrations lists the files of a node's database.
func migrations() ([]migration, error) { return migrationsOf(schema, "schema") }

// migrationsOf lists the files of a folder in order. They must be numbered 1, 2, 3 …
func migrationsOf(files embed.FS, folder string) ([]migration, error) {
	entries, err := files.ReadDir(folder) // sorted by name
	if err != nil {
		return nil, err
	}
	var list []migration
	for _, entry := range entries {
		digits, _, _ := strings.Cut(entry.Name(), "_")
		number, err := strconv.Atoi(digits)
		if err != nil || number != len(list)+1 {
			return nil, fmt.Errorf("migration %s: want number %04d", entry.Name(), len(list)+1)
		}
		script, err := files.ReadFile(path.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, migration{number, entry.Name(), string(script)})
	}
	return list, nil
}

// migrate brings a node's database to the newest schema.
func migrate(ctx context.Context, conn *sql.Conn) error {
	list, err := migrations()
	if err != nil {
		return err
	}
	return migrateTo(ctx, conn, list)
}

// migrateTo brings a database to the newest schema in one transaction, so that
// a crash leaves the old one or the new one. PRAGMA user_version counts.
func migrateTo(ctx context.Context, conn *sql.Conn, list []migration) error {
	var version int
	if err := conn.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return err
	}
	if version > len(list) {
		return fmt.Errorf("%w (schema %d, this program knows %d)", ErrNewer, version, len(list))
	}
	if version == len(list) {
		return nil
	}
	if _, err := conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if err := apply(ctx, conn, list[version:]); err != nil {
		_, _ = conn.ExecContext(ctx, `ROLLBACK`)
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func apply(ctx context.Context, conn *sql.Conn, list []migration) error {
	for _, m := range list {
		if _, err := conn.ExecContext(ctx, m.script); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		// A pragma takes no parameters.
		if _, err := conn.ExecContext(ctx, fmt.Sprintf(`PRAGMA user_version = %d`, m.number)); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	if err := foreignKeyCheck(ctx, conn); err != nil {
		return err
	}
	_, err := conn.ExecContext(ctx, `COMMIT`)
	return err
}

// foreignKeyCheck reads the pragma's rows: each is a violation, and Exec would
// not show them.
func foreignKeyCheck(ctx context.Context, conn *sql.Conn) error {
	found, err := conn.QueryContext(ctx, `PRAGMA foreign_key_check`)
	if err != nil {
		return err
	}
	defer found.Close()
	var faults []error
	for found.Next() && len(faults) < 10 {
		var table, parent string
		var row, key sql.NullInt64
		if err := found.Scan(&table, &row, &parent, &key); err != nil {
			return err
		}
		faults = append(faults, fmt.Errorf("row %d of %s refers to a missing row of %s", row.Int64, table, parent))
	}
	return errors.Join(append(faults, found.Err())...)
}
