package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parvis/crdt/seal"
)

// breakCommit makes the shared commit fail: a row that refers to nothing, whose
// check waits for the commit.
func breakCommit(ctx context.Context, db *DB) error {
	q := db.querier(ctx)
	if _, err := q.ExecContext(ctx, `PRAGMA defer_foreign_keys = ON`); err != nil {
		return err
	}
	_, err := q.ExecContext(ctx, `INSERT INTO tail (chain, seq, id, high, sum) VALUES (424242, 0, x'', 0, x'')`)
	return err
}

// hold makes the writer wait inside a function until release is called, so that
// what is asked for meanwhile shares the next commit.
func hold(db *DB) (release func() error) {
	db.writer.Load().groupTime = time.Hour
	began, end, done := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		done <- db.Write(context.Background(), func(context.Context) error {
			close(began)
			<-end
			return nil
		})
	}()
	<-began
	return func() error {
		close(end)
		return <-done
	}
}

// waitQueued blocks until n functions wait in the queue.
func waitQueued(db *DB, n int) {
	w := db.writer.Load()
	for {
		w.mu.Lock()
		queued := len(w.queue)
		w.mu.Unlock()
		if queued >= n {
			return
		}
		runtime.Gosched()
	}
}

func TestALostCommitIsAnsweredToAllAndToldBeforeAnythingElse(t *testing.T) {
	db := openTest(t)
	ws := testID('w', 0)
	var rolledBack atomic.Int32
	db.OnRollback(func() { rolledBack.Add(1) })

	release := hold(db)
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			err := db.Write(context.Background(), func(ctx context.Context) error {
				if err := db.PutSecret(ctx, ws, fmt.Sprint(n), nil); err != nil {
					return err
				}
				if n == 0 {
					return breakCommit(ctx, db)
				}
				return nil
			})
			if err == nil {
				t.Errorf("function %d was acknowledged although the commit failed", n)
			}
		})
	}
	waitQueued(db, 20)
	_ = release() // it may share the lost commit
	wg.Wait()
	if got := rolledBack.Load(); got < 1 {
		t.Errorf("OnRollback ran %d times", got)
	}
	secrets, err := db.Secrets(t.Context(), ws, "")
	if err != nil || len(secrets) != 0 {
		t.Errorf("%d of the functions left something, %v", len(secrets), err)
	}
	if err := db.PutSecret(t.Context(), ws, "after", nil); err != nil {
		t.Errorf("the next write: %v", err)
	}
}

func TestRollbackIsToldOnlyWhenWorkIsLost(t *testing.T) {
	db := openTest(t)
	told := 0
	db.OnRollback(func() { told++ })
	mistake := errors.New("mistake")
	if err := db.Write(t.Context(), func(context.Context) error { return mistake }); !errors.Is(err, mistake) {
		t.Error(err)
	}
	if told != 0 {
		t.Error("OnRollback ran although nothing but the failed function was undone")
	}
}

func TestManyWritesShareOneCommit(t *testing.T) {
	db := openTest(t)
	release := hold(db)
	var wg sync.WaitGroup
	const callers = 100
	for n := range callers {
		wg.Go(func() {
			if err := db.PutSecret(context.Background(), testID('w', 0), fmt.Sprint(n), nil); err != nil {
				t.Error(err)
			}
		})
	}
	waitQueued(db, callers)
	before := db.writer.Load().commits.Load()
	if err := release(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if made := db.writer.Load().commits.Load() - before; made > 20 {
		t.Errorf("%d commits for %d writes", made, callers)
	}
}

func TestACallThatWaitsCanBeCancelled(t *testing.T) {
	db := openTest(t)
	release := hold(db)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		done <- db.Write(ctx, func(context.Context) error { t.Error("it ran"); return nil })
	}()
	waitQueued(db, 1)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

func TestCloseFinishesWhatWasAskedFor(t *testing.T) {
	db := openTest(t)
	release := hold(db)
	var wg sync.WaitGroup
	for n := range 30 {
		wg.Go(func() {
			if err := db.PutSecret(context.Background(), testID('w', 0), fmt.Sprint(n), nil); err != nil {
				t.Error(err)
			}
		})
	}
	waitQueued(db, 30)
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	if err := release(); err != nil {
		t.Error(err)
	}
	wg.Wait()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	again := New(db.dir)
	if err := again.Open(t.Context(), testKey); err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	secrets, err := again.Secrets(t.Context(), testID('w', 0), "")
	if err != nil || len(secrets) != 30 {
		t.Errorf("%d secrets, want 30, %v", len(secrets), err)
	}
}

func TestAContextThatOutlivesItsTransactionStartsAnother(t *testing.T) {
	db := openTest(t)
	var kept context.Context
	err := db.Write(t.Context(), func(ctx context.Context) error { kept = ctx; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if err := db.PutSecret(kept, testID('w', 0), "late", nil); err != nil {
		t.Fatal(err)
	}
	other := openTest(t)
	err = db.Write(t.Context(), func(ctx context.Context) error { return other.PutSecret(ctx, testID('w', 0), "elsewhere", nil) })
	if err != nil {
		t.Fatal(err)
	}
	for _, store := range []*DB{db, other} {
		if secrets, err := store.Secrets(t.Context(), testID('w', 0), ""); err != nil || len(secrets) != 1 {
			t.Errorf("%d secrets, want 1, %v", len(secrets), err)
		}
	}
}

func TestNumbersOfUndoneChainsAreForgotten(t *testing.T) {
	db := openTest(t)
	mistake := errors.New("mistake")
	err := db.Write(t.Context(), func(ctx context.Context) error {
		addRow := testRow(1, 1)
		return errors.Join(db.AddWorkspace(ctx, testID('w', 0)), db.within(ctx, func(ctx context.Context) error {
			_, err := db.chainNumber(ctx, chainKey{testID('w', 0), addRow.Space, addRow.Device})
			return err
		}), mistake)
	})
	if !errors.Is(err, mistake) {
		t.Fatal(err)
	}
	if _, known := db.ids.workspace(testID('w', 0)); known {
		t.Error("the workspace's number outlived the transaction")
	}
	if _, known := db.ids.chain(chainKey{testID('w', 0), seal.SpaceID{7}, testID('d', 1)}); known {
		t.Error("the chain's number outlived the transaction")
	}
}
