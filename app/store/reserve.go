package store

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

const (
	// reserveSize is the room kept for the moment when the disk is full (R4).
	reserveSize = 32 << 20
	// reserveMargin must be free beyond the reserve before it is made again.
	reserveMargin = 32 << 20
	// smallWrite is how many bytes of objects one call may still add while only
	// the reserve is left: a deletion, one message.
	smallWrite = 64 << 10
	// reserveRest is the part of the reserve that objects may not take: for
	// acknowledgements, states, removals, and for emptying the WAL.
	reserveRest = 16 << 20
	// fullBelow is how little free space makes an input/output error of SQLite a
	// full disk.
	fullBelow = 1 << 20
	// reserveRetry is how often the return of space is looked for.
	reserveRetry = 5 * time.Second
)

// reserve is the file "reserve" in the data folder: 32 MiB that are given back
// to the disk when it is full, so that the user can delete and the outbox can
// finish. Until space returns, large objects are refused at once, and small ones
// when half of the reserve is used up. A disk that is too small for a reserve has
// none: there every write is tried.
type reserve struct {
	dir string

	mu   sync.Mutex
	low  bool      // guarded by mu: the reserve was given back
	next time.Time // guarded by mu: when to look for space again
}

func (r *reserve) path() string { return filepath.Join(r.dir, "reserve") }

// restore makes the file when there is room for it and a margin.
func (r *reserve) restore() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.restoreLocked()
}

func (r *reserve) restoreLocked() {
	r.next = time.Now().Add(reserveRetry)
	if info, err := os.Stat(r.path()); err == nil && info.Size() >= reserveSize {
		r.low = false
		return
	}
	free, err := freeBytes(r.dir)
	if err != nil || free < reserveSize+reserveMargin {
		return
	}
	if err := allocate(r.path(), reserveSize); err != nil {
		// Only half of it would promise what it cannot hold.
		_ = os.Remove(r.path())
		return
	}
	r.low = false
}

// release gives the room back.
func (r *reserve) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, err := os.Stat(r.path()); err != nil {
		return
	}
	r.low = true
	r.next = time.Now().Add(reserveRetry)
	if err := os.Remove(r.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		// On Windows a scanner may hold the file; cutting it frees the room too.
		_ = os.Truncate(r.path(), 0)
	}
}

// committed looks now and then whether the room is back.
func (r *reserve) committed() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.low && time.Now().After(r.next) {
		r.restoreLocked()
	}
}

// admit refuses size bytes of objects that only the reserve could hold.
func (r *reserve) admit(size int) error {
	r.mu.Lock()
	if r.low && time.Now().After(r.next) {
		r.restoreLocked()
	}
	low := r.low
	r.mu.Unlock()
	if !low {
		return nil
	}
	if free, err := freeBytes(r.dir); size > smallWrite || (err == nil && free < reserveRest) {
		return r.full()
	}
	return nil
}

// isLow says whether the disk was full and no space has returned since.
func (r *reserve) isLow() bool {
	r.committed()
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.low
}

// diskIsFull says whether next to nothing is free.
func (r *reserve) diskIsFull() bool {
	free, err := freeBytes(r.dir)
	return err == nil && free < fullBelow
}

// full is the error that says how much must be freed: room for the reserve and
// its margin.
func (r *reserve) full() error {
	const want = reserveSize + reserveMargin
	need := uint64(want)
	if free, err := freeBytes(r.dir); err == nil && free < want {
		need = want - free
	}
	return &DiskFullError{Dir: r.dir, NeedMB: int((need + 999_999) / 1_000_000)}
}
