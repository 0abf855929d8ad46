package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// What callers of the store tell apart.
var (
	// ErrClosed reports a call before Open or after Close.
	ErrClosed = errors.New("the store is not open")
	// ErrNewer reports a database written by a newer program.
	ErrNewer = errors.New("a newer version of Parvis wrote this data folder: update Parvis to open it")
	// ErrWrongKey reports a storage key that belongs to another data folder.
	ErrWrongKey = errors.New("the storage key does not belong to this data folder: put back the keyslots file that lay beside the database")
	// ErrDiskFull reports a write that found no room. Nothing was changed and
	// reading goes on. The error is a *[DiskFullError].
	ErrDiskFull = errors.New("disk full")
	// ErrDamaged reports that SQLite cannot read its own file.
	ErrDamaged = errors.New("the database file is damaged: keep a copy of the data folder, then restore a backup or link this device again; what other devices hold comes back from them")
)

// DiskFullError says how much room is needed. It matches [ErrDiskFull].
type DiskFullError struct {
	Dir    string // the data folder
	NeedMB int    // what must be freed, in units of 1,000,000 bytes
}

// Error is one sentence with the remedy.
func (e *DiskFullError) Error() string {
	return fmt.Sprintf("disk full: %d MB needed; free that much on the disk that holds %s and try again, nothing that was saved is lost", e.NeedMB, e.Dir)
}

// Is makes errors.Is(err, ErrDiskFull) true.
func (e *DiskFullError) Is(target error) bool { return target == ErrDiskFull }

// fault translates what SQLite and database/sql say into the errors above.
func (db *DB) fault(err error) error {
	if err == nil {
		return nil
	}
	switch code := resultCode(err); {
	case code == sqlite3.SQLITE_FULL, code == sqlite3.SQLITE_IOERR && db.reserve.diskIsFull():
		return db.reserve.full()
	case code == sqlite3.SQLITE_CORRUPT, code == sqlite3.SQLITE_NOTADB:
		return fmt.Errorf("%w (%w)", ErrDamaged, err)
	case errors.Is(err, sql.ErrConnDone), strings.HasSuffix(err.Error(), "sql: database is closed"):
		return ErrClosed
	}
	return err
}

// resultCode is SQLite's primary result code, or 0 for another error.
func resultCode(err error) int {
	var e *sqlite.Error
	if errors.As(err, &e) {
		return e.Code() & 0xff
	}
	return 0
}

// undoesTransaction says whether SQLite may have rolled back the whole
// transaction on its own (sqlite.org/lang_transaction.html).
func undoesTransaction(err error) bool {
	switch resultCode(err) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_INTERRUPT:
		return true
	}
	return false
}

// ignoreDiskFull lets a read go on when its damaged rows could not be removed.
func ignoreDiskFull(err error) error {
	if errors.Is(err, ErrDiskFull) {
		return nil
	}
	return err
}
