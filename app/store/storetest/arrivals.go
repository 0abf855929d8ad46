package storetest

import (
	"context"
	"slices"
	"testing"

	"parvis/app/workspace"
)

// arrivals is the contract of workspace.ArrivalStore.
func arrivals(t *testing.T, s workspace.Storage) {
	ctx, ws := t.Context(), ID("ws", 1)
	add := func(rows ...workspace.EnvelopeRow) {
		t.Helper()
		check(t, s.Write(ctx, func(ctx context.Context) error { return s.AddEnvelopes(ctx, ws, rows) }))
	}
	behind := func(device, seq int) workspace.Tail {
		row := Row(1, device, 1, 4)
		return workspace.Tail{Space: row.Space, Device: row.Device, Seq: uint64(seq)}
	}
	list := func(limit, size int, ends ...workspace.Tail) (found []workspace.EnvelopeRow) {
		t.Helper()
		found, err := s.Arrivals(ctx, ws, ends, limit, size)
		check(t, err)
		return found
	}
	want := func(got []workspace.EnvelopeRow, wanted ...workspace.EnvelopeRow) {
		t.Helper()
		same := func(a, b workspace.EnvelopeRow) bool {
			return a.ID == b.ID && slices.Equal(a.Bytes, b.Bytes) && a.State == b.State
		}
		if !slices.EqualFunc(got, wanted, same) {
			t.Errorf("got %d rows %v, want %d", len(got), places(got), len(wanted))
			t.Logf("wanted %v", places(wanted))
		}
	}
	want(list(9, 1<<20, behind(1, 0)))
	// Two devices in turn, a third that speaks at the end.
	var all []workspace.EnvelopeRow
	for seq := 1; seq <= 40; seq++ {
		all = append(all, Row(1, 1, seq, 20), Row(1, 2, seq, 20))
	}
	third := Row(1, 3, 1, 20)
	third.State = workspace.EnvelopeWaitsForKey
	add(append(slices.Clone(all), third)...)

	want(list(200, 1<<20, behind(1, 0), behind(2, 0), behind(3, 0)), append(slices.Clone(all), third)...)
	want(list(7, 1<<20, behind(1, 0), behind(2, 0), behind(3, 0)), all[:7]...)
	want(list(200, 50, behind(1, 0), behind(2, 0)), all[:2]...)
	want(list(200, 1, behind(1, 0), behind(2, 0)), all[0])
	want(list(6, 1<<20, behind(1, 10), behind(2, 8)), all[17], all[19], all[20], all[21], all[22], all[23])
	want(list(9, 1<<20, behind(3, 0)), third)
	want(list(9, 1<<20, behind(1, 40), behind(2, 40), behind(3, 1)))
	want(list(9, 1<<20))
	want(list(9, 1<<20, behind(9, 0)))

	// Only one chain of many: then it is listed alone.
	alone := list(9, 1<<20, behind(2, 30))
	want(alone, all[61], all[63], all[65], all[67], all[69], all[71], all[73], all[75], all[77])

	// A fork comes with its twin; a row that came again, after its followers, too.
	twin := Row(1, 1, 2, 21)
	twin.ID = ID("twin", 1)
	add(twin)
	got := list(10, 1<<20, behind(1, 0), behind(2, 0))
	want(got, append(slices.Clone(all[:10]), twin)...)
}

// places names rows for a message.
func places(rows []workspace.EnvelopeRow) (names [][2]uint64) {
	for _, row := range rows {
		names = append(names, [2]uint64{uint64(row.Device[0]), row.Seq})
	}
	return names
}
