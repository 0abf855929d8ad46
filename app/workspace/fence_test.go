package workspace_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// wall is a view that keeps hidden envelopes in their place.
type wall struct {
	seen map[seal.ID]workspace.Opened
	told int // judgements that changed
}

func newWall() *wall { return &wall{seen: map[seal.ID]workspace.Opened{}} }

func (w *wall) Apply(_ context.Context, batch []workspace.Opened) (workspace.Result, error) {
	return workspace.Result{After: func() {
		for _, o := range batch {
			w.seen[o.ID] = o
		}
	}}, nil
}

func (w *wall) Hide(_ context.Context, batch []workspace.Opened) (workspace.Result, error) {
	return workspace.Result{After: func() {
		for _, o := range batch {
			w.told++
			w.seen[o.ID] = o
		}
	}}, nil
}

func (w *wall) Reset() {}

// shown are the texts that are shown, sorted.
func (w *wall) shown() []string {
	var all []string
	for _, o := range w.seen {
		if !o.Hidden {
			all = append(all, string(o.Body))
		}
	}
	slices.Sort(all)
	return all
}

// person is one member of a team in a test.
type person struct {
	*device
	w    *workspace.Workspace
	wall *wall
}

func (p *person) id() seal.ID  { _, device := p.w.Self(); return device }
func (p *person) who() seal.ID { who, _ := p.w.Self(); return who }

func (p *person) says(texts ...string) {
	for _, text := range texts {
		p.say(p.w, text)
	}
}

func (p *person) saysIn(space seal.SpaceID, text string) {
	p.t.Helper()
	_, err := p.w.Append(p.t.Context(), space, workspace.KindChat, func(context.Context) (workspace.Draft, error) {
		return workspace.Draft{Body: []byte(text)}, nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) removes(other *person) {
	p.t.Helper()
	if err := p.w.RemoveDevice(p.t.Context(), other.id()); err != nil {
		p.t.Fatal(err)
	}
}

func (p *person) reads(want ...string) {
	p.t.Helper()
	if got := p.wall.shown(); !slices.Equal(got, want) {
		p.t.Errorf("shows %q, want %q", got, want)
	}
}

// team founds a workspace that all the people are in; the first one is its owner.
func team(t *testing.T, n int) []*person {
	t.Helper()
	now := time.Now()
	return teamAt(t, n, &now)
}

// teamAt is a team whose clocks all show now.
func teamAt(t *testing.T, n int, now *time.Time) []*person {
	t.Helper()
	var all []*person
	for range n {
		all = append(all, newPersonAt(t, now))
	}
	owner := all[0]
	owner.w = owner.found()
	for _, p := range all[1:] {
		meet(owner.device, p.device)
		p.w = p.join(owner.invite(owner.w, 1).Link)
	}
	everybodyHasAll(t, all)
	return all
}

// newPerson is somebody who is in no workspace yet.
func newPerson(t *testing.T) *person {
	t.Helper()
	now := time.Now()
	return newPersonAt(t, &now)
}

func newPersonAt(t *testing.T, now *time.Time) *person {
	t.Helper()
	p := &person{wall: newWall()}
	p.device = openDevice(t, now, t.TempDir(), seal.RandomKey(), p.wall)
	t.Cleanup(p.shut)
	return p
}

// everybodyHasAll gives everything to everybody, twice, so that what depends on
// something from a third is there too.
func everybodyHasAll(t *testing.T, all []*person) {
	t.Helper()
	for range 2 {
		for _, from := range all {
			for _, to := range all {
				if from != to {
					give(t, from.w, to.w)
				}
			}
		}
	}
}

func TestK40WhatARemovedDeviceWroteBeyondTheFenceIsHiddenEverywhere(t *testing.T) {
	all := team(t, 4)
	ana, ben, cleo, dan := all[0], all[1], all[2], all[3]
	ben.says("1", "2")
	give(t, ben.w, ana.w)
	ben.says("3")
	give(t, ben.w, cleo.w)
	cleo.reads("1", "2", "3")
	ana.removes(ben)
	ana.reads("1", "2")

	give(t, ana.w, cleo.w) // the removal comes after the envelopes
	cleo.reads("1", "2")
	give(t, ana.w, dan.w)
	give(t, cleo.w, dan.w) // and before them
	dan.reads("1", "2")
	ben.says("4")
	give(t, ben.w, cleo.w) // a device that does not know of its removal
	give(t, cleo.w, ana.w)
	ana.reads("1", "2")
	cleo.reads("1", "2")

	t.Run("and stays hidden when it is read again", func(t *testing.T) {
		for id, o := range cleo.wall.seen {
			again, err := cleo.w.Reopen(t.Context(), id)
			if err != nil || again.Hidden != o.Hidden {
				t.Errorf("%q: hidden %t, %v; want %t", o.Body, again.Hidden, err, o.Hidden)
			}
		}
	})
	t.Run("and the others go on", func(t *testing.T) {
		cleo.says("5")
		give(t, cleo.w, ana.w)
		ana.reads("1", "2", "5")
	})
}

func TestK43ARemoverSaysNothingAboutSpacesItCannotRead(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	space, err := ben.w.CreateSpace(t.Context(), workspace.SpaceSpec{Kind: member.SpacePrivate, Members: []seal.ID{cleo.who()}})
	if err != nil {
		t.Fatal(err)
	}
	ben.saysIn(space, "between us")
	ben.says("to all")
	everybodyHasAll(t, all)
	ben.says("too late")
	ben.saysIn(space, "also late")
	give(t, ben.w, cleo.w)
	ana.removes(ben)
	give(t, ana.w, cleo.w)
	cleo.reads("also late", "between us", "to all")
}

func TestK41TheFencesOfSeveralRemovalsAddUp(t *testing.T) {
	all := team(t, 4)
	ana, ben, cleo, dan := all[0], all[1], all[2], all[3]
	promote(t, ana, cleo, member.RoleAdmin)
	ben.says("1")
	everybodyHasAll(t, all)
	ben.says("2")
	give(t, ben.w, cleo.w)
	ben.says("3")
	give(t, ben.w, dan.w)
	ana.removes(ben)
	cleo.removes(ben)
	give(t, ana.w, dan.w)
	dan.reads("1")
	give(t, cleo.w, dan.w)
	dan.reads("1", "2")
	everybodyHasAll(t, []*person{ana, cleo, dan})
	for _, p := range []*person{ana, cleo, dan} {
		p.reads("1", "2")
	}
}

func TestK42ARemovalThatDoesNotCountHidesNothing(t *testing.T) {
	all := team(t, 4)
	ana, ben, cleo, dan := all[0], all[1], all[2], all[3]
	promote(t, ana, cleo, member.RoleAdmin)
	everybodyHasAll(t, all)
	ben.says("1")
	give(t, ben.w, dan.w)
	cleo.removes(ben)
	ana.removes(cleo)
	give(t, cleo.w, dan.w)
	dan.reads()
	give(t, ana.w, dan.w) // Cleo was removed beside it, by somebody of higher rank
	dan.reads("1")
	if dan.wall.told != 2 {
		t.Errorf("told %d times, want hidden and shown again", dan.wall.told)
	}
}

// promote gives somebody a role.
func promote(t *testing.T, by, whom *person, role member.Role) {
	t.Helper()
	if err := by.w.SetRole(t.Context(), whom.who(), role); err != nil {
		t.Fatal(err)
	}
	give(t, by.w, whom.w)
}

func TestK40APersonWhoIsRemovedIsCutOnAllDevices(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	phone := link(t, ben)
	ben.says("1")
	give(t, ben.w, phone.w)
	phone.says("2")
	everybodyHasAll(t, append(all, phone))
	ben.says("3")
	phone.says("4")
	give(t, ben.w, cleo.w)
	give(t, phone.w, cleo.w)
	cleo.reads("1", "2", "3", "4")

	var fences []member.DeviceFences
	for id, tail := range ana.w.Have().Feeds {
		if id.Device == ben.id() || id.Device == phone.id() {
			fences = append(fences, member.DeviceFences{Device: id.Device, Fences: []member.Fence{{Space: id.Space, Seq: tail.Seq, ID: tail.ID}}})
		}
	}
	inline, _, _, err := member.SplitFences(fences)
	if err != nil {
		t.Fatal(err)
	}
	body, err := member.PersonRemoveBody{Person: ben.who(), Fences: inline}.Encode()
	if err == nil {
		err = ana.w.Post(t.Context(), member.TypePersonRemove, body)
	}
	if err != nil {
		t.Fatal(err)
	}
	give(t, ana.w, cleo.w)
	cleo.reads("1", "2")
}

func TestK40FencesMayStandBesideTheRemoval(t *testing.T) {
	all := team(t, 4)
	ana, ben, cleo, dan := all[0], all[1], all[2], all[3]
	ben.says("1", "2")
	everybodyHasAll(t, all)
	ben.says("3")
	give(t, ben.w, cleo.w)
	tail := ana.w.Have().Feeds[feed.FeedID{Space: ana.w.MainSpace(), Device: ben.id()}]
	var fences []member.Fence
	for i := range 1000 { // more than fit into an entry
		fences = append(fences, member.Fence{Space: seal.SpaceID{0, byte(i >> 8), byte(i)}, Seq: 1, ID: seal.ID{1}})
	}
	fences = append(fences, member.Fence{Space: ana.w.MainSpace(), Seq: tail.Seq, ID: tail.ID})
	inline, blob, name, err := member.SplitFences([]member.DeviceFences{{Device: ben.id(), Fences: fences}})
	if err != nil || name == nil {
		t.Fatal(err)
	}
	body, err := member.DeviceRemoveBody{Device: ben.id(), Fences: inline[0].Fences, Blob: name}.Encode()
	if err == nil {
		err = ana.w.Post(t.Context(), member.TypeDeviceRemove, body)
	}
	if err != nil {
		t.Fatal(err)
	}
	give(t, ana.w, cleo.w)
	cleo.reads() // nothing is known of a fence yet
	for _, raw := range [][]byte{append([]byte{2}, blob...), {2}, {2, 0x82, 1, 0x80}} {
		_ = cleo.w.Receive(t.Context(), workspace.Received{Blobs: [][]byte{raw}}) // the others are bad
	}
	cleo.reads("1", "2")
	give(t, cleo.w, dan.w) // who has the blob gives it with the entry
	dan.reads("1", "2")
}
