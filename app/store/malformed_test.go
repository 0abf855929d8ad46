package store

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// pageSize is SQLite's default.
const pageSize = 4096

// breakers damage whole pages of a database file.
func breakers() map[string]func(data []byte, random *rand.Rand) []byte {
	page := func(data []byte, n int) []byte { return data[n*pageSize : (n+1)*pageSize] }
	return map[string]func(data []byte, random *rand.Rand) []byte{
		"a page of noise": func(data []byte, random *rand.Rand) []byte {
			for i, at := 0, page(data, 1+random.IntN(len(data)/pageSize-1)); i < len(at); i++ {
				at[i] = byte(random.IntN(256))
			}
			return data
		},
		"an empty page": func(data []byte, random *rand.Rand) []byte {
			clear(page(data, 1+random.IntN(len(data)/pageSize-1)))
			return data
		},
		"two pages swapped": func(data []byte, random *rand.Rand) []byte {
			a, b := page(data, 1+random.IntN(len(data)/pageSize-1)), page(data, 1+random.IntN(len(data)/pageSize-1))
			kept := slices.Clone(a)
			copy(a, b)
			copy(b, kept)
			return data
		},
		"a truncated file": func(data []byte, random *rand.Rand) []byte {
			return data[:pageSize+random.IntN(len(data)-pageSize)]
		},
	}
}

// TestADamagedFileIsReportedAndNeverShowsAnotherContent damages pages. SQLite
// may still work or may not; but it is said, and no envelope is read that was
// not written.
func TestADamagedFileIsReportedAndNeverShowsAnotherContent(t *testing.T) {
	origin := New(t.TempDir())
	if err := origin.Open(t.Context(), testKey); err != nil {
		t.Fatal(err)
	}
	addRows(t, origin, 0, 3*256)
	if err := origin.Close(); err != nil {
		t.Fatal(err)
	}
	times := 15
	if underRace {
		times = 2
	}
	for name, broken := range breakers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := 0
			for n := range times {
				dir := t.TempDir()
				copyStore(t, origin.dir, dir)
				path := filepath.Join(dir, fileName)
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, broken(data, rand.New(rand.NewPCG(9, uint64(n)))), 0o600); err != nil {
					t.Fatal(err)
				}
				if readBroken(t, dir) {
					said++
				}
			}
			t.Logf("%d of %d were reported; the others changed nothing that is read", said, times)
		})
	}
}

// readBroken reads everything and says whether the damage was reported.
func readBroken(t *testing.T, dir string) (reported bool) {
	t.Helper()
	ctx := context.Background()
	damaged := func(err error) {
		t.Helper()
		if err == nil {
			return
		}
		reported = true
		if !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrWrongKey) {
			t.Errorf("not said clearly: %v", err)
		}
	}
	db := New(dir)
	told := make(chan workspace.Damage, 1000)
	db.OnDamage(func(_ seal.ID, d workspace.Damage) { told <- d })
	if err := db.Open(ctx, testKey); err != nil {
		damaged(err)
		return reported
	}
	found, err := db.Scrub(ctx, testID('w', 0))
	damaged(err)
	whole := true
	for device := range 3 {
		rows, err := db.Envelopes(ctx, testID('w', 0), seal.SpaceID{7}, testID('d', device), 1, 1000)
		damaged(err)
		for _, r := range rows {
			want := testRow(device, int(r.Seq))
			if r.ID != want.ID || string(r.Bytes) != string(want.Bytes) {
				t.Errorf("envelope %d of device %d is another", r.Seq, device)
			}
		}
		whole = whole && len(rows) == 256
	}
	damaged(db.Close())
	reported = reported || len(found)+len(told) > 0
	if !whole && !reported {
		t.Error("rows are missing and nothing was reported")
	}
	return reported
}
