package workspace_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// status is what somebody knows of a person.
func (p *person) status(other *person) member.Person {
	found, _ := p.w.State().Person(other.who())
	return found
}

func TestARemovedPersonReadsNothingMoreAndItsEarlierWorkStays(t *testing.T) {
	all := team(t, 4)
	ana, ben, cleo, dan := all[0], all[1], all[2], all[3]
	promote(t, ana, cleo, member.RoleAdmin)
	phone := link(t, ben)
	ben.says("1")
	give(t, ben.w, phone.w)
	phone.says("2")
	everybodyHasAll(t, append(all, phone))
	ben.says("3: nobody has it before the removal")

	if err := cleo.w.RemovePerson(t.Context(), ben.who(), member.ReasonLost); err != nil {
		t.Fatal(err)
	}
	cleo.says("4")
	everybodyHasAll(t, []*person{ana, cleo, dan})
	dan.says("5")
	for _, from := range []*person{ben, phone} { // what it back-dates
		give(t, from.w, dan.w)
	}
	everybodyHasAll(t, []*person{ana, cleo, dan})
	for _, p := range []*person{ana, cleo, dan} {
		p.reads("1", "2", "4", "5")
		if s := p.status(ben); s.Status != member.Removed {
			t.Errorf("the person is %s", s.Status)
		}
	}

	main := ana.w.MainSpace()
	epoch, _ := ana.w.State().SendEpoch(main, func(seal.ID) bool { return true })
	wraps, found := workspace.Wraps(t.Context(), ana.w, epoch)
	if !found || slices.ContainsFunc(epoch.Recips, func(id seal.ID) bool { return id == ben.id() || id == phone.id() }) {
		t.Fatal("no new epoch, or one for the removed")
	}
	give(t, ana.w, ben.w) // it gets everything
	for _, p := range []*person{ben, phone} {
		if workspace.OpensWith(t.Context(), p.w, epoch, wraps) {
			t.Error("a removed device opens the new epoch")
		}
	}
	if !workspace.OpensWith(t.Context(), dan.w, epoch, wraps) {
		t.Error("nor does a member: this shows nothing")
	}
	if got := ben.wall.shown(); slices.Contains(got, "4") || slices.Contains(got, "5") {
		t.Errorf("the removed reads %q", got)
	}
}

func TestRolesFollowTheRanks(t *testing.T) {
	all := team(t, 4)
	ana, ben, cleo, dan := all[0], all[1], all[2], all[3]
	refused := func(what string, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
	}
	ctx := t.Context()
	refused("a member removes a member", ben.w.RemovePerson(ctx, cleo.who(), 0), workspace.ErrOutranked)
	refused("a member makes an admin", ben.w.SetRole(ctx, cleo.who(), member.RoleAdmin), workspace.ErrOwnersAppoint)
	promote(t, ana, ben, member.RoleAdmin)
	promote(t, ana, cleo, member.RoleAdmin)
	promote(t, ana, dan, member.RoleGuest)
	everybodyHasAll(t, all)
	promote(t, ana, cleo, member.RoleMember)
	everybodyHasAll(t, all)
	refused("a member removes a guest", cleo.w.RemovePerson(ctx, dan.who(), 0), workspace.ErrRefused)
	refused("a member removes a guest's device", cleo.w.RemoveDevice(ctx, dan.id()), workspace.ErrRefused)
	promote(t, ana, cleo, member.RoleAdmin)
	promote(t, ana, dan, member.RoleMember)
	everybodyHasAll(t, all)
	refused("an admin removes an admin", ben.w.RemovePerson(ctx, cleo.who(), 0), workspace.ErrOutranked)
	refused("an admin makes an admin", ben.w.SetRole(ctx, dan.who(), member.RoleAdmin), workspace.ErrOwnersAppoint)
	refused("an admin removes the owner", ben.w.RemovePerson(ctx, ana.who(), 0), workspace.ErrOutranked)
	refused("the owner removes herself", ana.w.RemovePerson(ctx, ana.who(), 0), workspace.ErrYourself)
	refused("somebody unknown", ana.w.RemovePerson(ctx, seal.ID{1}, 0), workspace.ErrNotFound)
	refused("the top owner leaves", ana.w.Leave(ctx), workspace.ErrHandOver)
	refused("an admin hands over", ben.w.Transfer(ctx, dan.who()), workspace.ErrNotTop)
	refused("a policy of an admin", ben.w.SetPolicy(ctx, member.DefaultPolicy()), workspace.ErrNotTop)
	refused("nobody is suspended", ana.w.Confirm(ctx, dan.who()), workspace.ErrNotSuspended)

	promote(t, ana, ben, member.RoleOwner)
	if b := ana.status(ben); b.Role != member.RoleOwner || b.OwnerRank <= ana.status(ana).OwnerRank {
		t.Errorf("the new owner is %+v", b)
	}
	refused("an owner below removes the one above", ben.w.RemovePerson(ctx, ana.who(), 0), workspace.ErrOutranked)
	if err := ana.w.Transfer(ctx, ben.who()); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	if !dan.w.State().IsTop(ben.who()) || dan.w.State().IsTop(ana.who()) {
		t.Error("it was not handed over")
	}
	if err := ben.w.SetRole(ctx, ana.who(), member.RoleMember); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	if a := dan.status(ana); a.Role != member.RoleMember || a.Status != member.Active {
		t.Errorf("the former founder is %+v", a)
	}
}

func TestARoleThatSomebodyHasWritesNothing(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	promote(t, ana, ben, member.RoleOwner)
	everybodyHasAll(t, all)
	before := len(ana.w.Entries())
	for _, test := range []struct {
		by, of *person
		role   member.Role
		want   error
	}{
		{ana, cleo, member.RoleMember, workspace.ErrSameRole},
		{ana, ben, member.RoleOwner, workspace.ErrSameRole},
		{ben, ana, member.RoleOwner, workspace.ErrSameRole},
		{ben, ana, member.RoleAdmin, workspace.ErrOutranked},
		{ana, ana, member.RoleOwner, workspace.ErrYourself},
	} {
		if err := test.by.w.SetRole(t.Context(), test.of.who(), test.role); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.role, err, test.want)
		}
	}
	if after := len(ana.w.Entries()); after != before {
		t.Errorf("%d entries more", after-before)
	}
	if err := cleo.w.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	if err := ana.w.SetRole(t.Context(), cleo.who(), member.RoleAdmin); !errors.Is(err, workspace.ErrPersonGone) {
		t.Errorf("a role for who left: %v", err)
	}
}

func TestWhoBecomesAGuestReadsNoMore(t *testing.T) {
	all := team(t, 3)
	ana, ben := all[0], all[1]
	promote(t, ana, ben, member.RoleGuest)
	ana.says("for members")
	everybodyHasAll(t, all)
	ben.reads()
	all[2].reads("for members")
	promote(t, ana, ben, member.RoleMember)
	everybodyHasAll(t, all)
	ana.says("again for all")
	everybodyHasAll(t, all)
	if got := ben.wall.shown(); !slices.Contains(got, "again for all") {
		t.Errorf("who is a member again reads %q", got)
	}
}

func TestK66WhoLeftIsSeenOff(t *testing.T) {
	now := time.Now()
	all := teamAt(t, 3, &now)
	ana, ben, cleo := all[0], all[1], all[2]
	ben.says("before")
	everybodyHasAll(t, all)
	if err := ben.w.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	if how, _ := ben.w.Removal(); how != workspace.RemovedLeft {
		t.Errorf("who left is out as %q", how)
	}
	everybodyHasAll(t, all)
	if s := cleo.status(ben); s.Status != member.Left {
		t.Fatalf("who left is %s", s.Status)
	}
	for _, p := range []*person{cleo, ana} { // a member may not
		if err := workspace.Maintain(t.Context(), p.w); err != nil {
			t.Fatal(err)
		}
	}
	everybodyHasAll(t, []*person{ana, cleo})
	if s := cleo.status(ben); s.Status != member.Removed || !s.Quit {
		t.Errorf("who left is %s, left by itself: %v", s.Status, s.Quit)
	}
	cleo.says("after")
	everybodyHasAll(t, []*person{ana, cleo})
	give(t, cleo.w, ben.w)
	ana.reads("after", "before")
	ben.reads("before")
}

func TestK67ADeviceGetsANewEncryptionKeyEveryMonth(t *testing.T) {
	now := time.Now()
	all := teamAt(t, 2, &now)
	ana, ben := all[0], all[1]
	gen := func() uint32 { d, _ := ana.w.State().Device(ben.id()); return d.KemGen }
	month := func() {
		t.Helper()
		now = now.Add(31 * 24 * time.Hour)
		for _, p := range all {
			if err := workspace.Maintain(t.Context(), p.w); err != nil {
				t.Fatal(err)
			}
		}
		everybodyHasAll(t, all)
	}
	if err := workspace.Maintain(t.Context(), ben.w); err != nil || gen() != 0 {
		t.Fatalf("generation %d, %v", gen(), err)
	}
	month()
	if got := workspace.Generations(ben.w); gen() != 1 || !slices.Equal(got, []uint32{0, 1}) {
		t.Errorf("generation %d, keys %v", gen(), got)
	}
	month()
	if got := workspace.Generations(ben.w); gen() != 2 || !slices.Equal(got, []uint32{1, 2}) {
		t.Errorf("generation %d, keys %v", gen(), got)
	}
	ana.says("to the newest key")
	everybodyHasAll(t, all)
	ben.reads("to the newest key")
}

func TestWhoIsTakenOutOfAPrivateSpaceReadsNoMoreOfIt(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	promote(t, ana, cleo, member.RoleAdmin)
	space, err := ben.w.CreateSpace(t.Context(), workspace.SpaceSpec{Kind: member.SpacePrivate, Members: []seal.ID{ana.who()}})
	if err != nil {
		t.Fatal(err)
	}
	ben.saysIn(space, "1")
	everybodyHasAll(t, all)
	if err := ana.w.RemoveFromSpace(t.Context(), space, []seal.ID{ben.who()}); !errors.Is(err, workspace.ErrNotSpaceAdmin) {
		t.Errorf("by who did not make it: %v", err)
	}
	if err := ben.w.RemoveFromSpace(t.Context(), space, []seal.ID{ben.who()}); !errors.Is(err, workspace.ErrYourself) {
		t.Errorf("oneself: %v", err)
	}
	if err := ben.w.RemoveFromSpace(t.Context(), space, []seal.ID{ana.who(), cleo.who()}); err != nil {
		t.Fatal(err)
	}
	ben.saysIn(space, "2")
	everybodyHasAll(t, all)
	ana.reads("1")
	ben.reads("1", "2")

	if err := cleo.w.CloseSpace(t.Context(), space, false); !errors.Is(err, workspace.ErrNotSpaceAdmin) {
		t.Errorf("opened by an admin who is not in it: %v", err)
	}
	if err := cleo.w.CloseSpace(t.Context(), space, true); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	_, err = ben.w.Append(t.Context(), space, workspace.KindChat, func(context.Context) (workspace.Draft, error) { return workspace.Draft{}, nil })
	if !errors.Is(err, workspace.ErrRefused) {
		t.Errorf("written into a closed space: %v", err)
	}
	if err := ben.w.CloseSpace(t.Context(), space, false); err != nil {
		t.Fatal(err)
	}
	ben.saysIn(space, "3")
}
