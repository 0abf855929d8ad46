package store

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// TestFlippedBitsInTheFile flips bits where the envelopes' bytes lie on the
// disk: each damaged row must be reported, by ordinary reading.
func TestFlippedBitsInTheFile(t *testing.T) {
	db := New(t.TempDir())
	if err := db.Open(t.Context(), testKey); err != nil {
		t.Fatal(err)
	}
	ws := testID('w', 0)
	var rows []workspace.EnvelopeRow
	for seq := 1; seq <= 1000; seq++ {
		row := testRow(0, seq)
		copy(row.Bytes, row.ID[:]) // so that it is found in the file
		rows = append(rows, row)
	}
	if err := db.AddEnvelopes(t.Context(), ws, rows); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	damaged := flipInFile(t, filepath.Join(db.dir, fileName), rows, 300)
	told := make(chan workspace.Damage, len(rows))
	db.OnDamage(func(_ seal.ID, d workspace.Damage) { told <- d })
	if err := db.Open(t.Context(), testKey); err != nil {
		t.Fatal(err)
	}
	got, err := db.Envelopes(t.Context(), ws, rows[0].Space, rows[0].Device, 1, len(rows))
	if err != nil || len(got) != len(rows)-len(damaged) {
		t.Errorf("%d rows left, want %d, %v", len(got), len(rows)-len(damaged), err)
	}
	first := slices.Min(slices.Collect(maps.Keys(damaged)))
	tails, err := db.Tails(t.Context(), ws)
	if err != nil || len(tails) != 1 || tails[0].Seq != first-1 {
		t.Errorf("tails %v, want an end at %d, %v", tails, first-1, err)
	}
	if err := db.AddEnvelopes(t.Context(), ws, rows); err != nil {
		t.Fatal(err)
	}
	tails, err = db.Tails(t.Context(), ws)
	if err != nil || len(tails) != 1 || tails[0].Seq != uint64(len(rows)) || tails[0].ID != rows[len(rows)-1].ID {
		t.Errorf("tails %v after fetching again, %v", tails, err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	close(told)
	for d := range told {
		if d.Table != "envelope" || d.Device != rows[0].Device || !strings.Contains(d.Key, fmt.Sprintf("envelope %d of device", d.Seq)) {
			t.Errorf("reported: %+v", d)
		}
		delete(damaged, d.Seq)
	}
	if len(damaged) > 0 {
		t.Errorf("%d damaged rows were not reported", len(damaged))
	}
}

// flipInFile flips bits in the stored bytes of different rows and returns which.
func flipInFile(t *testing.T, path string, rows []workspace.EnvelopeRow, flips int) map[uint64]bool {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(5, 5))
	damaged := map[uint64]bool{}
	for _, i := range random.Perm(len(rows))[:flips] {
		at := strings.Index(string(data), string(rows[i].Bytes[:64]))
		if at < 0 {
			t.Fatalf("row %d is not in the file", i)
		}
		data[at+random.IntN(len(rows[i].Bytes))] ^= 1 << random.IntN(8)
		damaged[rows[i].Seq] = true
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return damaged
}

// TestAMissingRowIsNoticed takes a row away behind SQLite's back.
func TestAMissingRowIsNoticed(t *testing.T) {
	ways := map[string]func(db *DB) error{
		"list": func(db *DB) error {
			_, err := db.Envelopes(context.Background(), testID('w', 0), seal.SpaceID{7}, testID('d', 0), 3, 10)
			return err
		},
		"scrub": func(db *DB) error { _, err := db.Scrub(context.Background(), testID('w', 0)); return err },
	}
	for name, read := range ways {
		t.Run(name, func(t *testing.T) {
			db := openTest(t)
			addRows(t, db, 0, 30)
			err := db.Write(t.Context(), func(ctx context.Context) error {
				_, err := db.querier(ctx).ExecContext(ctx, `DELETE FROM envelope WHERE seq = 7`)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if err := read(db); err != nil {
				t.Fatal(err)
			}
			tails, err := db.Tails(t.Context(), testID('w', 0))
			if err != nil || len(tails) != 1 || tails[0].Seq != 6 || tails[0].ID != testRow(0, 6).ID {
				t.Errorf("tails %v, want an end at 6, %v", tails, err)
			}
			if err := db.AddEnvelopes(t.Context(), testID('w', 0), []workspace.EnvelopeRow{testRow(0, 7)}); err != nil {
				t.Fatal(err)
			}
			if tails, err := db.Tails(t.Context(), testID('w', 0)); err != nil || tails[0].Seq != 30 {
				t.Errorf("tails %v after fetching again, %v", tails, err)
			}
		})
	}
}

// TestTheNumberOfALostLastEnvelopeIsNotForgotten keeps a device from signing two
// envelopes with one number.
func TestTheNumberOfALostLastEnvelopeIsNotForgotten(t *testing.T) {
	db := openTest(t)
	ws := testID('w', 0)
	addRows(t, db, 0, 30)
	err := db.Write(t.Context(), func(ctx context.Context) error {
		_, err := db.querier(ctx).ExecContext(ctx, `UPDATE envelope SET sum = zeroblob(16) WHERE seq = 30`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found, err := db.Scrub(t.Context(), ws); err != nil || len(found) != 1 || found[0].Seq != 30 {
		t.Fatalf("scrub: %v, %v", found, err)
	}
	ends := func(seq, high uint64) {
		t.Helper()
		tails, err := db.Tails(t.Context(), ws)
		if err != nil || len(tails) != 1 || tails[0].Seq != seq || tails[0].High != high {
			t.Errorf("tails %v, want %d of %d, %v", tails, seq, high, err)
		}
	}
	ends(29, 30)
	for _, seq := range []int{3, 31, 30} {
		if err := db.AddEnvelopes(t.Context(), ws, []workspace.EnvelopeRow{testRow(0, seq)}); err != nil {
			t.Fatal(err)
		}
		switch seq {
		case 3:
			ends(29, 30)
		case 31:
			ends(29, 31)
		}
	}
	ends(31, 31)
}
