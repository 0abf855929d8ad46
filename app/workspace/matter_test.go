package workspace_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/member"
)

// matters are those of a kind.
func (p *person) matters(kind workspace.MatterKind) (found []workspace.Matter) {
	p.t.Helper()
	all, err := p.w.Matters(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	for _, m := range all {
		if m.Kind == kind {
			found = append(found, m)
		}
	}
	return found
}

func TestWhoWasLetInByARemovedAdminIsNotKeptAndSaidSo(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	promote(t, ana, ben, member.RoleAdmin)
	everybodyHasAll(t, all)
	if got := ana.matters(workspace.MatterNotKept); len(got) != 0 {
		t.Fatalf("without anything: %+v", got)
	}
	dan := newPerson(t)
	meet(ben.device, dan.device)
	dan.w = dan.join(ben.invite(ben.w, 1).Link)
	if err := ana.w.RemovePerson(t.Context(), ben.who(), member.ReasonNone); err != nil {
		t.Fatal(err)
	}
	for _, from := range []*person{ben, dan} {
		give(t, from.w, cleo.w)
	}
	everybodyHasAll(t, []*person{ana, cleo})
	for _, p := range []*person{ana, cleo} {
		found := p.matters(workspace.MatterNotKept)
		if len(found) != 1 || found[0].Act != member.TypeJoin || found[0].Person != dan.who() || found[0].By != ben.who() || found[0].Decide != (p == ana) {
			t.Fatalf("not kept: %+v", found)
		}
		if err := p.w.PutAside(t.Context(), found[0].ID); err != nil {
			t.Fatal(err)
		}
		if found := p.matters(workspace.MatterNotKept); len(found) != 0 {
			t.Errorf("put aside, and yet there: %+v", found)
		}
	}
}

func TestAnInvitationThatDoesNotCountIsToldToItsMakerAndToWhoComesWithIt(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	promote(t, ana, ben, member.RoleAdmin)
	everybodyHasAll(t, all)
	made := ben.invite(ben.w, 1)
	if err := ana.w.SetRole(t.Context(), ben.who(), member.RoleMember); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	if found := ben.matters(workspace.MatterNotKept); len(found) != 1 || found[0].Act != member.TypeInvite || found[0].By != ben.who() || found[0].Decide {
		t.Errorf("the maker is told %+v", found)
	}
	for _, p := range []*person{ana, cleo} {
		if found := p.matters(workspace.MatterNotKept); len(found) != 0 {
			t.Errorf("others are told %+v", found)
		}
	}
	list, err := ben.w.Invites(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(list, func(i workspace.Invite) bool { return i.ID == made.ID })
	if i < 0 || !list[i].NotKept || list[i].Link != "" || list[i].Uses != 1 {
		t.Errorf("the maker's list is %+v", list)
	}
	if err := ben.w.Revoke(t.Context(), made.ID); !errors.Is(err, workspace.ErrRevoked) {
		t.Errorf("revoking it: %v", err)
	}
	dan := newPerson(t)
	meet(ben.device, dan.device) // whose address is in the link
	if _, err := dan.Join(t.Context(), made.Link, "Dan", 10*time.Second); !errors.Is(err, workspace.RefusalOf(workspace.RefusedRevoked)) {
		t.Errorf("who comes with it is told %v", err)
	}
}

func TestWhatWasDoneMeanwhileIsNoMatter(t *testing.T) {
	all := team(t, 4)
	ana, ben, cleo, dan := all[0], all[1], all[2], all[3]
	promote(t, ana, ben, member.RoleAdmin)
	promote(t, ana, dan, member.RoleGuest)
	everybodyHasAll(t, all)
	if err := ben.w.RemovePerson(t.Context(), cleo.who(), member.ReasonNone); err != nil {
		t.Fatal(err)
	}
	if err := ana.w.SetRole(t.Context(), ben.who(), member.RoleMember); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	for _, p := range []*person{ana, ben, cleo} {
		if found := p.matters(workspace.MatterNotKept); len(found) != 1 || found[0].Act != member.TypePersonRemove || found[0].Decide != (p == ana) {
			t.Errorf("the removal that does not count: %+v", found)
		}
	}
	if found := dan.matters(workspace.MatterNotKept); len(found) != 0 {
		t.Errorf("a guest is told %+v", found)
	}
	if err := ana.w.RemovePerson(t.Context(), cleo.who(), member.ReasonNone); err != nil {
		t.Fatal(err)
	}
	if found := ana.matters(workspace.MatterNotKept); len(found) != 0 {
		t.Errorf("done, and yet there: %+v", found)
	}
}

func TestAPromotionThatLostToARemovalIsTold(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	promote(t, ana, ben, member.RoleOwner)
	everybodyHasAll(t, all)
	if err := ana.w.SetRole(t.Context(), cleo.who(), member.RoleAdmin); err != nil {
		t.Fatal(err)
	}
	if err := ben.w.RemovePerson(t.Context(), cleo.who(), member.ReasonNone); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, []*person{ana, ben})
	if s := ana.status(cleo); s.Status != member.Removed {
		t.Fatalf("who was promoted and removed is %s", s.Status)
	}
	lost := ana.matters(workspace.MatterLost)
	if len(lost) != 1 || lost[0].Act != member.TypeRoleSet || lost[0].Person != cleo.who() || lost[0].Role != member.RoleAdmin || !lost[0].Decide {
		t.Errorf("lost: %+v", lost)
	}
	if lost := ben.matters(workspace.MatterLost); len(lost) != 0 {
		t.Errorf("of who stands below: %+v", lost)
	}
}

func TestALinkThatWasUsedTwiceWaitsForADecision(t *testing.T) {
	all := team(t, 2)
	ana, ben := all[0], all[1]
	link, err := member.ParseLink(ana.invite(ana.w, 1).Link)
	if err != nil {
		t.Fatal(err)
	}
	give(t, ana.w, ben.w)
	var twice []*person
	for _, inside := range all { // each member lets another one in
		p := newPerson(t)
		p.knows(inside.device)
		link.Peers[0].Peer = inside.Self()
		p.w = p.join(link.String())
		twice = append(twice, p)
	}
	everybodyHasAll(t, all)
	for _, p := range all {
		found := p.matters(workspace.MatterSuspended)
		if len(found) != 2 || found[0].By != ana.who() || found[0].Decide != (p == ana) {
			t.Fatalf("suspended: %+v", found)
		}
	}
	if err := ben.w.Confirm(t.Context(), twice[0].who()); !errors.Is(err, workspace.ErrRefused) {
		t.Errorf("a member confirms: %v", err)
	}
	if err := ana.w.Confirm(t.Context(), twice[1].who()); err != nil {
		t.Fatal(err)
	}
	if err := ana.w.RemovePerson(t.Context(), twice[0].who(), member.ReasonNone); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	if found := ben.matters(workspace.MatterSuspended); len(found) != 0 {
		t.Errorf("decided, and yet there: %+v", found)
	}
	if right, wrong := ben.status(twice[1]), ben.status(twice[0]); right.Status != member.Active || wrong.Status != member.Removed {
		t.Errorf("the right one is %s, the other %s", right.Status, wrong.Status)
	}
}

func TestWhoLosesAnOfficeIsToldByWhom(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	promote(t, ana, ben, member.RoleAdmin)
	everybodyHasAll(t, all)
	if got := ben.matters(workspace.MatterLowered); len(got) != 0 {
		t.Fatalf("raised: %+v", got)
	}
	promote(t, ana, ben, member.RoleMember)
	everybodyHasAll(t, all)
	for _, p := range []*person{ana, cleo} {
		if got := p.matters(workspace.MatterLowered); len(got) != 0 {
			t.Errorf("of somebody else: %+v", got)
		}
	}
	got := ben.matters(workspace.MatterLowered)
	if len(got) != 1 || got[0].By != ana.who() || got[0].Was != member.RoleAdmin || got[0].Role != member.RoleMember || !got[0].Decide {
		t.Fatalf("lowered: %+v", got)
	}
	if err := ben.w.PutAside(t.Context(), got[0].ID); err != nil {
		t.Fatal(err)
	}
	if got := ben.matters(workspace.MatterLowered); len(got) != 0 {
		t.Errorf("told twice: %+v", got)
	}
	promote(t, ana, ben, member.RoleAdmin)
	promote(t, ana, ben, member.RoleGuest)
	promote(t, ana, ben, member.RoleAdmin)
	everybodyHasAll(t, all)
	if got := ben.matters(workspace.MatterLowered); len(got) != 0 {
		t.Errorf("risen again: %+v", got)
	}
}

func TestAForkIsAMatter(t *testing.T) {
	owner, all := copies(t, 2)
	for i, p := range all {
		spec := workspace.SpaceSpec{Kind: member.SpacePrivate, History: member.History(i)}
		if _, err := p.w.CreateSpace(t.Context(), spec); err != nil {
			t.Fatal(err)
		}
		give(t, p.w, owner.w)
	}
	forks := owner.matters(workspace.MatterFork)
	if len(forks) != 1 || forks[0].Device != all[0].id() || forks[0].Person != all[0].who() || !forks[0].Decide {
		t.Errorf("forks: %+v", forks)
	}
	if got := owner.matters(workspace.MatterSuspended); len(got) != 0 {
		t.Errorf("suspended: %+v", got)
	}
}

func TestAForkOfWhatWasWrittenIsAMatterUntilTheDeviceIsRemoved(t *testing.T) {
	owner, all := copies(t, 2)
	told := 0
	defer owner.Events.Members.Subscribe(func(workspace.MembersChanged) { told++ })()
	for i, p := range all {
		p.says([]string{"one", "another"}[i])
		env := envelopesOf(t, p.w, p.id(), owner.id())[1]
		if err := owner.w.Receive(t.Context(), workspace.Received{Envelopes: [][]byte{env.Raw}}); err != nil {
			t.Fatal(err)
		}
	}
	forks := owner.matters(workspace.MatterFork)
	if len(forks) != 1 || forks[0].Device != all[0].id() || forks[0].Person != all[0].who() || forks[0].Number != 1 || !forks[0].Decide {
		t.Fatalf("forks: %+v", forks)
	}
	if told == 0 {
		t.Error("nobody is told of it")
	}
	if err := owner.w.RemoveDevice(t.Context(), all[0].id()); err != nil {
		t.Fatal(err)
	}
	if forks := owner.matters(workspace.MatterFork); len(forks) != 0 {
		t.Errorf("of a device that is out: %+v", forks)
	}
}
