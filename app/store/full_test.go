package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// smallDisk mounts a disk of so many MiB, or skips the test.
func smallDisk(t *testing.T, mib int) string {
	t.Helper()
	dir := t.TempDir()
	unmount, err := mountTmpfs(dir, mib)
	if err != nil {
		t.Skipf("no small disk can be mounted here: %v", err)
	}
	t.Cleanup(func() {
		if err := unmount(); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fillUntilFull writes from several callers until the first refusal of each, and
// returns how many writes each got acknowledged.
func fillUntilFull(t *testing.T, db *DB) []int {
	t.Helper()
	acknowledged := make([]int, 4)
	var wg sync.WaitGroup
	for w := range acknowledged {
		wg.Go(func() {
			for {
				if err := writePair(db, w, acknowledged[w]+1); err != nil {
					checkFullError(t, err)
					return
				}
				acknowledged[w]++
			}
		})
	}
	wg.Wait()
	return acknowledged
}

// writePair appends seq to chain w and notes it in a secret, or does neither.
func writePair(db *DB, w, seq int) error {
	return db.Write(context.Background(), func(ctx context.Context) error {
		row := testRow(w, seq)
		row.Bytes = append(row.Bytes, make([]byte, 8<<10)...)
		if err := db.AddEnvelopes(ctx, testID('w', 0), []workspace.EnvelopeRow{row}); err != nil {
			return err
		}
		return db.PutSecret(ctx, testID('w', 0), strconv.Itoa(w), []byte(strconv.Itoa(seq)))
	})
}

func checkFullError(t *testing.T, err error) {
	t.Helper()
	var full *DiskFullError
	if !errors.Is(err, ErrDiskFull) || !errors.As(err, &full) {
		t.Errorf("the disk is full and the error is: %v", err)
		return
	}
	if full.NeedMB < 1 || !strings.Contains(err.Error(), fmt.Sprintf("disk full: %d MB needed", full.NeedMB)) {
		t.Errorf("the error does not say how much is needed: %v", err)
	}
}

func checkPairs(t *testing.T, db *DB, acknowledged []int) {
	t.Helper()
	for w, want := range acknowledged {
		rows, err := db.Envelopes(t.Context(), testID('w', 0), seal.SpaceID{7}, testID('d', w), 1, 1<<30)
		if err != nil || len(rows) != want {
			t.Errorf("writer %d: %d rows, want %d, %v", w, len(rows), want, err)
		}
		value, _, err := db.Secret(t.Context(), testID('w', 0), strconv.Itoa(w))
		if err != nil || string(value) != strconv.Itoa(want) && want > 0 {
			t.Errorf("writer %d: secret %q, want %d, %v", w, value, want, err)
		}
	}
}

func TestAFullDiskLosesNothingAndRecovers(t *testing.T) {
	for _, mib := range []int{3, 8, 32} {
		t.Run(fmt.Sprintf("%d MiB", mib), func(t *testing.T) {
			disk := smallDisk(t, mib)
			filler := filepath.Join(disk, "filler")
			if err := os.WriteFile(filler, make([]byte, 1<<20), 0o600); err != nil {
				t.Fatal(err)
			}
			db := New(filepath.Join(disk, "data"))
			if err := db.Open(t.Context(), testKey); err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			acknowledged := fillUntilFull(t, db)
			checkPairs(t, db, acknowledged) // reading goes on
			// One alone may still find room where four together did not.
			var refused error
			for refused == nil {
				if refused = writePair(db, 0, acknowledged[0]+1); refused == nil {
					acknowledged[0]++
				}
			}
			checkFullError(t, refused)
			checkPairs(t, db, acknowledged)

			if err := os.Remove(filler); err != nil {
				t.Fatal(err)
			}
			if err := writePair(db, 0, acknowledged[0]+1); err != nil {
				t.Fatalf("after space returned: %v", err)
			}
			acknowledged[0]++
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			again := New(db.dir)
			if err := again.Open(t.Context(), testKey); err != nil {
				t.Fatal(err)
			}
			checkPairs(t, again, acknowledged)
			if err := again.Close(); err != nil {
				t.Errorf("close again: %v", err)
			}
		})
	}
}

func TestTheReserveLetsSmallWritesFinish(t *testing.T) {
	disk := smallDisk(t, 112)
	db := New(filepath.Join(disk, "data"))
	if err := db.Open(t.Context(), testKey); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	reserved := func() bool {
		info, err := os.Stat(db.reserve.path())
		return err == nil && info.Size() == reserveSize
	}
	if !reserved() {
		t.Fatal("no reserve was made")
	}
	filler := filepath.Join(disk, "filler")
	free, err := freeBytes(disk)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filler, make([]byte, free-(1<<20)), 0o600); err != nil {
		t.Fatal(err)
	}
	acknowledged := make([]int, 1)
	for err = nil; err == nil; acknowledged[0]++ {
		err = writePair(db, 0, acknowledged[0]+1)
	}
	acknowledged[0]--
	checkFullError(t, err)
	if reserved() {
		t.Error("the reserve was not given back")
	}
	if err := writePair(db, 0, acknowledged[0]+1); err != nil {
		t.Errorf("a small write with the reserve given back: %v", err)
	}
	acknowledged[0]++
	ws, blob := testID('w', 0), make([]byte, 100<<10)
	checkFullError(t, db.PutBlob(t.Context(), ws, testID('b', 1), blob))
	for err = nil; err == nil; acknowledged[0]++ {
		err = writePair(db, 0, acknowledged[0]+1)
	}
	acknowledged[0]--
	checkFullError(t, err)
	if free, err := freeBytes(disk); err != nil || free < reserveRest-(4<<20) {
		t.Errorf("messages took all of the reserve: %d bytes left, %v", free, err)
	}
	if err := db.PutAcks(t.Context(), ws, testID('d', 9), []workspace.Tail{{Seq: 1}}); err != nil {
		t.Errorf("an acknowledgement: %v", err)
	}
	checkPairs(t, db, acknowledged)

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	db.reserve.mu.Lock()
	db.reserve.next = db.reserve.next.Add(-2 * reserveRetry)
	db.reserve.mu.Unlock()
	if err := db.PutBlob(t.Context(), ws, testID('b', 1), blob); err != nil {
		t.Errorf("after space returned: %v", err)
	}
	if !reserved() {
		t.Error("the reserve was not made again")
	}
	checkPairs(t, db, acknowledged)
}
