package calls_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"parvis/app/calls"
	"parvis/crdt/call"
)

func TestL29WhereTheParticipantsOfAChannelGather(t *testing.T) {
	a, b, c := call.ID{1}, call.ID{2}, call.ID{3}
	const long, fresh = time.Minute, time.Second
	for _, one := range []struct {
		what    string
		ids     []call.ID // the own one first
		there   []int
		entered time.Duration
		want    call.ID // zero: it stays
	}{
		{"L29 there is no other", []call.ID{b}, []int{1}, long, call.ID{}},
		{"L29 alone, the other is smaller", []call.ID{b, a}, []int{1, 1}, long, a},
		{"L29 alone, the other is greater", []call.ID{a, b}, []int{1, 1}, long, call.ID{}},
		{"L29 three, each alone: the smallest", []call.ID{b, c, a}, []int{1, 1, 1}, long, a},
		{"L29 alone, more are in the greater one", []call.ID{a, b, c}, []int{1, 1, 2}, long, c},
		{"L29 several that have just come", []call.ID{b, a}, []int{2, 2}, fresh, a},
		{"L29 several that have been there", []call.ID{b, a}, []int{2, 3}, long, call.ID{}},
		{"L29 fewer are in the other", []call.ID{b, a}, []int{3, 1}, fresh, call.ID{}},
	} {
		if to, over := calls.GoesOver(one.ids, one.there, one.entered); over != (one.want != call.ID{}) || over && to != one.want {
			t.Errorf("%s: %t, %x", one.what, over, to)
		}
	}
}

// meet lets calls that were started at once become known to all, and waits until all are in
// one of them.
func (w *world) meet(t *testing.T, who string, started ...calls.Call) call.ID {
	t.Helper()
	one := slices.MinFunc(started, func(a, b calls.Call) int { return bytes.Compare(a.ID[:], b.ID[:]) }).ID
	w.spread()
	w.until(t, "all are in one call", func() bool {
		w.pass(500 * time.Millisecond)
		return !slices.ContainsFunc(w.devices, func(d *device) bool { return d.there(one) != who })
	})
	w.spread()
	for _, d := range w.devices {
		for _, c := range started {
			if got := d.see(c.ID); c.ID != one && (len(got.Participants) > 0 || got.Here) {
				t.Errorf("%s still sees %+v", d.person.Short(), got)
			}
		}
	}
	return one
}

// startAlone starts a call of which nobody hears yet.
func (d *device) startAlone(channel calls.ChannelID) calls.Call {
	d.t.Helper()
	c, err := d.calls.StartCall(d.t.Context(), ws, channel, calls.Entry{State: calls.State{Muted: true, Camera: true}})
	if err != nil {
		d.t.Fatal(err)
	}
	return c
}

func TestL29CallsThatWereStartedAtOnceBecomeOne(t *testing.T) {
	for range 4 { // the ids are random
		w := newWorld()
		ana, ben, cleo := w.device(t, 1, 1), w.device(t, 2, 2), w.device(t, 3, 3)
		all := []calls.Call{ana.startAlone(hall), ben.startAlone(hall), cleo.startAlone(hall)}
		one := w.meet(t, "abc", all...)
		for i, d := range w.devices {
			c := d.see(one)
			if !c.Here || c.Ringing || len(c.People) != 3 {
				t.Errorf("%s sees %+v", d.person.Short(), c)
			}
			for _, p := range c.Participants {
				if !p.Muted || !p.Camera {
					t.Errorf("%s sees %+v", d.person.Short(), p)
				}
			}
			if all[i].ID != one && d.see(all[i].ID).MovedTo != one {
				t.Errorf("the page of %s is not told where it went: %+v", d.person.Short(), d.see(all[i].ID))
			}
			if d.see(all[i].ID).EndedMs == 0 && all[i].ID != one {
				t.Errorf("the call of %s has not ended", d.person.Short())
			}
		}
		cleo.leave()
		if got := ana.there(one); got != "ab" {
			t.Errorf("then there is %q", got)
		}
	}
}

func TestL29WhoCallsEachOtherTalks(t *testing.T) {
	w, ana, ben, laptop := office(t)
	fromAna, fromBen := ana.startAlone(private), ben.startAlone(private)
	one := w.meet(t, "ab", fromAna, fromBen)
	for _, d := range []*device{ana, ben, laptop} {
		d.mu.Lock()
		ringing := slices.ContainsFunc(d.rings, func(r calls.Ring) bool { return r.Ringing })
		d.mu.Unlock()
		if ringing {
			t.Errorf("L17 it rang at %s", d.person.Short())
		}
	}
	ana.leave()
	ben.leave()
	w.pass(calls.RingFor + calls.GoneAfter)
	for _, d := range w.devices {
		for _, c := range []calls.Call{fromAna, fromBen} {
			if d.see(c.ID).Missed {
				t.Errorf("L20 %s missed %x, one is %x", d.person.Short(), c.ID, one)
			}
		}
	}
}

func TestL18WhoIsCalledAndCallsAnswers(t *testing.T) {
	w, ana, ben, _ := office(t)
	ben.deaf.Store(true) // what Ana started comes before she is heard
	id := ana.startAlone(private).ID
	w.spread()
	ben.wantRing(true, "")
	if c := ben.startAlone(private); c.ID != id {
		t.Error("a second call began while the first one rings")
	}
	ben.wantRing(false, calls.Joined)
}

func TestL29ACallElsewhereIsLeftAlone(t *testing.T) {
	w := newWorld()
	ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
	here, there := ana.startAlone(hall), ben.startAlone(private)
	w.spread()
	w.pass(calls.HintEvery)
	if !ana.see(here.ID).Here || !ben.see(there.ID).Here {
		t.Error("somebody went over to a call in another channel")
	}
}

func TestL29WhoLeavesMeanwhileHasLeft(t *testing.T) {
	w := newWorld()
	ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
	ana.startAlone(hall)
	ben.startAlone(hall)
	w.spread()
	w.pass(time.Second)
	for _, d := range w.devices {
		if err := d.calls.Leave(t.Context()); err != nil || d.calls.InCall() {
			t.Errorf("left: %v", err)
		}
	}
}
