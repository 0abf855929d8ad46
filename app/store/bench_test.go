package store

import (
	"context"
	"encoding/binary"
	"fmt"
	"testing"

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

// BenchmarkAppend measures one envelope and one secret per Write from 64 callers
// at once, each waiting for its own commit.
func BenchmarkAppend(b *testing.B) {
	db := openTest(b)
	ws := testID('w', 0)
	next := make(chan int, 1)
	next <- 0
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			err := db.Write(context.Background(), func(ctx context.Context) error {
				seq := <-next + 1
				next <- seq
				return db.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{testRow(0, seq)})
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
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
