package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// maxGroup is how many functions share one commit.
const maxGroup = 512

// maxGroupTime bounds how long the first function of a group waits for the
// others before the commit.
const maxGroupTime = 15 * time.Millisecond

// writer runs the functions of all callers, one after the other, on one
// goroutine and one connection, and commits them in groups.
type writer struct {
	db   *DB
	conn *conn
	wg   sync.WaitGroup
	wake chan struct{} // holds one token while work waits

	commits   atomic.Int64  // how many groups were committed
	groupTime time.Duration // maxGroupTime

	mu       sync.Mutex
	queue    []*job // guarded by mu
	stopping bool   // guarded by mu
}

// job is one call of Write.
type job struct {
	run      func(*tx) error
	done     chan struct{}
	err      error // valid once done is closed, as is panicked
	panicked any
	after    []func()
}

func openWriter(ctx context.Context, db *DB, dsn string) (*writer, error) {
	c, err := openConn(ctx, dsn)
	if err != nil {
		return nil, err
	}
	return &writer{db: db, conn: c, wake: make(chan struct{}, 1), groupTime: maxGroupTime}, nil
}

// Write runs fn in a durable transaction and returns after its commit, which it
// shares with other callers. fn runs on the writer's goroutine, one at a time in
// the whole program: it must be quick, must pass its context to the store, and
// must not wait for another Write. When it returns an error or panics, only its
// own changes are undone. Inside fn a further Write joins the transaction.
//
// Cancelling ctx takes a call back that has not begun; one that has begun is
// always finished and answered.
func (db *DB) Write(ctx context.Context, fn func(ctx context.Context) error) error {
	if t := db.tx(ctx); t != nil {
		return t.nest(ctx, fn)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	inner := context.WithoutCancel(ctx)
	j := &job{done: make(chan struct{}), run: func(t *tx) error {
		return fn(context.WithValue(inner, txKey{}, t))
	}}
	w := db.writer.Load()
	if w == nil || !w.add(j) {
		return ErrClosed
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if w.takeBack(j) {
			return ctx.Err()
		}
		<-j.done
	}
	if j.panicked != nil {
		panic(j.panicked)
	}
	return j.err
}

// nest runs fn under a savepoint inside the transaction that runs already.
func (t *tx) nest(ctx context.Context, fn func(ctx context.Context) error) error {
	if t.lost != nil {
		return t.lost
	}
	after := len(t.after)
	if _, err := t.ExecContext(ctx, `SAVEPOINT nested`); err != nil {
		return err
	}
	finished := false
	defer func() {
		if finished || t.lost != nil {
			return
		}
		t.after = t.after[:after]
		if _, err := t.ExecContext(ctx, `ROLLBACK TO nested`); err == nil {
			_, _ = t.ExecContext(ctx, `RELEASE nested`)
		}
	}()
	if err := fn(ctx); err != nil {
		return err
	}
	if _, err := t.ExecContext(ctx, `RELEASE nested`); err != nil {
		return err
	}
	finished = true
	return nil
}

// add queues a job; false when the writer is stopping.
func (w *writer) add(j *job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopping {
		return false
	}
	w.queue = append(w.queue, j)
	w.signal()
	return true
}

// takeBack removes a job that has not begun.
func (w *writer) takeBack(j *job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.Index(w.queue, j)
	if i < 0 {
		return false
	}
	w.queue = slices.Delete(w.queue, i, i+1)
	return true
}

// next takes the oldest job, or nil when none waits.
func (w *writer) next() *job {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.queue) == 0 {
		return nil
	}
	j := w.queue[0]
	w.queue[0] = nil
	w.queue = w.queue[1:]
	return j
}

// signal wakes the loop; a token that is there already is enough.
func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

func (w *writer) start() { w.wg.Go(w.loop) }

// stop refuses new jobs, finishes those that wait, and ends the loop.
func (w *writer) stop() {
	w.mu.Lock()
	w.stopping = true
	w.signal()
	w.mu.Unlock()
	w.wg.Wait()
}

func (w *writer) loop() {
	for range w.wake {
		for first := w.next(); first != nil; first = w.next() {
			w.commitGroup(first)
		}
		w.mu.Lock()
		ended := w.stopping && len(w.queue) == 0
		w.mu.Unlock()
		if ended {
			return
		}
	}
}

// commitGroup runs first and whatever else waits in one transaction, commits
// and answers all.
func (w *writer) commitGroup(first *job) {
	jobs := make([]*job, 0, 8)
	_, err := w.conn.exec(`BEGIN IMMEDIATE`)
	began := time.Now()
	for j := first; j != nil; j = w.next() {
		jobs = append(jobs, j)
		if err == nil {
			err = w.run(j)
		}
		if err != nil || len(jobs) == maxGroup || time.Since(began) > w.groupTime {
			break
		}
	}
	if err == nil {
		_, err = w.conn.exec(`COMMIT`)
	}
	if err != nil {
		w.undo(jobs, w.db.fault(err))
	} else {
		w.commits.Add(1)
		w.db.reserve.committed()
	}
	for _, j := range jobs {
		if j.err == nil && j.panicked == nil {
			for _, fn := range j.after {
				fn()
			}
		}
		close(j.done)
	}
}

// undo rolls the shared transaction back, tells those who keep memory of it,
// and gives every job that had not failed by itself the reason.
func (w *writer) undo(jobs []*job, cause error) {
	// SQLite has often rolled back by itself; then there is nothing to do.
	_, _ = w.conn.exec(`ROLLBACK`)
	if errors.Is(cause, ErrDiskFull) {
		w.db.reserve.release()
	}
	undone := false
	for _, j := range jobs {
		if j.err == nil && j.panicked == nil {
			j.err = fmt.Errorf("commit: %w", cause)
			undone = true
		}
	}
	if undone {
		w.db.notices.rolledBack()
	}
}

// run runs one job under its savepoint. An error means that the whole shared
// transaction is lost; the job's own error stands in the job.
func (w *writer) run(j *job) error {
	if _, err := w.conn.exec(`SAVEPOINT job`); err != nil {
		return err
	}
	t := &tx{db: w.db, conn: w.conn}
	j.call(t)
	t.ended.Store(true)
	if t.lost != nil {
		if j.err != nil {
			j.err = nil // answered by undo, with the reason
		}
		return t.lost
	}
	if j.err != nil || j.panicked != nil {
		if _, err := w.conn.exec(`ROLLBACK TO job`); err != nil {
			return err
		}
	} else {
		j.after = t.after
	}
	_, err := w.conn.exec(`RELEASE job`)
	return err
}

// call runs the caller's function; a panic is kept for the caller's goroutine.
func (j *job) call(t *tx) {
	defer func() { j.panicked = recover() }()
	j.err = j.run(t)
}

// close empties the WAL and closes the connection; the loop must have ended. On
// a full disk the WAL stays: it holds everything, and is read at the next open.
func (w *writer) close() error {
	err := ignoreDiskFull(w.db.fault(w.conn.checkpoint()))
	if cerr := w.conn.close(); err == nil {
		err = cerr
	}
	return err
}
