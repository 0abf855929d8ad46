package calls_test

import (
	"testing"
	"time"

	"parvis/app/calls"
)

func TestL30WhoHasNoPageSaysSo(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	if err := ben.calls.Set(t.Context(), calls.State{Camera: true, Screen: true, Hand: true, Recording: true}); err != nil {
		t.Fatal(err)
	}
	ben.ask(true)
	if p := cleo.participant(id, ben); p.NoPage || !p.Recording {
		t.Errorf("Cleo sees %+v", p)
	}
	ben.place.Close()
	for _, d := range w.devices {
		if p := d.participant(id, ben); !p.NoPage || p.State != (calls.State{Muted: true}) || p.Asks {
			t.Errorf("%s sees %+v", d.person.Short(), p)
		}
	}
	w.pass(calls.LeaveWithout - calls.HintEvery)
	ben.place = ben.calls.Attach(&player{}) // the page was loaded again
	for _, d := range w.devices {
		if p := d.participant(id, ben); p.NoPage || p.State != (calls.State{Camera: true}) || p.Asks {
			t.Errorf("then %s sees %+v", d.person.Short(), p)
		}
	}
	w.pass(calls.LeaveWithout)
	if !ben.see(id).Here {
		t.Error("Ben left with a page")
	}
	ben.place.Close()
	w.pass(calls.LeaveWithout + time.Second)
	w.until(t, "Ben leaves", func() bool { return !ben.calls.InCall() && ana.there(id) == "a" })
	if c := ana.see(id); len(c.Lost) > 0 {
		t.Errorf("Ben is lost: %+v", c)
	}
	w.until(t, "L32 Ben may come back", func() bool { return ben.see(id).Rejoin })
}

func TestL30APageThatNeverCameIsWaitedForShortly(t *testing.T) {
	w := newWorld()
	ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
	ana.place.Close()
	id := ana.start(hall).ID
	w.pass(calls.HintEvery)
	if p := ben.participant(id, ana); p.NoPage || p.Muted {
		t.Errorf("its page is just coming: %+v", p)
	}
	w.pass(calls.HintEvery)
	if p := ben.participant(id, ana); !p.NoPage || !p.Muted {
		t.Errorf("no page came: %+v", p)
	}
	w.pass(calls.LeaveWithout)
	w.until(t, "Ana leaves", func() bool { return !ana.calls.InCall() })
}

func TestL30ATerminalStays(t *testing.T) {
	w := newWorld()
	ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
	id := ana.start(hall).ID
	w.pass(calls.HintEvery)
	ben.place.Close()
	if _, err := ben.calls.Join(t.Context(), ws, id, calls.Entry{State: calls.State{Muted: true}, Answers: calls.LeftOut}); err != nil {
		t.Fatal(err)
	}
	w.pass(2 * calls.LeaveWithout)
	if p := ana.participant(id, ben); !p.NoPage {
		t.Errorf("Ana sees %+v", p)
	}
}

func TestL30AnotherPageDoesNotGoOnRecording(t *testing.T) {
	_, ana, ben, _, id := trio(t, hall)
	if err := ana.calls.Set(t.Context(), calls.State{Camera: true, Screen: true, Hand: true, Recording: true}); err != nil {
		t.Fatal(err)
	}
	ana.ask(true)
	ana.calls.Attach(&player{})
	if p := ben.participant(id, ana); p.Asks || p.State != (calls.State{Camera: true, Hand: true}) {
		t.Errorf("Ben sees %+v", p)
	}
}
