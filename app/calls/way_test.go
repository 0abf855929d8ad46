package calls_test

import (
	"testing"

	"parvis/app/calls"
	"parvis/media"
)

// via is through whom the room of a device sends: a letter, or nothing.
func (d *device) via() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	via := d.rooms[len(d.rooms)-1].via
	if via == (media.ID{}) {
		return ""
	}
	return string('a' + rune(d.world.number(via)))
}

// changed lets the rooms look at their connections, as they do by themselves.
func (w *world) changed() {
	for _, d := range w.devices {
		if !d.dead.Load() && len(d.rooms) > 0 {
			d.rooms[len(d.rooms)-1].config.Changed()
		}
	}
}

// agree waits until all send through one.
func (w *world) agree(t *testing.T, want string, all ...*device) {
	t.Helper()
	w.until(t, "all send through "+want, func() bool {
		for _, d := range all {
			if d.via() != want {
				return false
			}
		}
		return true
	})
}

func TestL41FromTheFifthOnOneForwards(t *testing.T) {
	w := newWorld()
	var all []*device
	for n := range byte(6) {
		d := w.device(t, n+1, n+1)
		d.line = 0 // when it is measured then changes nothing
		all = append(all, d)
	}
	id := all[0].start(hall).ID
	for _, d := range all[1:4] {
		d.join(id)
	}
	w.pass(2 * calls.HintEvery)
	w.agree(t, "", all[:4]...)
	all[4].join(id)
	w.pass(2 * calls.HintEvery)
	w.agree(t, "a", all[:5]...) // all lines are the same: the smallest id
	all[5].join(id)
	w.pass(2 * calls.HintEvery)
	w.agree(t, "a", all...)

	// One does not reach it any more, and says so to all.
	all[0].dead.Store(true)
	room := all[3].rooms[0]
	all[3].note(func() { room.broken = map[media.ID]bool{media.ID(all[0].Device): true} })
	w.changed()
	w.agree(t, "b", all[1:]...)

	// It is gone; then others go, down to three.
	w.pass(calls.GoneAfter + calls.HintEvery)
	w.agree(t, "b", all[1:]...)
	all[5].leave()
	w.agree(t, "b", all[1:5]...)
	all[4].leave()
	w.agree(t, "", all[1:4]...)
}

func TestL40WhoDoesNotKnowForwardersKeepsTheMesh(t *testing.T) {
	w := newWorld()
	var all []*device
	for n := range byte(5) {
		all = append(all, w.device(t, n+1, n+1))
	}
	last := w.device(t, 6, 6)
	all[2].old = true
	id := all[0].start(hall).ID
	for _, d := range all[1:] {
		d.join(id)
	}
	w.pass(3 * calls.HintEvery)
	w.agree(t, "", all[0], all[1], all[3], all[4])
	all[2].leave()
	w.pass(calls.HintEvery)
	last.join(id)
	w.pass(2 * calls.HintEvery)
	w.agree(t, "a", all[0], all[1], all[3], all[4], last)
}

func TestL42WhatIsMissedIsSaid(t *testing.T) {
	w, ana, ben, _, _ := trio(t, hall)
	w.until(t, "they are connected", func() bool { return ben.heard("answer a") })
	ways := func() (misses int) {
		for _, body := range ben.lives() {
			if n, err := calls.WayMisses(body); err == nil {
				misses = n
			}
		}
		return misses
	}
	w.changed()
	w.pass(calls.HintEvery)
	if got := ways(); got != 0 {
		t.Errorf("%d are missed", got)
	}
	room := ben.rooms[0]
	ben.note(func() { room.broken = map[media.ID]bool{media.ID(ana.Device): true} })
	w.changed()
	w.until(t, "Ben says that he misses Ana", func() bool { return ways() == 1 })
	ben.note(func() { room.broken = nil })
	w.changed()
	w.until(t, "Ben says that Ana is back", func() bool { return ways() == 0 })
}

func TestL43FromThreeOnAllCarryOn(t *testing.T) {
	w := newWorld()
	var all []*device
	for n := range byte(3) {
		all = append(all, w.device(t, n+1, n+1))
	}
	id := all[0].start(hall).ID
	serves := func(d *device) bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.rooms[0].serves
	}
	all[1].join(id)
	w.pass(calls.HintEvery)
	if serves(all[0]) {
		t.Error("two need nobody to carry")
	}
	all[2].join(id)
	w.until(t, "all carry", func() bool { return serves(all[0]) && serves(all[1]) && serves(all[2]) })
}
