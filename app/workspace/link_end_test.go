package workspace_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// twoWorkspaces is a person with two workspaces, and a device that is being added.
func twoWorkspaces(t *testing.T) (ana, phone *person) {
	t.Helper()
	ana, phone = fresh(t), fresh(t)
	for range 2 {
		ana.w = ana.found()
	}
	meet(ana.device, phone.device)
	t.Cleanup(compareCodes(t, ana, phone))
	return ana, phone
}

// opens lets one device open the link of another.
func (p *person) opens(t *testing.T, old *person) {
	t.Helper()
	offer, err := old.OfferLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.TakeLink(t.Context(), offer.Link); err != nil {
		t.Fatal(err)
	}
}

// counts are how many devices each workspace of a person has.
func (p *person) counts() (all []int) {
	for _, w := range p.List() {
		all = append(all, len(w.State().ActiveDevices()))
	}
	slices.Sort(all)
	return all
}

func TestK47ARemovedDeviceIsGivenNothingMore(t *testing.T) {
	for name, remove := range map[string]func(ctx context.Context, ana *person, phone seal.ID) error{
		"from all workspaces": func(ctx context.Context, ana *person, phone seal.ID) error { return ana.RemoveOwnDevice(ctx, phone) },
		"from one workspace": func(ctx context.Context, ana *person, phone seal.ID) error {
			for _, w := range ana.List() {
				if _, in := w.State().Device(phone); in {
					return w.RemoveDevice(ctx, phone)
				}
			}
			return workspace.ErrNotFound
		},
	} {
		t.Run(name, func(t *testing.T) {
			ana, phone := twoWorkspaces(t)
			answers := 0
			phone.lost = func() error {
				if answers++; answers != 3 { // codes, list, the first workspace
					return nil
				}
				if !ana.LobbyFor(phone.Self()) || ana.LobbyFor(seal.ID{1}) {
					t.Error("K49: once codes were compared, the device alone may knock")
				}
				return remove(t.Context(), ana, workspace.DeviceOf(phone.Manager))
			}
			phone.opens(t, ana)
			phone.linked(t)
			if got := ana.counts(); !slices.Equal(got, []int{1, 1}) {
				t.Errorf("%d devices in the workspaces, want one each", got)
			}
			if l := ana.linked(t); l.State != workspace.LinkFailed {
				t.Errorf("the link is %q after the removal", l.State)
			}

			phone.lost = nil
			phone.opens(t, ana)
			if !ana.LobbyFor(seal.ID{1}) || ana.LobbyFor(phone.Self()) {
				t.Error("K49: a removed device may knock, or a stranger may not")
			}
			if l := phone.linked(t); l.State != workspace.LinkFailed || !errors.Is(l.Err, workspace.ErrCodes) { // refused before there were any
				t.Errorf("a removed device opens a link: %+v", l)
			}
			if got := ana.counts(); !slices.Equal(got, []int{1, 1}) {
				t.Errorf("%d devices in the workspaces, want one each", got)
			}
		})
	}
}

func TestK47ADeviceCanBeRemovedBeforeItIsInAnyWorkspace(t *testing.T) {
	ana, phone := twoWorkspaces(t)
	answers := 0
	phone.lost = func() error {
		if answers++; answers != 1 { // the codes
			return nil
		}
		return ana.RemoveOwnDevice(t.Context(), workspace.DeviceOf(phone.Manager))
	}
	phone.opens(t, ana)
	if l := phone.linked(t); l.State != workspace.LinkFailed {
		t.Errorf("%+v, want that it is over", l)
	}
	if got := ana.counts(); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("%d devices in the workspaces, want one each", got)
	}
}

// A workspace that is being given when somebody stops it is not given, and what was
// under way does not tell its progress any more.
func TestK47WhatIsStoppedAddsNothingMore(t *testing.T) {
	ana, phone := twoWorkspaces(t)
	var mu sync.Mutex
	armed, messages := false, 0
	defer phone.OnLinking(func(l workspace.Linking) {
		mu.Lock()
		defer mu.Unlock()
		armed = armed || l.State == workspace.LinkCopying
	})()
	phone.tick = func() {
		mu.Lock()
		if armed {
			messages++
		}
		stop := messages == 2 // the number was said, the record is on its way
		mu.Unlock()
		if stop {
			if err := ana.CancelLink(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
	phone.opens(t, ana)
	phone.linked(t)
	if got := ana.counts(); !slices.Equal(got, []int{1, 1}) {
		t.Errorf("%d devices in the workspaces, want one each", got)
	}
	if l := ana.Linking(); l.State != workspace.LinkFailed || !errors.Is(l.Err, workspace.ErrLinkOver) {
		t.Errorf("%+v, want that it was stopped", l)
	}
}

func TestK47AComparisonOutlivesTheTimeOfItsLink(t *testing.T) {
	ana, phone := fresh(t), fresh(t)
	ana.w = ana.found()
	meet(ana.device, phone.device)
	var once sync.Once
	defer ana.OnComparison(func(c workspace.Comparison) {
		if c.State == workspace.CodesCompare {
			once.Do(func() { workspace.OutdateLink(ana.Manager) })
		}
	})()
	defer compareCodes(t, ana, phone)()
	phone.opens(t, ana)
	if l := phone.linked(t); l.State != workspace.LinkDone || l.Err != nil {
		t.Errorf("%+v, want that the device is added", l)
	}

	t.Run("and no longer", func(t *testing.T) {
		other := fresh(t)
		meet(ana.device, other.device)
		defer other.OnComparison(func(c workspace.Comparison) {
			if c.State == workspace.CodesCompare {
				workspace.OutdateLink(ana.Manager)
				go func() { _ = other.EnterCode(c.ID, "") }() // gives up
			}
		})()
		other.opens(t, ana)
		other.linked(t)
		if l := ana.linked(t); l.State != workspace.LinkFailed || !errors.Is(l.Err, workspace.RefusalOf(workspace.RefusedExpired)) {
			t.Errorf("%+v, want that the time is over", l)
		}
	})
}

func TestK47FailuresAndTheEndOfALinkOutliveTheProgram(t *testing.T) {
	now := time.Now()
	at := folder{t.TempDir(), seal.RandomKey()}
	ana, phone := &person{wall: newWall()}, fresh(t)
	ana.device = openDevice(t, &now, at.dir, at.key, ana.wall)
	ana.w = ana.found()
	restart := func() {
		ana.shut()
		ana.device = openDevice(t, &now, at.dir, at.key, ana.wall)
		meet(ana.device, phone.device)
	}
	defer func() { ana.shut() }()
	meet(ana.device, phone.device)
	defer phone.OnComparison(func(c workspace.Comparison) {
		if c.State == workspace.CodesCompare {
			go func() { _ = phone.EnterCode(c.ID, "000000"+c.Code[:1]) }()
		}
	})()
	offer, err := ana.OfferLink(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for try := range 3 {
		if _, err := phone.TakeLink(t.Context(), offer.Link); err != nil {
			t.Fatal(err)
		}
		if l := phone.linked(t); !errors.Is(l.Err, workspace.ErrCodes) {
			t.Fatalf("try %d: %+v, want that the codes differ", try+1, l)
		}
		if try < 2 {
			restart()
		}
	}
	if l := ana.linked(t); l.State != workspace.LinkFailed || ana.LobbyFor(phone.Self()) {
		t.Errorf("after three wrong codes: %+v, want that the link is over", l)
	}

	if _, err := ana.OfferLink(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel() // the window was closed right then
	if err := ana.CancelLink(gone); err != nil {
		t.Error(err)
	}
	restart()
	if ana.LobbyFor(phone.Self()) {
		t.Error("a link that was stopped is open after a restart")
	}
}

func TestK48TheNewDeviceIsDoneWhenEverythingIsHere(t *testing.T) {
	ana, phone := twoWorkspaces(t)
	answers := 0
	phone.lost = func() error {
		if answers++; answers == 4 { // codes, list, two workspaces
			phone.forgets(ana.device)
		}
		return nil
	}
	phone.opens(t, ana)
	if l := phone.linked(t); l.State != workspace.LinkDone || l.Done != 2 {
		t.Errorf("%+v, want both workspaces though the older device is gone", l)
	}
}

func TestK48AWorkspaceThatIsNotWhatItSaysEndsOnlyItself(t *testing.T) {
	ana, phone := twoWorkspaces(t)
	answers := 0
	phone.spoil = func(w *workspace.Welcome) {
		if answers++; answers == 4 { // the second workspace, which is not the one of the codes
			w.Grant[0] ^= 1
		}
	}
	phone.opens(t, ana)
	if l := phone.linked(t); l.State != workspace.LinkDone || l.Done != 1 || l.Total != 2 || l.Err == nil {
		t.Errorf("%+v, want one of two workspaces", l)
	}
}

func TestK48ANewDeviceDoesNotWaitForEver(t *testing.T) {
	now := time.Now()
	at := folder{t.TempDir(), seal.RandomKey()}
	ana, phone := fresh(t), &person{wall: newWall()}
	ana.w = ana.found()
	phone.device = openDevice(t, &now, at.dir, at.key, phone.wall)
	meet(ana.device, phone.device)
	defer compareCodes(t, ana, phone)()
	compared := make(chan struct{})
	answers := 0
	phone.lost = func() error {
		if answers++; answers == 1 { // the codes were right, and the older device goes away
			phone.forgets(ana.device)
			close(compared)
		}
		return nil
	}
	phone.opens(t, ana)
	<-compared
	phone.shut()
	now = now.Add(25 * time.Hour)
	phone.device = openDevice(t, &now, at.dir, at.key, phone.wall)
	defer phone.shut()
	if l := phone.linked(t); l.State != workspace.LinkFailed || !errors.Is(l.Err, workspace.RefusalOf(workspace.RefusedExpired)) {
		t.Errorf("%+v, want that it is over", l)
	}
}
