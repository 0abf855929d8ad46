package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// fillAll stores something in every table of the foundation. It can be repeated,
// as sync would bring everything again.
func fillAll(t *testing.T, db *DB) {
	t.Helper()
	err := db.Write(t.Context(), func(ctx context.Context) error { return fillIn(ctx, db) })
	if err != nil {
		t.Fatal(err)
	}
}

func fillIn(ctx context.Context, db *DB) error {
	ws := testID('w', 0)
	var failed []error
	fail := func(err error) { failed = append(failed, err) }
	fail(db.AddWorkspace(ctx, ws))
	for device := range 3 {
		var rows []workspace.EnvelopeRow
		for seq := 1; seq <= 12; seq++ {
			row := testRow(device, seq)
			row.Bytes = row.Bytes[:200]
			rows = append(rows, row)
		}
		fail(db.AddEnvelopes(ctx, ws, rows))
		fail(db.SetEnvelopeState(ctx, ws, []seal.ID{rows[3].ID}, workspace.EnvelopeQuarantined, "bad text"))
		fail(db.SetEnvelopeState(ctx, ws, []seal.ID{rows[5].ID}, workspace.EnvelopeWaitsForKey, ""))
		tail := workspace.Tail{Space: rows[0].Space, Device: rows[0].Device, Seq: 9, ID: rows[8].ID}
		fail(db.PutAcks(ctx, ws, testID('d', device+10), []workspace.Tail{tail}))
		fail(db.PutAddrs(ctx, ws, testID('d', device+10), []string{"/ip4/10.0.0.1/tcp/7"}, 1234))
	}
	for n := range 8 {
		fail(db.AddEntry(ctx, ws, testID('l', n), []byte(fmt.Sprintf("sealed entry %d", n))))
		fail(db.PutBlob(ctx, ws, testID('b', n), []byte(fmt.Sprintf("the blob number %d", n))))
		fail(db.PutSecret(ctx, ws, fmt.Sprintf("epoch/%d", n), []byte(fmt.Sprintf("secret value %d", n))))
	}
	return errors.Join(failed...)
}

// content is everything that can be read, as text by readable key.
func content(t *testing.T, db *DB) map[string]string {
	t.Helper()
	ctx, ws := t.Context(), testID('w', 0)
	all := map[string]string{}
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	list, err := db.Workspaces(ctx)
	fail(err)
	for _, id := range list {
		all["workspace "+id.Short()] = id.String()
	}
	for device := range 3 {
		rows, err := db.Envelopes(ctx, ws, seal.SpaceID{7}, testID('d', device), 1, 1000)
		fail(err)
		for _, r := range rows {
			all[fmt.Sprintf("envelope %d/%d", device, r.Seq)] = fmt.Sprint(r.ID, r.State, r.Bytes)
			row, found, err := db.Envelope(ctx, ws, r.ID)
			fail(err)
			all[fmt.Sprintf("by id %d/%d", device, r.Seq)] = fmt.Sprint(found, row.Seq, row.Bytes)
		}
	}
	reasons, err := db.Quarantined(ctx, ws)
	fail(err)
	for id, reason := range reasons {
		all["reason "+id.Short()] = reason
	}
	tails, err := db.Tails(ctx, ws)
	fail(err)
	for _, tail := range tails {
		all["tail "+tail.Device.Short()] = fmt.Sprint(tail)
	}
	secrets, err := db.Secrets(ctx, ws, "")
	fail(err)
	for name, value := range secrets {
		all["secret "+name] = string(value)
	}
	place := 0
	fail(db.Entries(ctx, ws, func(id seal.ID, sealed []byte) error {
		all["entry "+id.Short()] = string(sealed)
		place++
		return nil
	}))
	for n := range 8 {
		data, found, err := db.Blob(ctx, ws, testID('b', n))
		fail(err)
		if found {
			all[fmt.Sprintf("blob %d", n)] = string(data)
		}
	}
	acks, err := db.Acks(ctx, ws)
	fail(err)
	for device, tails := range acks {
		all["ack "+device.Short()] = fmt.Sprint(tails)
	}
	addrs, err := db.Addrs(ctx, ws)
	fail(err)
	for device, seen := range addrs {
		all["address "+device.Short()] = fmt.Sprint(seen)
	}
	return all
}

// entryOrder is the order of the log.
func entryOrder(t *testing.T, db *DB) (ids []seal.ID) {
	t.Helper()
	err := db.Entries(t.Context(), testID('w', 0), func(id seal.ID, _ []byte) error { ids = append(ids, id); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// copyStore copies the database of a closed store into another folder.
func copyStore(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, fileName))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(to, fileName), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// flip changes one bit of one column of one row and says which. Rows that only
// the node itself has are left out.
func flip(t *testing.T, dir string, random *rand.Rand) string {
	t.Helper()
	tables := []string{"envelope", "envelope", "envelope", "envelope_state", "chain", "tail", "log_entry", "log_order", "blob", "secret", "ack", "address", "workspace"}
	table := tables[random.IntN(len(tables))]
	handle, err := sql.Open("sqlite", "file:"+filepath.Join(dir, fileName)+"?_pragma=synchronous(OFF)")
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	var columns []string
	found, err := handle.Query(`SELECT name FROM pragma_table_info(?)`, table)
	if err != nil {
		t.Fatal(err)
	}
	for found.Next() {
		var name string
		if err := found.Scan(&name); err != nil {
			t.Fatal(err)
		}
		columns = append(columns, name)
	}
	column := columns[random.IntN(len(columns))]
	key := columns[0]
	switch table {
	case "secret":
		key = "name"
	case "ack", "address":
		key = "device"
	}
	where := ` WHERE ` + key + ` = (SELECT ` + key + ` FROM ` + table + ` WHERE ws <> 1 OR ws IS NULL ORDER BY random() LIMIT 1)`
	if !slices.Contains(columns, "ws") {
		where = ` WHERE ` + key + ` = (SELECT ` + key + ` FROM ` + table + ` ORDER BY random() LIMIT 1)`
	}
	var value any
	var kind string
	if err := handle.QueryRow(`SELECT `+column+`, typeof(`+column+`) FROM `+table+where).Scan(&value, &kind); err != nil {
		t.Fatal(table, column, err)
	}
	changed := flipBit(value, kind, random)
	if _, err := handle.Exec(`UPDATE OR IGNORE `+table+` SET `+column+` = ?`+where, changed); err != nil {
		t.Fatal(table, column, err)
	}
	return fmt.Sprintf("%s.%s: %v -> %v", table, column, value, changed)
}

func flipBit(value any, kind string, random *rand.Rand) any {
	switch kind {
	case "integer":
		return value.(int64) ^ 1<<random.IntN(16)
	case "blob":
		data := slices.Clone(value.([]byte))
		if len(data) > 0 {
			data[random.IntN(len(data))] ^= 1 << random.IntN(8)
		}
		return data
	}
	data := []byte(value.(string))
	data[random.IntN(len(data))] ^= 1 << random.IntN(7)
	return strings.ReplaceAll(string(data), "\x00", "x")
}

// TestEveryFlippedBitIsReportedOrHealed changes one bit after the other. What is
// read afterwards is exactly what was stored or is missing; what is missing was
// reported; and storing it again, as sync does, gives back the original.
func TestEveryFlippedBitIsReportedOrHealed(t *testing.T) {
	origin := New(t.TempDir())
	if err := origin.Open(t.Context(), testKey); err != nil {
		t.Fatal(err)
	}
	fillAll(t, origin)
	want, order := content(t, origin), entryOrder(t, origin)
	if err := origin.Close(); err != nil {
		t.Fatal(err)
	}
	const shards = 6 // they only share the waiting for the disk
	flips := 300
	if underRace {
		flips = 30
	}
	var reported, healed atomic.Int32
	t.Run("flips", func(t *testing.T) {
		for shard := range shards {
			t.Run(fmt.Sprint(shard), func(t *testing.T) {
				t.Parallel()
				for n := shard; n < flips && !t.Failed(); n += shards {
					dir := t.TempDir()
					copyStore(t, origin.dir, dir)
					what := flip(t, dir, rand.New(rand.NewPCG(42, uint64(n))))
					if checkFlip(t, dir, what, want, order) {
						reported.Add(1)
					} else {
						healed.Add(1)
					}
					if t.Failed() {
						t.Errorf("flip %d: %s", n, what)
					}
				}
			})
		}
	})
	t.Logf("%d bits flipped: %d rows reported and fetched again, %d healed", flips, reported.Load(), healed.Load())
}

// checkFlip says whether the damage was reported; otherwise it must be healed.
func checkFlip(t *testing.T, dir, what string, want map[string]string, order []seal.ID) bool {
	t.Helper()
	db := New(dir)
	told := make(chan workspace.Damage, 1000)
	db.OnDamage(func(_ seal.ID, d workspace.Damage) { told <- d })
	if err := db.Open(t.Context(), testKey); err != nil {
		t.Errorf("open: %v", err)
		return false
	}
	defer db.Close()
	found, err := db.Scrub(t.Context(), testID('w', 0))
	if err != nil {
		t.Errorf("scrub: %v", err)
	}
	for _, d := range found {
		if d.Table == "" || d.Key == "" {
			t.Errorf("damage without a name: %+v", d)
		}
	}
	after := content(t, db)
	for key, value := range after {
		if strings.HasPrefix(key, "tail ") {
			continue // it moved back
		}
		if want[key] != value {
			t.Errorf("%s: read %q, stored was %q", key, value, want[key])
		}
	}
	db.notices.wg.Wait() // so that everything was told
	reported := len(found)+len(told) > 0
	if !maps.Equal(after, want) && !reported {
		t.Errorf("not reported, and missing: %v", missing(want, after))
	}
	fillAll(t, db)
	if again := content(t, db); !maps.Equal(again, want) {
		t.Errorf("after fetching again: missing %v, found %v", missing(want, again), missing(again, want))
	}
	if got := entryOrder(t, db); !slices.Equal(got, order) {
		t.Error("the log is in another order")
	}
	if again, err := db.Scrub(t.Context(), testID('w', 0)); err != nil || len(again) > 0 {
		t.Errorf("a second scrub found %v, %v", again, err)
	}
	return reported
}

// missing lists what other lacks or has otherwise.
func missing(all, other map[string]string) (keys []string) {
	for key, value := range all {
		if other[key] != value {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}
