package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
)

func TestMigrationsAreNumberedAndEveryTableIsStrictAndExplained(t *testing.T) {
	list, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		lines := strings.Split(m.script, "\n")
		for i, line := range lines {
			if !strings.HasPrefix(line, "CREATE TABLE") {
				continue
			}
			if i == 0 || !strings.HasPrefix(lines[i-1], "--") {
				t.Errorf("%s: no comment above: %s", m.name, line)
			}
			end := i
			for !strings.HasPrefix(lines[end], ")") {
				end++
			}
			if !strings.Contains(lines[end], "STRICT") {
				t.Errorf("%s: not STRICT: %s", m.name, line)
			}
		}
	}
}

func TestANewerDatabaseIsRefused(t *testing.T) {
	db := openTest(t)
	addRows(t, db, 0, 3)
	if _, err := db.writer.Load().conn.conn.ExecContext(t.Context(), `PRAGMA user_version = 99`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	err := New(db.dir).Open(t.Context(), testKey)
	if !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), "update Parvis") {
		t.Errorf("a newer database: %v", err)
	}
}

func TestAMigrationThatFailsChangesNothing(t *testing.T) {
	db := openTest(t)
	conn := db.writer.Load().conn.conn
	for name, bad := range map[string]migration{
		"bad SQL":      {99, "0099_bad.sql", `CREATE TABLE half (a INTEGER) STRICT; CREATE TABLE half (a INTEGER) STRICT;`},
		"broken links": {99, "0099_bad.sql", `CREATE TABLE half (a INTEGER REFERENCES chain (chain)) STRICT; INSERT INTO half VALUES (7);`},
	} {
		if _, err := conn.ExecContext(t.Context(), `BEGIN IMMEDIATE; PRAGMA defer_foreign_keys = ON`); err != nil {
			t.Fatal(err)
		}
		err := apply(t.Context(), conn, []migration{bad})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := conn.ExecContext(t.Context(), `ROLLBACK`); err != nil {
			t.Fatal(err)
		}
		if name == "broken links" && !strings.Contains(err.Error(), "refers to a missing row of chain") {
			t.Errorf("%s: %v", name, err)
		}
		var tables, version int
		if err := conn.QueryRowContext(t.Context(), `SELECT count(*) FROM sqlite_schema WHERE name = 'half'`).Scan(&tables); err != nil || tables != 0 {
			t.Errorf("%s: the table is there, %v", name, err)
		}
		if err := conn.QueryRowContext(t.Context(), `PRAGMA user_version`).Scan(&version); err != nil || version == 99 {
			t.Errorf("%s: version %d, %v", name, version, err)
		}
	}
}

func TestMigratingAgainChangesNothing(t *testing.T) {
	db := openTest(t)
	schema := func() (text string) {
		err := db.querier(t.Context()).QueryRowContext(t.Context(), `SELECT group_concat(sql, ';') FROM sqlite_schema`).Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	before := schema()
	if err := migrate(context.Background(), db.writer.Load().conn.conn); err != nil {
		t.Fatal(err)
	}
	if schema() != before {
		t.Error("the schema changed")
	}
}

func TestCallsThatWereMissedBeforeCountAsSeen(t *testing.T) {
	conn, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "old.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	one, err := conn.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	all, err := migrations()
	if err != nil {
		t.Fatal(err)
	}
	const before = 7
	if err := migrateTo(t.Context(), one, all[:before]); err != nil {
		t.Fatal(err)
	}
	put := func(id string) {
		t.Helper()
		_, err := one.ExecContext(t.Context(), `INSERT INTO call_record (ws, id, call, op, space, channel, person, at, hidden, declined, sum)
			VALUES (x'01', ?, x'02', 0, x'03', x'04', x'05', 6, 0, 0, x'07')`, []byte(id))
		if err != nil {
			t.Fatal(err)
		}
	}
	put("before")
	if err := migrateTo(t.Context(), one, all); err != nil {
		t.Fatal(err)
	}
	put("since")
	var unseen []byte
	if err := one.QueryRowContext(t.Context(), `SELECT group_concat(id) FROM call_record WHERE seen = 0`).Scan(&unseen); err != nil || string(unseen) != "since" {
		t.Errorf("unseen are %q, %v", unseen, err)
	}
}
