package store

import (
	"context"
	"slices"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

func TestArrivalsGoAroundDamageAndComeBackToWhatWasRepaired(t *testing.T) {
	db, ws := openTest(t), testID('w', 0)
	told := make(chan workspace.Damage, 8)
	db.OnDamage(func(_ seal.ID, d workspace.Damage) { told <- d })
	var all []workspace.EnvelopeRow
	for seq := 1; seq <= 30; seq++ {
		all = append(all, testRow(0, seq), testRow(1, seq))
	}
	if err := db.AddEnvelopes(t.Context(), ws, all); err != nil {
		t.Fatal(err)
	}
	ends := []workspace.Tail{{Space: all[0].Space, Device: all[0].Device}, {Space: all[1].Space, Device: all[1].Device}}
	list := func() (seqs [2][]uint64) {
		t.Helper()
		rows, err := db.Arrivals(t.Context(), ws, ends, 100, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			device := 0
			if row.Device == all[1].Device {
				device = 1
			}
			seqs[device] = append(seqs[device], row.Seq)
		}
		return seqs
	}
	err := db.Write(t.Context(), func(ctx context.Context) error {
		_, err := db.querier(ctx).ExecContext(ctx, `UPDATE envelope SET bytes = x'00' WHERE seq = 5 AND short = ?`, shortID(all[8].ID))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := list(); len(got[0]) != 4 || len(got[1]) != 30 {
		t.Errorf("%d and %d rows beside a damaged one, want 4 and 30", len(got[0]), len(got[1]))
	}
	if d := <-told; d.Seq != 5 {
		t.Errorf("told %v, want the damaged one", d)
	}
	if err := db.AddEnvelopes(t.Context(), ws, all[8:9]); err != nil {
		t.Fatal(err)
	}
	ends[0].Seq, ends[1].Seq = 4, 30
	if got := list(); len(got[0]) == 0 || got[0][0] != 5 || !slices.IsSorted(got[0]) {
		t.Errorf("rows %v after the repair, want all from 5 on", got[0])
	}
}
