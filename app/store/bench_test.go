package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// openTest opens a store in a folder of its own and closes it after the test.
func openTest(t testing.TB) *DB {
	t.Helper()
	db := New(t.TempDir())
	if err := db.Open(context.Background(), testKey); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

var testKey = seal.Key{1, 2, 3}

// testID makes different ids out of numbers.
func testID(kind byte, n int) seal.ID {
	return seal.Hash("parvis1/test", []byte{kind}, binary.BigEndian.AppendUint64(nil, uint64(n)))
}

// testRow is envelope seq of a device, with about the size of a chat message.
func testRow(device, seq int) workspace.EnvelopeRow {
	body := make([]byte, 850)
	binary.BigEndian.PutUint64(body, uint64(seq))
	return workspace.EnvelopeRow{
		Space: seal.SpaceID{7}, Device: testID('d', device), Seq: uint64(seq), ID: testID('e', device<<32|seq), Bytes: body,
	}
}

// BenchmarkAddEnvelopes measures one row, in batches of 256 that arrive from
// three devices in turn and are committed one by one.
func BenchmarkAddEnvelopes(b *testing.B) {
	for _, stored := range []int{0, 100_000} {
		b.Run(fmt.Sprintf("stored=%d", stored), func(b *testing.B) {
			db := openTest(b)
			next := addRows(b, db, 0, stored)
			b.ReportAllocs()
			b.ResetTimer()
			addRows(b, db, next, b.N)
		})
	}
}

// addRows adds n rows and returns the number of the last batch.
func addRows(t testing.TB, db *DB, batch, n int) int {
	t.Helper()
	ws := testID('w', 0)
	for n > 0 {
		rows := make([]workspace.EnvelopeRow, 0, 256)
		for ; len(rows) < 256 && n > 0; n-- {
			rows = append(rows, testRow(batch%3, batch/3*256+len(rows)+1))
		}
		if err := db.AddEnvelopes(context.Background(), ws, rows); err != nil {
			t.Fatal(err)
		}
		batch++
	}
	return batch
}

// BenchmarkAppend measures one envelope per Write from many callers at once, each
// waiting for its own commit: how many per second, and how long one waits.
func BenchmarkAppend(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			db := openTest(b)
			ws := testID('w', 0)
			waits := make([]time.Duration, b.N)
			var next atomic.Int64
			seq := 0 // only the writer's goroutine touches it
			var wg sync.WaitGroup
			b.ResetTimer()
			for range callers {
				wg.Go(func() {
					for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
						began := time.Now()
						err := db.Write(context.Background(), func(ctx context.Context) error {
							seq++
							return db.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{testRow(0, seq)})
						})
						if err != nil {
							b.Error(err)
							return
						}
						waits[i-1] = time.Since(began)
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			slices.Sort(waits)
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			b.ReportMetric(float64(waits[len(waits)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(waits[len(waits)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(waits[len(waits)-1].Microseconds())/1000, "max-ms")
		})
	}
}

// BenchmarkReadChain measures one row read by seq in lists of 256.
func BenchmarkReadChain(b *testing.B) {
	db := openTest(b)
	addRows(b, db, 0, 3*2560)
	b.ResetTimer()
	for n := 0; n < b.N; n += 256 {
		rows, err := db.Envelopes(context.Background(), testID('w', 0), seal.SpaceID{7}, testID('d', 1), uint64(1+n%2304), 256)
		if err != nil || len(rows) != 256 {
			b.Fatal(len(rows), err)
		}
	}
}
