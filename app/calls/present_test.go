package calls_test

import (
	"testing"
	"time"

	"parvis/app/calls"
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// trio is three people, the first of whom has started a call in the hall and the second
// joined it.
func trio(t *testing.T, channel calls.ChannelID) (w *world, ana, ben, cleo *device, id call.ID) {
	t.Helper()
	w = newWorld()
	ana, ben, cleo = w.device(t, 1, 1), w.device(t, 2, 2), w.device(t, 3, 3)
	id = ana.start(channel).ID
	w.pass(calls.HintEvery) // who came later hears it again
	ben.join(id)
	return w, ana, ben, cleo, id
}

func TestL9AParticipantIsThereWhileItIsHeard(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	w.pass(time.Minute)
	for _, d := range w.devices {
		if got := d.there(id); got != "ab" {
			t.Errorf("%s sees %q", d.person.Short(), got)
		}
	}
	if c := ana.see(id); !c.Here || c.Missed || c.Ringing || c.Direct || len(c.People) != 2 {
		t.Errorf("Ana sees %+v", c)
	}
	ben.dead.Store(true)
	w.pass(calls.GoneAfter - time.Second)
	if got := cleo.there(id); got != "ab" {
		t.Errorf("too early: %q", got)
	}
	w.pass(calls.HintEvery)
	for _, d := range []*device{ana, cleo} {
		if got := d.there(id); got != "a" {
			t.Errorf("%s still sees %q", d.person.Short(), got)
		}
	}
	ana.leave()
	if c := cleo.see(id); len(c.Participants) > 0 || c.EndedMs == 0 {
		t.Errorf("the last has left: %+v", c)
	}
}

func TestL9WhoLeavesIsGoneAtOnce(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	told := cleo.tellings()
	ben.leave()
	if got := cleo.there(id); got != "a" {
		t.Errorf("there is %q", got)
	}
	if cleo.tellings() == told {
		t.Error("nothing was told")
	}
	if c := cleo.see(id); c.EndedMs != 0 {
		t.Error("ended while Ana is in it")
	}
	w.until(t, "Ana lets Ben go", func() bool { return last(ana.log()) == "leave b" })
	ana.leave()
	if _, err := ben.calls.Join(t.Context(), ws, id, calls.Entry{}); err == nil {
		t.Error("a call that is over was joined")
	}
}

func last(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1]
}

func TestL8AHintElsewhereIsAnotherCall(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	body, err := calls.Hint{V: 1, Call: id, Since: 1}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	ana.Hear(direct, cleo.Device, body)
	if got := ana.there(id); got != "ab" {
		t.Errorf("there is %q", got)
	}
	ana.Hear(main, cleo.Device, []byte{1})
	ana.Hear(main, seal.ID{0x77}, body)
	if got := ana.there(id); got != "ab" {
		t.Errorf("there is %q", got)
	}
	_, _ = w, ben
}

func TestL10TooManyAreNotHeard(t *testing.T) {
	w := newWorld()
	ana := w.device(t, 1, 0)
	for n := range byte(calls.MaxParticipants + 5) {
		d := &device{person: seal.ID{n, 9}, key: keys[n+1], Host: ghost(keys[n+1].Public())}
		d.dead.Store(true)
		w.devices = append(w.devices, d)
	}
	id := ana.start(hall).ID
	for _, d := range w.devices[1:] {
		body, err := calls.Hint{V: 1, Call: id, Since: 1}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		ana.Hear(main, d.Device, body)
	}
	if got := len(ana.see(id).Participants); got != calls.MaxParticipants {
		t.Errorf("%d participants", got)
	}
	for n := range byte(calls.MaxCalls + 5) {
		d := w.devices[1+n%60]
		other := call.ID{0x50, n}
		ana.Deliver(t, ana.record(t, main, calls.OpStart, other, hall))
		body, err := calls.Hint{V: 1, Call: other, Since: 1}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		ana.Hear(main, d.Device, body)
	}
	list, err := ana.calls.List(t.Context(), ws, hall)
	if err != nil {
		t.Fatal(err)
	}
	live := 0
	for _, c := range list {
		if len(c.Participants) > 0 {
			live++
		}
	}
	if live != calls.MaxCalls {
		t.Errorf("%d calls go on", live)
	}
}

func TestL10AFloodOfHintsIsNotTold(t *testing.T) {
	_, ana, ben, _, id := trio(t, hall)
	told := ana.tellings()
	for n := range uint(1000) {
		body, err := calls.Hint{V: 1, Call: id, Since: 1, Flags: n % 2}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		ana.Hear(main, ben.Device, body)
	}
	if n := ana.tellings() - told; n > 25 {
		t.Errorf("told %d times in a moment", n)
	}
}

func TestL11WhoMayNotIsLeftAtOnce(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	cleo.join(id)
	w.until(t, "all are in Ana's room", func() bool { return ana.size() == 2 })
	ana.bar(ben, true)
	ana.calls.Recheck(ws)
	w.until(t, "Ben is left", func() bool { return ana.size() == 1 })
	if got := ana.there(id); got != "ac" {
		t.Errorf("there is %q", got)
	}
	w.pass(calls.HintEvery)
	if got := ana.there(id); got != "ac" {
		t.Errorf("Ben came back: %q", got)
	}
	if got := cleo.there(id); got != "abc" {
		t.Errorf("Cleo sees %q", got)
	}
	t.Run("this device itself", func(t *testing.T) {
		cleo.bar(cleo, true)
		cleo.calls.Recheck(ws)
		w.until(t, "Cleo left", func() bool { return !cleo.calls.InCall() })
		if _, err := cleo.calls.StartCall(t.Context(), ws, hall, calls.Entry{}); err == nil {
			t.Error("started a call where it may not")
		}
	})
}

func TestAStateIsToldToAll(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	want := calls.State{Muted: true, Camera: true, Screen: true, Hand: true, Recording: true}
	if err := ben.calls.Set(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	for _, d := range w.devices {
		for _, p := range d.see(id).Participants {
			if p.Device == ben.Device && p.State != want {
				t.Errorf("%s sees %+v", d.person.Short(), p.State)
			}
		}
	}
	if err := cleo.calls.Set(t.Context(), want); err == nil {
		t.Error("set without a call")
	}
	_ = ana
}
