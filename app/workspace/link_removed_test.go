package workspace_test

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

func TestK46WhatARemovedDeviceWasGivenIsNotWrittenWithAnyMore(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	private, err := ana.w.CreateSpace(t.Context(), workspace.SpaceSpec{Kind: member.SpacePrivate, Members: []seal.ID{ben.who()}})
	if err != nil {
		t.Fatal(err)
	}
	ana.saysIn(private, "secret")
	everybodyHasAll(t, all)
	phone := link(t, ben) // no recipient of any epoch, but it has their secrets
	give(t, phone.w, ben.w)
	everybodyHasAll(t, append(all, phone))
	if err := cleo.w.RemoveDevice(t.Context(), phone.id()); err == nil {
		t.Fatal("a member removed somebody else's device")
	}
	if err := ben.w.RemoveDevice(t.Context(), phone.id()); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	for _, p := range all[:2] {
		for _, space := range []seal.SpaceID{p.w.MainSpace(), private} {
			epochs := p.w.State().Epochs(space)
			before := len(epochs)
			p.saysIn(space, "after it")
			if got := len(p.w.State().Epochs(space)); got != before || before < 2 {
				t.Errorf("%d epochs before, %d after writing; the removal makes one", before, got)
			}
		}
	}
	if ana.LobbyFor(phone.Self()) || !ana.LobbyFor(seal.ID{1}) {
		t.Error("a removed device is a guest of an open invitation, or a stranger is not")
	}
	if err := ben.w.RemoveDevice(t.Context(), ben.id()); !errors.Is(err, workspace.ErrThisDevice) {
		t.Errorf("a device removes itself: %v", err)
	}
	if err := ben.w.RemoveDevice(t.Context(), phone.id()); !errors.Is(err, workspace.ErrGone) {
		t.Errorf("a device is removed twice: %v", err)
	}
}

// A private space that the remover is not in gets its new epoch from whoever writes
// there next.
func TestK46AnotherMemberRotatesWhatTheRemoverCannot(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	private, err := ben.w.CreateSpace(t.Context(), workspace.SpaceSpec{Kind: member.SpacePrivate, Members: []seal.ID{cleo.who()}})
	if err != nil {
		t.Fatal(err)
	}
	ben.saysIn(private, "secret")
	everybodyHasAll(t, all)
	phone := link(t, ben)
	everybodyHasAll(t, append(all, phone))
	ana.removes(phone) // the owner, who is not in the space
	everybodyHasAll(t, all)
	before := len(cleo.w.State().Epochs(private))
	cleo.saysIn(private, "after it")
	cleo.saysIn(private, "once more")
	if got := len(cleo.w.State().Epochs(private)); got != before+1 {
		t.Errorf("%d epochs, want one more than %d", got, before)
	}
	give(t, cleo.w, ben.w)
	if got := ben.wall.shown(); !slices.Contains(got, "once more") {
		t.Errorf("Ben shows %q", got)
	}
}

// count counts the messages that a device's links send and receive, and says when a
// number is reached.
func (p *person) count(until int, reached chan struct{}) {
	var mu sync.Mutex
	n := 0
	p.tick = func() {
		mu.Lock()
		defer mu.Unlock()
		if n == until {
			close(reached)
		}
		n++
	}
}
