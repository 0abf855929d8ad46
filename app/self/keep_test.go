package self_test

import (
	"errors"
	"strings"
	"testing"

	"parvis/app/self"
	"parvis/app/workspace"
)

func TestF6WhatCannotBeWrittenIsTriedAgain(t *testing.T) {
	d := newDevice(t, 1)
	breaks := func(err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.broken = err
	}
	breaks(errors.New("the disk is full"))
	d.self.Put(ws, self.Fact{Key: "draft/x", Value: []byte("old")})
	d.self.Put(ws, self.Fact{Key: "draft/y", Value: []byte("only")})
	<-d.wrote
	d.self.Put(ws, self.Fact{Key: "draft/x", Value: []byte("new")})
	<-d.wrote
	breaks(nil)
	<-d.wrote
	d.wants("draft/x", "new")
	d.wants("draft/y", "only")
	breaks(workspace.ErrRefused)
	d.self.Put(ws, self.Fact{Key: "draft/z", Value: []byte("not allowed")})
	<-d.wrote
	breaks(nil)
	d.self.Close()
	d.wants("draft/z", "") // it was given up
}

func TestF5WhatWasGatheredLosesToWhatWasChosen(t *testing.T) {
	for i, order := range [][2]int{{0, 1}, {1, 0}, {0, 1}, {1, 0}, {0, 1}, {1, 0}} {
		dark := strings.Repeat("dark", i+1) // so that the envelopes have other ids
		a, b := newDevice(t, 1), newDevice(t, 2)
		chosen := a.share("setting/theme", "", dark)
		b.facts = []self.Fact{{Key: "setting/theme", Value: []byte("light")}, {Key: "read/x", Order: []byte{5}, Value: []byte("far")}}
		b.self.Look(ws) // before anything came from the other device
		<-b.wrote
		both := []workspace.Opened{chosen, b.Sent[0]}
		c := newDevice(t, 3)
		c.Deliver(t, both[order[0]], both[order[1]])
		c.wants("setting/theme", dark)
		c.wants("read/x", "far")
		a.Deliver(t, b.Sent...)
		a.wants("setting/theme", dark)
	}
}

func TestF9WhatWasNotAppliedIsFoundAgain(t *testing.T) {
	a, b := newDevice(t, 1), newDevice(t, 2)
	a.share("draft/x", "", "from a")
	b.Deliver(t, a.Sent...)
	b.share("setting/theme", "", "dark") // its own: it is there already
	again := self.New(self.Config{Store: b.DB.Self()})
	left, err := again.Unapplied(t.Context(), ws)
	if err != nil || len(left) != 1 || left[0].Key != "draft/x" || string(left[0].Value) != "from a" || left[0].Workspace != ws {
		t.Fatalf("%+v, %v; want the draft", left, err)
	}
	a.share("draft/x", "", "later")
	b.Deliver(t, a.Sent...)
	if err := again.Applied(t.Context(), left[0]); err != nil { // it is another one by now
		t.Fatal(err)
	}
	left, err = again.Unapplied(t.Context(), ws)
	if err != nil || len(left) != 1 || string(left[0].Value) != "later" {
		t.Fatalf("%+v, %v; want the later draft", left, err)
	}
	if err := again.Applied(t.Context(), left[0]); err != nil {
		t.Fatal(err)
	}
	if left, err = again.Unapplied(t.Context(), ws); err != nil || len(left) != 0 {
		t.Errorf("%+v, %v; want none", left, err)
	}
	b.Deliver(t, a.Sent...) // it comes again
	if left, err = again.Unapplied(t.Context(), ws); err != nil || len(left) != 0 {
		t.Errorf("%+v, %v; want none", left, err)
	}
}
