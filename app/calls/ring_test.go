package calls_test

import (
	"testing"
	"time"

	"parvis/app/calls"
	"parvis/app/workspace"
	"parvis/crdt/call"
)

// office is Ana, and Ben with two devices.
func office(t *testing.T) (w *world, ana, ben, laptop *device) {
	t.Helper()
	w = newWorld()
	return w, w.device(t, 1, 1), w.device(t, 2, 2), w.device(t, 2, 3)
}

// wantRing checks what a device was last told of ringing.
func (d *device) wantRing(ringing bool, stopped calls.Stop) {
	d.t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.rings) == 0 {
		if ringing || stopped != "" {
			d.t.Errorf("nothing rang, want %t %s", ringing, stopped)
		}
		return
	}
	if got := d.rings[len(d.rings)-1]; got.Ringing != ringing || got.Stopped != stopped {
		d.t.Errorf("ringing %t, stopped %q; want %t, %q", got.Ringing, got.Stopped, ringing, stopped)
	}
}

func TestL17ADirectCallRingsEverywhereElse(t *testing.T) {
	w, ana, ben, laptop := office(t)
	id := ana.start(private).ID
	ana.wantRing(false, "")
	for _, d := range []*device{ben, laptop} {
		d.wantRing(true, "")
		if c := d.see(id); !c.Ringing || c.Missed || !c.Direct {
			t.Errorf("it looks like %+v", c)
		}
	}
	t.Run("L18 it stops everywhere when one joins", func(t *testing.T) {
		w.pass(calls.HintEvery)
		laptop.join(id)
		for _, d := range []*device{ben, laptop} {
			d.wantRing(false, calls.Joined)
		}
	})
	t.Run("L17 not in a channel", func(t *testing.T) {
		w, ana, ben, _ := office(t)
		ana.start(hall)
		ben.wantRing(false, "")
		_ = w
	})
	t.Run("L17 not the own other devices", func(t *testing.T) {
		_, ana, ben, laptop := office(t)
		ben.start(private)
		laptop.wantRing(false, "")
		ana.wantRing(true, "")
	})
	t.Run("L17 not when it is old", func(t *testing.T) {
		_, ana, ben, _ := office(t)
		start := ana.record(t, direct, calls.OpStart, call.ID{1}, private)
		start.LateMs = calls.RingFor.Milliseconds() + 1
		ben.Deliver(t, start)
		ben.wantRing(false, "")
	})
	t.Run("L17 not when it has ended", func(t *testing.T) {
		_, ana, ben, _ := office(t)
		ben.Deliver(t, ana.record(t, direct, calls.OpEnd, call.ID{1}, private), ana.record(t, direct, calls.OpStart, call.ID{1}, private))
		ben.wantRing(false, "")
	})
}

func TestL18RingingStops(t *testing.T) {
	for _, c := range []struct {
		what   string
		do     func(w *world, ana, ben, laptop *device, id call.ID)
		why    calls.Stop
		missed bool
	}{
		{"L18 declined on the other device", func(_ *world, _, _, laptop *device, id call.ID) {
			if err := laptop.calls.Decline(laptop.t.Context(), ws, id); err != nil {
				laptop.t.Error(err)
			}
		}, calls.Declined, false},
		{"L18 declined by one without a space of its own", func(_ *world, _, ben, laptop *device, id call.ID) {
			laptop.lonely, ben.lonely = true, true
			if err := laptop.calls.Decline(laptop.t.Context(), ws, id); err != nil {
				laptop.t.Error(err)
			}
		}, calls.Declined, false},
		{"L18 the caller gave up", func(_ *world, ana, _, _ *device, _ call.ID) { ana.leave() }, calls.Ended, true},
		{"L18 the caller died", func(w *world, ana, _, _ *device, _ call.ID) {
			w.pass(calls.HintEvery)
			ana.dead.Store(true)
			w.pass(calls.GoneAfter + time.Second)
		}, calls.Ended, true},
		{"L18 it rang long enough", func(w *world, _, _, _ *device, _ call.ID) { w.pass(calls.RingFor + time.Second) }, calls.Unheard, true},
	} {
		t.Run(c.what, func(t *testing.T) {
			w, ana, ben, laptop := office(t)
			id := ana.start(private).ID
			c.do(w, ana, ben, laptop, id)
			ben.wantRing(false, c.why)
			laptop.wantRing(false, c.why)
			if ana.calls.InCall() {
				ana.leave()
			}
			w.pass(calls.RingFor + calls.GoneAfter)
			w.spread()
			for _, d := range []*device{ben, laptop} {
				if got := d.see(id); got.Missed != c.missed || got.Ringing {
					t.Errorf("L20 missed is %t, want %t (%+v)", got.Missed, c.missed, got)
				}
			}
			if ana.see(id).Missed {
				t.Error("L20 the caller missed it")
			}
			if err := ben.DB.Close(); err != nil {
				t.Fatal(err)
			}
			ben.OpenStore(t)
			ben.open()
			if got := ben.see(id).Missed; got != c.missed {
				t.Errorf("L20 after a restart missed is %t", got)
			}
		})
	}
}

func TestL19ACallerCannotRingWithoutEnd(t *testing.T) {
	w, ana, ben, _ := office(t)
	var all []workspace.Opened
	for n := range byte(20) {
		all = append(all, ana.record(t, direct, calls.OpStart, call.ID{n + 1}, private))
	}
	ben.Deliver(t, all...)
	rang := 0
	for _, r := range ben.rings {
		if r.Ringing {
			rang++
		}
	}
	if rang != calls.MaxRings {
		t.Errorf("rang %d times in a moment", rang)
	}
	w.pass(time.Minute)
	ben.Deliver(t, ana.record(t, direct, calls.OpStart, call.ID{0x99}, private))
	ben.wantRing(true, "")
}

func TestL22NothingThatArrivesEntersACall(t *testing.T) {
	w, ana, ben, laptop := office(t)
	id := ana.start(private).ID
	w.pass(calls.HintEvery)
	raw, err := call.Seal(ana.key, call.Signal{Workspace: ws, Space: direct, Call: id, From: ana.Device, To: ben.Device, N: 5, Type: call.ICE, SDP: "x"})
	if err != nil {
		t.Fatal(err)
	}
	if ben.calls.Signal(raw) == nil {
		t.Error("a signal was taken outside of a call")
	}
	laptop.join(id)
	if ben.calls.InCall() || len(ben.rooms) > 0 {
		t.Error("a device entered a call by itself")
	}
}
