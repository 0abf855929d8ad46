package workspace_test

import (
	"errors"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

func TestAGuestReadsTheSpacesThatItIsInvitedToAlone(t *testing.T) {
	all := team(t, 2)
	ana, ben := all[0], all[1]
	promote(t, ana, ben, member.RoleAdmin)
	space := func(by *person) seal.SpaceID {
		t.Helper()
		made, err := by.w.CreateSpace(t.Context(), workspace.SpaceSpec{Kind: member.SpacePrivate})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	open, closed := space(ana), space(ana)
	ana.saysIn(open, "1 for the guest")
	ana.saysIn(closed, "not for the guest")
	ana.says("for members")
	everybodyHasAll(t, all)
	invite := func(by *person, role member.Role, spaces ...seal.SpaceID) (workspace.Invite, error) {
		peers, err := by.LinkPeers(t.Context(), by.w, false)
		if err != nil {
			t.Fatal(err)
		}
		return by.w.Invite(t.Context(), workspace.InviteSpec{Role: role, Spaces: spaces, Uses: 1, Expires: time.Hour, Peers: peers})
	}
	for _, c := range []struct {
		what   string
		by     *person
		role   member.Role
		spaces []seal.SpaceID
		want   error
	}{
		{"to nothing", ana, member.RoleGuest, nil, workspace.ErrGuestNowhere},
		{"to the main space", ana, member.RoleGuest, []seal.SpaceID{ana.w.MainSpace()}, workspace.ErrMainSpace},
		{"to somebody else's space", ben, member.RoleGuest, []seal.SpaceID{open}, workspace.ErrNotSpaceAdmin},
		{"a member to a space", ana, member.RoleMember, []seal.SpaceID{open}, workspace.ErrMemberSpaces},
	} {
		if _, err := invite(c.by, c.role, c.spaces...); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
	made, err := invite(ana, member.RoleGuest, open)
	if err != nil {
		t.Fatal(err)
	}
	guest := newPerson(t)
	meet(ana.device, guest.device)
	guest.w = guest.join(made.Link)
	everybodyHasAll(t, append(all, guest))
	guest.saysIn(open, "2 from the guest")
	ana.saysIn(closed, "still not")
	everybodyHasAll(t, append(all, guest))
	guest.reads("1 for the guest", "2 from the guest")
	if spaces := guest.w.State().Spaces(); !guest.w.State().CanRead(open, guest.id()) || guest.w.State().CanRead(closed, guest.id()) || guest.w.State().CanRead(guest.w.MainSpace(), guest.id()) {
		t.Errorf("a guest of one space reads others of %+v", spaces)
	}
	for _, keyless := range []seal.SpaceID{closed, guest.w.MainSpace()} {
		epoch, _ := ana.w.State().SendEpoch(keyless, func(seal.ID) bool { return true })
		wraps, _ := workspace.Wraps(t.Context(), ana.w, epoch)
		if workspace.OpensWith(t.Context(), guest.w, epoch, wraps) {
			t.Error("a guest has the key of another space")
		}
	}
}
