package calls_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parvis/app/calls"
	"parvis/crdt/seal"
)

func TestL31WhoIsGoneWithoutAGoodbyeIsLost(t *testing.T) {
	w, ana, ben, cleo, id := trio(t, hall)
	cleo.join(id)
	w.pass(calls.HintEvery)
	heard := w.now()
	ben.dead.Store(true)
	cleo.leave()
	w.pass(calls.GoneAfter + time.Second)
	c := ana.see(id)
	if len(c.Lost) != 1 || c.Lost[0].Device != ben.Device || c.Lost[0].Person != ben.person || c.Lost[0].AtMs != heard.UnixMilli() {
		t.Errorf("lost: %+v, heard at %d", c.Lost, heard.UnixMilli())
	}
	if c := cleo.see(id); len(c.Lost) > 0 {
		t.Errorf("Cleo, who has left, sees %+v", c.Lost)
	}
	ana.mu.Lock()
	told := slices.ContainsFunc(ana.told, func(c calls.Call) bool { return len(c.Lost) > 0 })
	ana.mu.Unlock()
	if !told {
		t.Error("nothing was told of it")
	}
	ben.dead.Store(false)
	w.pass(calls.HintEvery)
	if c := ana.see(id); len(c.Lost) > 0 || ana.there(id) != "ab" {
		t.Errorf("Ben is back: %+v", c)
	}
	ben.dead.Store(true)
	w.pass(calls.GoneAfter + time.Second)
	w.pass(11 * time.Minute)
	if c := ana.see(id); len(c.Lost) > 0 {
		t.Errorf("long after: %+v", c.Lost)
	}
}

func TestL33WhoCallsHearsThatNobodyWantsTo(t *testing.T) {
	_, ana, ben, laptop := office(t)
	id := ana.start(private).ID
	if err := ben.calls.Decline(t.Context(), ws, id); err != nil {
		t.Fatal(err)
	}
	if got := ana.see(id).Declined; !slices.Equal(got, []seal.ID{ben.person}) {
		t.Errorf("declined by %v", got)
	}
	ben.join(id) // changes his mind
	if got := ana.see(id).Declined; len(got) > 0 {
		t.Errorf("in it and declined: %v", got)
	}
	if got := laptop.see(id).Declined; len(got) > 0 {
		t.Errorf("by oneself: %v", got)
	}
}

func TestL33ADeclineIsHeardRightBehindAGoodbye(t *testing.T) {
	_, ana, ben, _ := office(t)
	first := ana.start(private).ID
	ben.join(first)
	ben.leave()
	ana.leave()
	second := ana.start(private).ID
	if err := ben.calls.Decline(t.Context(), ws, second); err != nil {
		t.Fatal(err)
	}
	if got := ana.see(second).Declined; !slices.Equal(got, []seal.ID{ben.person}) {
		t.Errorf("declined by %v", got)
	}
}

func TestL34AMissedCallIsUnreadUntilItIsSeen(t *testing.T) {
	w, ana, ben, laptop := office(t)
	missed := func(d *device, want int) {
		t.Helper()
		if got := d.calls.Missed(t.Context(), ws, private); got != want {
			t.Errorf("%d missed, want %d", got, want)
		}
	}
	for n := range 2 {
		ana.start(private)
		missed(ben, n)
		ana.leave()
	}
	missed(ben, 2)
	missed(laptop, 2)
	missed(ana, 0)
	if err := ben.calls.Seen(t.Context(), ws, private); err != nil {
		t.Fatal(err)
	}
	missed(ben, 0)
	missed(laptop, 2)
	list, err := ben.calls.List(t.Context(), ws, private)
	if err != nil || len(list) != 2 || !list[0].Missed || !list[1].Missed {
		t.Errorf("they are not shown as missed any more: %+v, %v", list, err)
	}
	id := ana.start(private).ID
	ben.join(id)
	ben.leave()
	ana.leave()
	missed(ben, 0)
	missed(laptop, 2)
	id = ana.start(private).ID
	if err := laptop.calls.Decline(t.Context(), ws, id); err != nil {
		t.Fatal(err)
	}
	ana.leave()
	missed(ben, 0)
	missed(laptop, 2)
	ana.start(private)
	ana.leave()
	if err := ben.DB.Close(); err != nil {
		t.Fatal(err)
	}
	ben.OpenStore(t)
	ben.open()
	missed(ben, 1)
	_ = w
}

func TestL32AfterACrashTheCallIsOffered(t *testing.T) {
	w, ana, ben, _, id := trio(t, hall)
	crash := func() {
		t.Helper()
		ben.dead.Store(true)
		w.pass(20 * time.Second)
		ben.open() // the same data
		ben.dead.Store(false)
		w.pass(calls.HintEvery)
	}
	crash()
	if c := ben.see(id); !c.Rejoin || c.Here {
		t.Errorf("Ben sees %+v", c)
	}
	w.pass(calls.RejoinFor)
	if c := ben.see(id); c.Rejoin {
		t.Error("it is offered for ever")
	}
	if got := ben.tellings(); got == 0 {
		t.Error("nothing was told")
	}
	ben.join(id)
	crash()
	ben.join(id)
	if c := ben.see(id); c.Rejoin || !c.Here {
		t.Errorf("joined again: %+v", c)
	}
	crash()
	if err := ben.calls.Decline(t.Context(), ws, id); err != nil {
		t.Fatal(err)
	}
	if c := ben.see(id); c.Rejoin {
		t.Error("declined and offered")
	}
	ben.join(id)
	crash()
	ana.leave()
	if c := ben.see(id); c.Rejoin {
		t.Error("offered with nobody in it")
	}
}

func TestL32WhatIsOldOrWasLeftIsNotOffered(t *testing.T) {
	w, _, ben, _, id := trio(t, hall)
	ben.dead.Store(true)
	w.pass(calls.RejoinFor + 15*time.Second)
	ben.open()
	ben.dead.Store(false)
	w.pass(calls.HintEvery)
	if c := ben.see(id); c.Rejoin || len(c.Participants) != 1 {
		t.Errorf("after a long time: %+v", c)
	}
	ben.join(id)
	ben.leave()
	ben.open()
	w.pass(calls.HintEvery)
	if c := ben.see(id); c.Rejoin {
		t.Error("after it was left")
	}
}

func TestToLeaveNoCallSaysSo(t *testing.T) {
	ana := newWorld().device(t, 1, 1)
	if err := ana.calls.Leave(t.Context()); !errors.Is(err, calls.ErrNoCall) {
		t.Errorf("left: %v", err)
	}
}
