package workspace_test

import (
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

func TestTheLastContactIsKnownAfterAStart(t *testing.T) {
	for name, c := range map[string]struct {
		leaves bool // Ben, before Ana's end
		want   time.Duration
	}{
		"connected until the end": {false, 3 * time.Hour},
		"gone before":             {true, time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now().Truncate(time.Millisecond)
			now := begin
			dir, key := t.TempDir(), seal.RandomKey()
			ana, ben := openDevice(t, &now, dir, key, &board{}), newDevice(t, &now)
			meet(ana, ben)
			wa := ana.found()
			ben.join(ana.invite(wa, 1).Link)
			ana.PeerChanged(t.Context(), ben.Self(), true)
			now = begin.Add(time.Hour)
			if c.leaves {
				ana.PeerChanged(t.Context(), ben.Self(), false)
			}
			now = begin.Add(3 * time.Hour)
			ana.shut()
			ana = openDevice(t, &now, dir, key, &board{})
			defer ana.shut()
			w, err := ana.Get(wa.ID())
			if err != nil {
				t.Fatal(err)
			}
			if got := time.UnixMilli(w.LastSeen(workspace.DeviceOf(ben.Manager))).Sub(begin); got != c.want {
				t.Errorf("last seen %s after the start, want %s", got, c.want)
			}
		})
	}
}
