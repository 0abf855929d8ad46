package storetest

import (
	"context"
	"math/rand/v2"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

func envelopes(t *testing.T, s workspace.Storage) {
	ctx, ws := t.Context(), ID("ws", 1)
	t.Run("rows come back as they were", func(t *testing.T) { roundTrip(t, s, ctx, ws) })
	t.Run("tails follow the gapless part", func(t *testing.T) { gaps(t, s, ctx, ID("ws", 2)) })
	t.Run("rows in any order, with repeats, end as one chain", func(t *testing.T) { anyOrder(t, s, ctx, ID("ws", 3)) })
	t.Run("both sides of a fork are kept", func(t *testing.T) { fork(t, s, ctx, ID("ws", 4)) })
	t.Run("parts of a chain are whole numbers", func(t *testing.T) { parts(t, s, ctx, ID("ws", 7)) })
	t.Run("a transaction sees its own chains", func(t *testing.T) { inside(t, s, ctx, ID("ws", 5)) })
	t.Run("sequence numbers out of range are refused", func(t *testing.T) {
		for _, seq := range []uint64{0, 1 << 63} {
			row := Row(1, 1, 1, 300)
			row.Seq = seq
			if s.AddEnvelopes(ctx, ID("ws", 6), []workspace.EnvelopeRow{row}) == nil {
				t.Errorf("sequence number %d was stored", seq)
			}
		}
	})
}

func roundTrip(t *testing.T, s workspace.Storage, ctx context.Context, ws seal.ID) {
	var rows []workspace.EnvelopeRow
	for seq := 1; seq <= 700; seq++ {
		rows = append(rows, Row(1, 1, seq, 200+seq))
	}
	check(t, s.AddEnvelopes(ctx, ws, rows))
	check(t, s.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{Row(2, 1, 1, 1<<20)}))
	got, err := s.Envelopes(ctx, ws, seal.SpaceID{1}, ID("device", 1), 11, 256)
	check(t, err)
	if len(got) != 256 {
		t.Fatalf("%d rows, want 256", len(got))
	}
	for i, row := range got {
		want := rows[10+i]
		if row.Space != want.Space || row.Device != want.Device || row.Seq != want.Seq || row.ID != want.ID || string(row.Bytes) != string(want.Bytes) || row.State != 0 {
			t.Fatalf("row %d differs: seq %d", i, row.Seq)
		}
	}
	for from, want := range map[uint64]int{0: 700, 1: 700, 700: 1, 701: 0, 1 << 63: 0} {
		got, err := s.Envelopes(ctx, ws, seal.SpaceID{1}, ID("device", 1), from, 10000)
		if err != nil || len(got) != want {
			t.Errorf("from %d: %d rows, want %d, %v", from, len(got), want, err)
		}
	}
	row, found, err := s.Envelope(ctx, ws, rows[42].ID)
	if err != nil || !found || row.Seq != 43 || string(row.Bytes) != string(rows[42].Bytes) {
		t.Errorf("by id: seq %d, %v, %v", row.Seq, found, err)
	}
	if _, found, _ := s.Envelope(ctx, ID("ws", 99), rows[42].ID); found {
		t.Error("found in another workspace")
	}
	places, err := s.Places(ctx, ws, []seal.ID{rows[42].ID, rows[699].ID, ID("none", 1)})
	if want := (workspace.Place{Space: rows[42].Space, Device: rows[42].Device, Seq: 43}); err != nil || len(places) != 2 || places[rows[42].ID] != want {
		t.Errorf("places %v, %v; want two of them, one at seq 43", places, err)
	}
	if places, err := s.Places(ctx, ID("ws", 99), []seal.ID{rows[42].ID}); err != nil || len(places) != 0 {
		t.Errorf("places in another workspace: %v, %v", places, err)
	}
	if _, found, _ := s.Envelope(ctx, ws, ID("none", 1)); found {
		t.Error("found what was never stored")
	}
	if got, err := s.Envelopes(ctx, ID("ws", 99), seal.SpaceID{1}, ID("device", 1), 1, 10); err != nil || len(got) != 0 {
		t.Errorf("another workspace: %d rows, %v", len(got), err)
	}
}

// tailIs checks the tail of device 1 in space 1; 0 means none.
func tailIs(t *testing.T, s workspace.Storage, ctx context.Context, ws seal.ID, want uint64) {
	t.Helper()
	tails, err := s.Tails(ctx, ws)
	check(t, err)
	var got workspace.Tail
	for _, tail := range tails {
		if tail.Space == (seal.SpaceID{1}) && tail.Device == ID("device", 1) {
			got = tail
		}
	}
	wantID := seal.ID{}
	if want > 0 {
		wantID = Row(1, 1, int(want), 300).ID
	}
	if got.Seq != want || got.ID != wantID {
		t.Fatalf("tail at %d (%s), want %d (%s)", got.Seq, got.ID.Short(), want, wantID.Short())
	}
}

func gaps(t *testing.T, s workspace.Storage, ctx context.Context, ws seal.ID) {
	for _, step := range []struct {
		add  []int
		want uint64
	}{
		{[]int{3}, 0}, {[]int{2, 5}, 0}, {[]int{1}, 3}, {[]int{7}, 3}, {[]int{4}, 5}, {[]int{1, 2, 3}, 5}, {[]int{8, 6}, 8}, {[]int{9}, 9},
	} {
		var rows []workspace.EnvelopeRow
		for _, seq := range step.add {
			rows = append(rows, Row(1, 1, seq, 300))
		}
		check(t, s.AddEnvelopes(ctx, ws, rows))
		tailIs(t, s, ctx, ws, step.want)
	}
}

func anyOrder(t *testing.T, s workspace.Storage, ctx context.Context, ws seal.ID) {
	const n = 150
	random := rand.New(rand.NewPCG(7, 7))
	for _, start := range random.Perm(n + 20) {
		var rows []workspace.EnvelopeRow
		for i := range random.IntN(20) + 1 {
			rows = append(rows, Row(1, 1, (start+i*(1+random.IntN(2)))%n+1, 300))
		}
		check(t, s.AddEnvelopes(ctx, ws, rows))
	}
	tailIs(t, s, ctx, ws, n)
	got, err := s.Envelopes(ctx, ws, seal.SpaceID{1}, ID("device", 1), 1, 2*n)
	if err != nil || len(got) != n {
		t.Errorf("%d rows, want %d, %v", len(got), n, err)
	}
}

func fork(t *testing.T, s workspace.Storage, ctx context.Context, ws seal.ID) {
	other := Row(1, 1, 2, 300)
	other.ID = ID("fork", 2)
	check(t, s.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{Row(1, 1, 1, 300), Row(1, 1, 2, 300), other}))
	check(t, s.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{other, Row(1, 1, 3, 300)}))
	tailIs(t, s, ctx, ws, 3)
	got, err := s.Envelopes(ctx, ws, seal.SpaceID{1}, ID("device", 1), 1, 10)
	check(t, err)
	if len(got) != 4 || got[1].ID != Row(1, 1, 2, 300).ID || got[2].ID != other.ID {
		t.Errorf("%d rows, want 4 with both of number 2", len(got))
	}
	row, found, err := s.Envelope(ctx, ws, other.ID)
	if err != nil || !found || row.Seq != 2 {
		t.Errorf("the fork by its id: %v, %v", found, err)
	}
}

func inside(t *testing.T, s workspace.Storage, ctx context.Context, ws seal.ID) {
	err := s.Write(ctx, func(ctx context.Context) error {
		check(t, s.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{Row(1, 1, 1, 300)}))
		check(t, s.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{Row(1, 1, 2, 300)}))
		tailIs(t, s, ctx, ws, 2)
		if _, found, err := s.Envelope(ctx, ws, Row(1, 1, 2, 300).ID); !found || err != nil {
			t.Errorf("by id: %v, %v", found, err)
		}
		rows, err := s.Envelopes(ctx, ws, seal.SpaceID{1}, ID("device", 1), 1, 10)
		if err != nil || len(rows) != 2 || rows[0].Space != (seal.SpaceID{1}) {
			t.Errorf("%d rows, %v", len(rows), err)
		}
		return errTest
	})
	if err == nil {
		t.Error("the error is lost")
	}
	tailIs(t, s, ctx, ws, 0)
	check(t, s.AddEnvelopes(ctx, ws, []workspace.EnvelopeRow{Row(1, 1, 1, 300)}))
	tailIs(t, s, ctx, ws, 1)
}

// parts reads a chain part by part, in both directions: every row once, with all rows
// of one number together, and not much more at a time than was asked for.
func parts(t *testing.T, s workspace.Storage, ctx context.Context, ws seal.ID) {
	const n, size = 1500, 3000
	var rows []workspace.EnvelopeRow
	for seq := 1; seq <= n; seq++ {
		rows = append(rows, Row(1, 1, seq, size))
		for rival := range seq % 7 / 5 * 3 {
			other := Row(1, 1, seq, size)
			other.ID, other.State = ID("rival", seq<<8|rival), workspace.EnvelopeHidden
			rows = append(rows, other)
		}
	}
	check(t, s.AddEnvelopes(ctx, ws, rows))
	for name, part := range map[string]workspace.ChainPart{
		"up by bytes":    {From: 1, Bytes: 100_000},
		"up by rows":     {From: 1, Bytes: 1 << 30, Rows: 10},
		"up at once":     {From: 1, Bytes: 1 << 30},
		"one by one":     {From: 1, Bytes: 1},
		"down by bytes":  {From: n, Bytes: 100_000, Down: true},
		"down at once":   {From: n, Bytes: 1 << 30, Down: true},
		"what is hidden": {From: 1, Bytes: 100_000, Hidden: true},
	} {
		seen, last := map[seal.ID]bool{}, uint64(0)
		want := 0
		for _, row := range rows {
			if !part.Hidden || row.State == workspace.EnvelopeHidden {
				want++
			}
		}
		for part.Space, part.Device = (seal.SpaceID{1}), ID("device", 1); part.From > 0; {
			got, next, err := s.ChainPart(ctx, ws, part)
			check(t, err)
			if len(got) == 0 || len(got) > 4 && len(got)*size > part.Bytes+4*size || part.Rows > 0 && len(got) > part.Rows+4 {
				t.Fatalf("%s: %d rows at once", name, len(got))
			}
			for _, row := range got {
				if row.Seq != last && last > 0 && (row.Seq < last) != part.Down || seen[row.ID] {
					t.Fatalf("%s: number %d after %d", name, row.Seq, last)
				}
				seen[row.ID], last = true, row.Seq
			}
			if next > 0 && next == last {
				t.Fatalf("%s: number %d is torn apart", name, next)
			}
			part.From = next
		}
		if len(seen) != want {
			t.Errorf("%s: %d rows, want %d", name, len(seen), want)
		}
	}
}
