package workspace_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// courier is a courier of a device at a super-peer, taken step by step.
type courier struct {
	*workspace.Courier
	t *testing.T
}

func (d *device) courier(w *workspace.Workspace, s *superPeer) courier {
	d.t.Helper()
	c := courier{workspace.NewCourier(w, s.key, d.way(s)), d.t}
	if err := c.Connect(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	return c
}

func (c courier) read() {
	c.t.Helper()
	if err := c.Read(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// upload uploads what is due now, or after the courtesy towards the authors.
func (c courier) upload(late bool) {
	c.t.Helper()
	now := time.Now()
	if _, err := c.Upload(c.t.Context(), now); err != nil {
		c.t.Fatal(err)
	}
	if late {
		if _, err := c.Upload(c.t.Context(), now.Add(time.Minute)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// attach makes a super-peer one of the workspace, whose owner d is.
func (d *device) attach(w *workspace.Workspace, s *superPeer) {
	d.t.Helper()
	d.supers.add(s)
	if _, err := d.AddSuperPeer(d.t.Context(), w, s.key.String()); err != nil {
		d.t.Fatal(err)
	}
}

// two are Ana and Ben in one workspace with one super-peer, both knowing each other.
func two(t *testing.T) (ana, ben *device, wa, wb *workspace.Workspace, s *superPeer) {
	t.Helper()
	now := time.Now()
	ana, ben = newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	wa = ana.found()
	wb = ben.join(ana.invite(wa, 1).Link)
	s = newSuperPeer()
	ana.attach(wa, s)
	give(t, wa, wb)
	return ana, ben, wa, wb, s
}

func TestWhatOneWritesReachesTheOtherThroughTheSuperPeer(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	one := ana.say(wa, "one")
	if got := wa.Queued(); got != 1 {
		t.Errorf("%d queued before the upload, want 1", got)
	}
	ca := ana.courier(wa, s)
	ca.upload(false)
	if holders, all := wa.Custody(one.Space, one.Device, one.Seq); holders != 1 || all || !wa.HeldBySuperPeer(one.Space, one.Device, one.Seq) || wa.Queued() != 0 {
		t.Errorf("held by %d, all %v, %d queued; want held by the super-peer alone", holders, all, wa.Queued())
	}
	if got := wa.AtSuperPeer(); got != 1 {
		t.Errorf("%d wait at the super-peer, want 1", got)
	}
	cb := ben.courier(wb, s)
	cb.read()
	ben.say(wb, "two")
	cb.upload(false)
	ca.read()
	for name, d := range map[string]*device{"ana": ana, "ben": ben} {
		if want := []string{"one", "two"}; !slices.Equal(d.board.lines, want) {
			t.Errorf("%s reads %q, want %q", name, d.board.lines, want)
		}
	}
	before := s.count()
	fetched := s.fetched
	cb.upload(true) // it knows of the listing that all is there
	ben.courier(wb, s).read()
	if s.count() != before || s.fetched != fetched {
		t.Error("something was uploaded or fetched twice")
	}
}

func TestMembershipTravelsThroughTheSuperPeer(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	now := time.Now()
	cleo := newDevice(t, &now)
	meet(ana, cleo)
	wc := cleo.join(ana.invite(wa, 1).Link)
	ana.courier(wa, s).upload(true)
	cb := ben.courier(wb, s)
	cb.read()
	if got := len(wb.State().ActiveDevices()); got != 3 {
		t.Errorf("Ben knows of %d devices, want 3", got)
	}
	person, _ := wb.Self()
	space, err := wa.GroupSpace(t.Context(), []seal.ID{person})
	if err != nil {
		t.Fatal(err)
	}
	ana.sayIn(wa, space, "for two")
	ana.courier(wa, s).upload(false)
	cb.read()
	if want := []string{"for two"}; !slices.Equal(ben.board.lines, want) {
		t.Errorf("Ben reads %q, want %q: the key of a new space comes beside the log", ben.board.lines, want)
	}
	publish(t, ana.courier(wa, s), s, wa)
	cleo.courier(wc, s).read()
	if len(cleo.board.lines) != 0 {
		t.Errorf("Cleo reads %q, want nothing", cleo.board.lines)
	}
}

// publish lets the access list catch up.
func publish(t *testing.T, c courier, s *superPeer, w *workspace.Workspace) {
	t.Helper()
	now := time.Now()
	for range 2 {
		c.Publish(t.Context(), now)
		now = now.Add(2 * time.Second)
	}
	if got, want := s.lists[w.ID()], workspace.AccessListOf(w); !slices.Equal(got.Peers, want.Peers) || !slices.Equal(got.Admins, want.Admins) {
		t.Errorf("the access list has %d peers and %d admins, want %d and %d", len(got.Peers), len(got.Admins), len(want.Peers), len(want.Admins))
	}
}

func TestTheAccessListFollowsTheMembers(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	now := time.Now()
	cleo := newDevice(t, &now)
	meet(ana, cleo)
	wc := cleo.join(ana.invite(wa, 1).Link)
	give(t, wa, wc)
	net := cleo.way(s)
	if err := (courier{workspace.NewCourier(wc, s.key, net), t}).Connect(t.Context()); !errors.Is(err, workspace.ErrStranger) {
		t.Errorf("a newcomer who is not on the list: %v, want ErrStranger", err)
	}
	ca := ana.courier(wa, s)
	if next := ca.Publish(t.Context(), now); !next.After(now) {
		t.Error("published at once, want a pause for changes that come together")
	}
	publish(t, ca, s, wa)
	cleo.courier(wc, s)
	puts := s.lists[wa.ID()].Counter
	publish(t, ca, s, wa)
	if s.lists[wa.ID()].Counter != puts {
		t.Error("the same list was published again")
	}
	cb := ben.courier(wb, s)
	publishNothing := s.lists[wa.ID()]
	cb.Publish(t.Context(), now.Add(time.Hour))
	if s.lists[wa.ID()].Counter != publishNothing.Counter {
		t.Error("a member who is no admin published a list")
	}
	// Somebody's list with a higher counter is believed for a while, then replaced.
	s.set(func() {
		list := s.lists[wa.ID()]
		list.Counter, list.Peers = 1000, []seal.ID{ana.Self()}
		s.lists[wa.ID()] = list
	})
	give(t, wa, wc)
	dora := newDevice(t, &now)
	meet(ana, dora)
	dora.join(ana.invite(wa, 1).Link)
	at := time.Now()
	publishing := func() {
		for range 3 {
			ca.Publish(t.Context(), at)
			at = at.Add(15 * time.Second)
		}
	}
	publishing()
	if got := s.lists[wa.ID()]; got.Counter != 1000 {
		t.Errorf("number %d replaced a newer list though its author's log may lie there", got.Counter)
	}
	ca.read() // there is nothing that its author knew and Ana does not
	publishing()
	if got := s.lists[wa.ID()]; len(got.Peers) != 4 || got.Counter != 1001 {
		t.Errorf("the list has %d peers and number %d, want 4 and 1001", len(got.Peers), got.Counter)
	}
}

func TestOthersChainsAreUploadedAfterAWhile(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	ana.say(wa, "one")
	give(t, wa, wb) // Ana never reaches the super-peer
	cb := ben.courier(wb, s)
	cb.upload(false)
	next, err := cb.Upload(t.Context(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if wait := time.Until(next); wait < 20*time.Second || wait > 40*time.Second {
		t.Errorf("the next upload is in %v, want about 30 s", wait)
	}
	cb.upload(true)
	now := time.Now()
	cleo := newDevice(t, &now)
	meet(ben, cleo)
	meet(ana, cleo)
	wc := cleo.join(ana.invite(wa, 1).Link)
	publish(t, ana.courier(wa, s), s, wa)
	ana.courier(wa, s).upload(false)
	cleo.courier(wc, s).read()
	if want := []string{"one"}; !slices.Equal(cleo.board.lines, want) {
		t.Errorf("Cleo reads %q, want %q", cleo.board.lines, want)
	}
}

func TestTwoSuperPeersHoldTheSame(t *testing.T) {
	ana, ben, wa, wb, first := two(t)
	second := newSuperPeer()
	ana.attach(wa, second)
	ana.say(wa, "one")
	a1, a2 := ana.courier(wa, first), ana.courier(wa, second)
	a1.upload(true)
	a2.upload(true)
	give(t, wa, wb)
	if first.count() != second.count() {
		t.Errorf("%d and %d objects, want the same", first.count(), second.count())
	}
	first.set(func() { first.down = true })
	ana.say(wa, "two")
	a2.upload(true)
	ben.courier(wb, second).read()
	second.set(func() { second.down = true })
	first.set(func() { first.down = false })
	a1.upload(true)
	ana.say(wa, "three")
	a1.upload(true)
	ben.courier(wb, first).read()
	if want := []string{"one", "two", "three"}; !slices.Equal(ben.board.lines, want) {
		t.Errorf("Ben reads %q, want %q", ben.board.lines, want)
	}
}

func TestANewStoreGetsEverythingAgain(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	for i := range 300 {
		ana.say(wa, fmt.Sprint(i))
	}
	ana.courier(wa, s).upload(true)
	cb := ben.courier(wb, s)
	cb.read()
	before := s.count()
	if wa.Queued() != 0 {
		t.Errorf("%d queued, want none", wa.Queued())
	}
	s.reset()
	lost := 0
	ana.Events.SuperPeers.Subscribe(func(c workspace.SuperPeersChanged) {
		if c.Lost {
			lost++
		}
	})
	ca := ana.courier(wa, s)
	if lost != 1 {
		t.Errorf("told %d times that a super-peer lost everything, want once", lost)
	}
	if wa.Queued() != 300 {
		t.Errorf("%d queued at an empty store, want 300", wa.Queued())
	}
	ca.upload(true)
	if s.count() != before {
		t.Errorf("%d objects after the store was lost, want %d", s.count(), before)
	}
	fetched := s.fetched
	ben.courier(wb, s).read()
	if len(ben.board.lines) != 300 || s.fetched-fetched > 10 { // blobs cannot be told by their names
		t.Errorf("Ben has %d messages and fetched %d again", len(ben.board.lines), s.fetched-fetched)
	}
}

func TestCursorsAndWatermarksOutliveTheProgram(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	for i := range 20 {
		ana.say(wa, fmt.Sprint(i))
	}
	ana.courier(wa, s).upload(true)
	ben.courier(wb, s).read()
	listed := s.listed
	ben.courier(wb, s).read()
	if s.listed != listed {
		t.Errorf("%d objects were listed again, want none", s.listed-listed)
	}
	puts := s.puts
	ben.courier(wb, s).upload(true)
	ana.courier(wa, s).read()
	ana.courier(wa, s).upload(true)
	if s.puts != puts {
		t.Errorf("%d uploads of what is there, want none", s.puts-puts)
	}
}

func TestAFullSuperPeerHoldsNothing(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	ca := ana.courier(wa, s)
	ca.upload(true)
	for _, refusal := range []error{workspace.ErrSuperPeerFull, workspace.ErrSuperPeerQuota, &workspace.BusyError{Wait: time.Second}} {
		s.set(func() { s.full = refusal })
		o := ana.say(wa, "not there")
		if _, err := ca.Upload(t.Context(), time.Now()); !errors.Is(err, refusal) {
			t.Errorf("upload: %v, want %v", err, refusal)
		}
		if wa.HeldBySuperPeer(o.Space, o.Device, o.Seq) || wa.Queued() == 0 {
			t.Error("held though the super-peer refused it")
		}
	}
	s.set(func() { s.full = nil })
	ca.upload(false)
	ben.courier(wb, s).read()
	if len(ben.board.lines) != 3 {
		t.Errorf("Ben reads %d messages, want 3", len(ben.board.lines))
	}
}

func TestOnlyAnOwnerAttachesASuperPeer(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	ben.supers.add(s)
	if _, err := ben.AddSuperPeer(t.Context(), wb, s.key.String()); !errors.Is(err, workspace.ErrRefused) {
		t.Errorf("a member attaches: %v, want ErrRefused", err)
	}
	if err := ben.RemoveSuperPeer(t.Context(), wb, s.key); !errors.Is(err, workspace.ErrRefused) {
		t.Errorf("a member removes: %v, want ErrRefused", err)
	}
	if _, err := ana.AddSuperPeer(t.Context(), wa, "nonsense"); !errors.Is(err, workspace.ErrSetupBroken) {
		t.Errorf("a broken code: %v, want ErrSetupBroken", err)
	}
	late, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	if _, err := ana.AddSuperPeer(late, wa, s.key.String()); !errors.Is(err, workspace.ErrUnreachable) || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody answers in time: %v, want ErrUnreachable alone", err)
	}
	if !ana.Known(s.key) || !ben.Known(s.key) {
		t.Error("the gate does not know the super-peer")
	}
	o := ana.say(wa, "one")
	ana.courier(wa, s).upload(false)
	if !wa.HeldBySuperPeer(o.Space, o.Device, o.Seq) {
		t.Error("not held")
	}
	if err := ana.RemoveSuperPeer(t.Context(), wa, s.key); err != nil {
		t.Fatal(err)
	}
	if ana.Known(s.key) || wa.HeldBySuperPeer(o.Space, o.Device, o.Seq) || wa.Queued() != 1 {
		t.Error("a super-peer that was removed still counts")
	}
	if err := ana.RemoveSuperPeer(t.Context(), wa, s.key); !errors.Is(err, workspace.ErrNotFound) {
		t.Errorf("removed twice: %v, want ErrNotFound", err)
	}
}

func TestTheAddressesOfASuperPeerReachTheJoiner(t *testing.T) {
	now := time.Now()
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	wa, s := ana.found(), newSuperPeer()
	ana.attach(wa, s)
	wb := ben.join(ana.invite(wa, 1).Link)
	list, err := wb.SuperPeers(t.Context())
	if err != nil || len(list) != 1 || list[0].Peer != s.key || len(list[0].Addrs) == 0 {
		t.Errorf("Ben knows %+v, %v; want the super-peer and where it is", list, err)
	}
}
