// Package store keeps everything a node has on disk: one SQLite file in WAL mode
// with synchronous=FULL, written by a single goroutine that commits the work of
// many callers at once.
//
// Promises: what [DB.Write] acknowledged survives kill -9 and power cuts; every
// row carries its own hash and a damaged one is reported, removed and fetched
// again from other devices; names, texts and keys are sealed under the storage
// key (protocol 2.16); a full disk gives a clear error and changes nothing.
//
// Nothing is checked at open beyond SQLite's own WAL recovery, because the
// checksums of the WAL make a torn write impossible and a node must be ready at
// once. Bit rot is found by the row hashes when rows are read, and by Scrub.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"

	_ "modernc.org/sqlite" // the driver named "sqlite"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// fileName is the database inside the data folder.
const fileName = "parvis.db"

// readers is how many queries outside of transactions run at the same time.
const readers = 4

// DB is the store of one data folder. Make it with [New]; every other method
// needs [DB.Open] first and fails with [ErrClosed] otherwise. It is safe for
// concurrent use.
type DB struct {
	dir     string
	notices *notices
	reserve *reserve

	mu   sync.Mutex
	open bool // guarded by mu

	key    seal.Key // set by Open, before writer and pool
	ids    *directory
	writer atomic.Pointer[writer]
	pool   atomic.Pointer[pool]
}

var _ workspace.Storage = (*DB)(nil)

// New names the store in a data folder. It touches nothing.
func New(dir string) *DB {
	return &DB{dir: dir, notices: &notices{}, reserve: &reserve{dir: dir}, ids: newDirectory()}
}

// Open opens or creates the database, migrates it and starts the writer. key is
// the storage key of the folder (package keyslots). It fails with [ErrNewer]
// when a newer program wrote the database, with [ErrWrongKey] when key belongs
// to another folder, and with [ErrDamaged] when the file cannot be read as a
// database.
func (db *DB) Open(ctx context.Context, key seal.Key) error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.open {
		return errors.New("open store: it is open already")
	}
	if err := db.start(ctx, key); err != nil {
		return fmt.Errorf("open store: %w", db.fault(err))
	}
	db.open = true
	return nil
}

func (db *DB) start(ctx context.Context, key seal.Key) error {
	path := filepath.Join(db.dir, fileName)
	if err := makeFile(path); err != nil {
		return err
	}
	db.reserve.restore()
	w, err := openWriter(ctx, db, dsn(path, false))
	if err != nil {
		return err
	}
	if err := migrate(ctx, w.conn.conn); err != nil {
		w.conn.close()
		return err
	}
	p, err := openPool(db, dsn(path, true))
	if err != nil {
		w.conn.close()
		return err
	}
	db.key = key
	db.ids.clear()
	db.notices.start()
	w.start()
	db.writer.Store(w)
	db.pool.Store(p)
	if err := db.check(ctx); err != nil {
		_ = db.stop()
		return err
	}
	return nil
}

// StorageKey is the key that the database was opened with, for its other slots.
func (db *DB) StorageKey() seal.Key { return db.key }

// check refuses a wrong storage key and reads what everything else relies on.
func (db *DB) check(ctx context.Context) error {
	if err := db.checkKey(ctx); err != nil {
		return err
	}
	return db.loadDirectory(ctx)
}

// makeFile creates the database readable for its owner only; SQLite gives its
// -wal and -shm files the same mode.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return file.Close()
}

// Close finishes the writes that were asked for, moves the WAL into the
// database and closes it. Later calls fail with [ErrClosed]. Closing a store
// that is not open does nothing.
func (db *DB) Close() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if !db.open {
		return nil
	}
	db.open = false
	if err := db.stop(); err != nil {
		return fmt.Errorf("close store: %w", db.fault(err))
	}
	return nil
}

func (db *DB) stop() error {
	w, p := db.writer.Load(), db.pool.Load()
	w.stop()
	db.notices.stop()
	defer func() { db.key = seal.Key{} }()
	// Readers first: the checkpoint can empty the WAL only when nobody reads it.
	err := p.close()
	if cerr := w.close(); err == nil {
		err = cerr
	}
	return err
}

// nodeCache is the memory in KiB for pages of one connection of a node.
const nodeCache = 16_000

// dsn is how a node's database is opened.
func dsn(path string, readOnly bool) string { return dsnWith(path, readOnly, nodeCache) }

// dsnWith carries every pragma, because a PRAGMA by Exec reaches only one
// connection of a pool.
func dsnWith(path string, readOnly bool, cache int) string {
	q := url.Values{"_pragma": {
		"busy_timeout(10000)",
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"fullfsync(ON)",            // macOS: fsync alone does not reach the disk
		"checkpoint_fullfsync(ON)", // likewise; both are without effect elsewhere
		"secure_delete(ON)",
		"temp_store(MEMORY)",
		"foreign_keys(ON)",
		"trusted_schema(OFF)",
		"cell_size_check(ON)",
		"cache_size(" + strconv.Itoa(-cache) + ")",
		"wal_autocheckpoint(4000)",     // pages, 16 MB: random index pages are then written once for many commits
		"journal_size_limit(67108864)", // bytes the WAL keeps after a burst
	}}
	if readOnly {
		q.Add("_pragma", "query_only(ON)")
	}
	slashed := filepath.ToSlash(path)
	if filepath.VolumeName(path) != "" {
		slashed = "/" + slashed
	}
	return "file:" + (&url.URL{Path: slashed}).EscapedPath() + "?" + q.Encode()
}

// openConnections opens a database/sql handle with at most n connections that
// stay open.
func openConnections(dsn string, n int) (*sql.DB, error) {
	handle, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	handle.SetMaxOpenConns(n)
	handle.SetMaxIdleConns(n)
	return handle, nil
}
