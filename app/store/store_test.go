package store

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"parvis/app/store/storetest"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// TestStorageContract runs the contract that every workspace.Storage keeps.
func TestStorageContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) workspace.Storage { return openTest(t) })
}

// reopen closes a store and opens its folder again.
func reopen(t *testing.T, db *DB) *DB {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	again := New(db.dir)
	if err := again.Open(context.Background(), testKey); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = again.Close() })
	return again
}

func TestWhatWasWrittenIsThereAfterReopening(t *testing.T) {
	db := openTest(t)
	addRows(t, db, 0, 1000)
	tails, err := db.Tails(t.Context(), testID('w', 0))
	if err != nil {
		t.Fatal(err)
	}
	db = reopen(t, db)
	again, err := db.Tails(t.Context(), testID('w', 0))
	if err != nil || len(again) != len(tails) || len(again) != 3 {
		t.Errorf("%d tails, want %d, %v", len(again), len(tails), err)
	}
	rows, err := db.Envelopes(t.Context(), testID('w', 0), seal.SpaceID{7}, testID('d', 0), 1, 1000)
	if err != nil || len(rows) != 488 {
		t.Errorf("%d rows, want 488, %v", len(rows), err)
	}
}

func TestAStoreThatIsNotOpenSaysSo(t *testing.T) {
	db := New(filepath.Join(t.TempDir(), "data"))
	closed := func() {
		t.Helper()
		ctx := context.Background()
		if err := db.Write(ctx, func(context.Context) error { return nil }); !errors.Is(err, ErrClosed) {
			t.Errorf("Write: %v", err)
		}
		if _, err := db.Tails(ctx, testID('w', 0)); !errors.Is(err, ErrClosed) {
			t.Errorf("Tails: %v", err)
		}
		if err := db.PutSecret(ctx, testID('w', 0), "a", nil); !errors.Is(err, ErrClosed) {
			t.Errorf("PutSecret: %v", err)
		}
	}
	closed()
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	if err := db.Open(t.Context(), testKey); err != nil {
		t.Fatal(err)
	}
	if err := db.Open(t.Context(), testKey); err == nil {
		t.Error("it opened twice")
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	closed()
	if err := db.Open(t.Context(), testKey); err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

func TestAKeyOfAnotherFolderIsRefused(t *testing.T) {
	db := openTest(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	other := New(db.dir)
	if err := other.Open(t.Context(), seal.Key{9}); !errors.Is(err, ErrWrongKey) {
		t.Errorf("another key: %v", err)
	}
	if err := other.Open(t.Context(), testKey); err != nil {
		t.Errorf("the right key after the wrong one: %v", err)
	}
	if err := other.Close(); err != nil {
		t.Error(err)
	}
}

func TestAFileThatIsNoDatabaseIsReported(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, fileName), []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := New(dir).Open(t.Context(), testKey); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

func TestThePragmasHoldOnEveryConnection(t *testing.T) {
	db := openTest(t)
	want := map[string]string{
		"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "temp_store": "2", "foreign_keys": "1",
		"busy_timeout": "10000", "fullfsync": "1", "checkpoint_fullfsync": "1", "trusted_schema": "0",
	}
	read := func(ctx context.Context, where string) {
		for name, value := range want {
			var got string
			if err := db.querier(ctx).QueryRowContext(ctx, `PRAGMA `+name).Scan(&got); err != nil || got != value {
				t.Errorf("%s: %s is %q, want %q, %v", where, name, got, value, err)
			}
		}
	}
	read(t.Context(), "reader")
	err := db.Write(t.Context(), func(ctx context.Context) error { read(ctx, "writer"); return nil })
	if err != nil {
		t.Error(err)
	}
	if _, err := db.pool.Load().handle.ExecContext(t.Context(), `DELETE FROM envelope`); err == nil {
		t.Error("a reader could write")
	}
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("access lists instead of modes; the user's folder has them")
	}
	db := openTest(t)
	addRows(t, db, 0, 10)
	entries, err := os.ReadDir(db.dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v, %v", entry.Name(), info.Mode(), err)
		}
	}
	if len(entries) < 3 {
		t.Errorf("%d files, want the database, its WAL and its index", len(entries))
	}
}

func TestAQueryInsideAQueryOfTheSameText(t *testing.T) {
	db := openTest(t)
	addRows(t, db, 0, 20)
	err := db.Write(t.Context(), func(ctx context.Context) error {
		const query = `SELECT n FROM envelope WHERE n > ? ORDER BY n`
		outer, err := db.querier(ctx).QueryContext(ctx, query, 0)
		if err != nil {
			return err
		}
		defer outer.Close()
		want := int64(1)
		for outer.Next() {
			var n, first int64
			if err := outer.Scan(&n); err != nil {
				return err
			}
			if err := db.querier(ctx).QueryRowContext(ctx, query, 10).Scan(&first); err != nil {
				return err
			}
			if n != want || first != 11 {
				t.Errorf("row %d: got %d, inner %d", want, n, first)
			}
			want++
		}
		return outer.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLockNamesTheOtherProcess(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	release, err := Lock(dir, Device)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Lock(dir, Device)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), "process ") {
		t.Errorf("second lock: %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	release, err = Lock(dir, Device)
	if err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

func TestAFolderOfAnotherUseIsRefused(t *testing.T) {
	for use, foreign := range map[Use]string{Device: mailboxFile, SuperPeer: fileName} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, foreign), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Lock(dir, use); err == nil || !strings.Contains(err.Error(), "name another one for "+string(use)) {
			t.Errorf("%s in a folder with %s: %v", use, foreign, err)
		}
		for _, own := range []string{fileName, mailboxFile} { // one that was mixed up before goes on
			if err := os.WriteFile(filepath.Join(dir, own), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		release, err := Lock(dir, use)
		if err != nil {
			t.Fatal(err)
		}
		if err := release(); err != nil {
			t.Error(err)
		}
	}
}

func TestDamageFoundWhileOpeningIsToldToWhoAsksLater(t *testing.T) {
	db := openTest(t)
	addRows(t, db, 0, 5)
	err := db.Write(t.Context(), func(ctx context.Context) error {
		_, err := db.querier(ctx).ExecContext(ctx, `UPDATE chain SET space = zeroblob(16), copy = zeroblob(3)`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	db = reopen(t, db)
	told := make(chan workspace.Damage, 1)
	db.OnDamage(func(ws seal.ID, d workspace.Damage) {
		if _, err := db.Tails(context.Background(), ws); err != nil { // it may use the store
			t.Error(err)
		}
		told <- d
	})
	if d := <-told; d.Table != "chain" || d.Device != testID('d', 0) {
		t.Errorf("told: %+v", d)
	}
	if err := db.AddEnvelopes(t.Context(), testID('w', 0), []workspace.EnvelopeRow{testRow(0, 1)}); err != nil {
		t.Error(err)
	}
}
