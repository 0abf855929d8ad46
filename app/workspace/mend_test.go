package workspace_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

// flaky is a storage that fails when a test says so.
type flaky struct {
	workspace.Storage
	mu     sync.Mutex
	commit func()           // guarded by mu; the next commit fails, and this runs; nil: it does not
	adding error            // guarded by mu; what storing an entry fails with
	added  map[seal.ID]int  // guarded by mu; how often an entry was stored
	hole   *workspace.Place // guarded by mu; an envelope that was lost
	during func()           // guarded by mu; runs once, when the tails were looked at and no transaction runs
	looked bool             // guarded by mu; at the tails
	inside bool             // guarded by mu; a transaction runs
}

var errStorage = errors.New("the storage fails")

func (f *flaky) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *flaky) Write(ctx context.Context, fn func(ctx context.Context) error) error {
	f.mu.Lock()
	undo := f.commit
	f.commit = nil
	f.mu.Unlock()
	if undo == nil {
		err := f.Storage.Write(ctx, func(ctx context.Context) error {
			f.set(func() { f.inside = true })
			defer f.set(func() { f.inside = false })
			return fn(ctx)
		})
		f.between()
		return err
	}
	err := f.Storage.Write(ctx, func(ctx context.Context) error { return errors.Join(fn(ctx), errStorage) })
	undo()
	return err
}

func (f *flaky) AddEntry(ctx context.Context, ws, id seal.ID, sealed []byte) error {
	f.mu.Lock()
	err := f.adding
	if f.added == nil {
		f.added = map[seal.ID]int{}
	}
	f.added[id]++
	f.mu.Unlock()
	if err != nil {
		return err
	}
	return f.Storage.AddEntry(ctx, ws, id, sealed)
}

func (f *flaky) AddEnvelopes(ctx context.Context, ws seal.ID, rows []workspace.EnvelopeRow) error {
	for _, row := range rows {
		f.set(func() {
			if h := f.hole; h != nil && *h == (workspace.Place{Space: row.Space, Device: row.Device, Seq: row.Seq}) {
				f.hole = nil
			}
		})
	}
	return f.Storage.AddEnvelopes(ctx, ws, rows)
}

// between runs during, outside of transactions.
func (f *flaky) between() {
	f.mu.Lock()
	var during func()
	if f.looked && !f.inside {
		during, f.during = f.during, nil
	}
	f.mu.Unlock()
	if during != nil {
		during()
	}
}

// Tails ends a chain before its hole.
func (f *flaky) Tails(ctx context.Context, ws seal.ID) ([]workspace.Tail, error) {
	f.mu.Lock()
	hole := f.hole
	f.mu.Unlock()
	tails, err := f.Storage.Tails(ctx, ws)
	for i, tail := range tails {
		if hole == nil || tail.Space != hole.Space || tail.Device != hole.Device {
			continue
		}
		rows, err := f.Storage.Envelopes(ctx, ws, tail.Space, tail.Device, hole.Seq-1, 1)
		if err != nil {
			return nil, err
		}
		tails[i] = workspace.Tail{Space: tail.Space, Device: tail.Device, Seq: hole.Seq - 1, ID: rows[0].ID, High: tail.High}
	}
	f.set(func() { f.looked = true })
	f.between()
	return tails, err
}

// While one damage is looked at, what another one took may come back.
func TestWhatComesBackDuringARepairCounts(t *testing.T) {
	ana, ben, wa, wb, _, storage := twoFlaky(t)
	for i := range 10 {
		ana.say(wa, fmt.Sprint(i))
	}
	give(t, wa, wb)
	_, author := wa.Self()
	_, reader := wb.Self()
	chain := feed.FeedID{Space: wa.MainSpace(), Device: author}
	whole := wb.Have().Feeds[chain]
	storage.set(func() {
		storage.hole = &workspace.Place{Space: chain.Space, Device: chain.Device, Seq: whole.Seq - 5}
	})
	workspace.Mend(ben.Manager, wb.ID())
	part, _, err := wa.Missing(t.Context(), reader, wb.Have(), 1, 1<<20)
	if err != nil || len(part.Envelopes) != 1 {
		t.Fatalf("%d envelopes, %v; want the lost one", len(part.Envelopes), err)
	}
	storage.set(func() {
		storage.looked = false
		storage.during = func() {
			if err := wb.Receive(t.Context(), part); err != nil {
				t.Error(err)
			}
		}
	})
	workspace.Mend(ben.Manager, wb.ID())
	if got := wb.Have().Feeds[chain]; got != whole {
		t.Errorf("the chain reaches to %d, want %d", got.Seq, whole.Seq)
	}
}
