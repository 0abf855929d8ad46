package apptest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/api"
)

// named is somebody as a node shows them.
func (n *Node) named(ws, name string) api.Person {
	n.t.Helper()
	all, err := n.API().People.List(ws)
	i := slices.IndexFunc(all, func(p api.Person) bool { return p.Name == name })
	if err != nil || i < 0 {
		return api.Person{}
	}
	return all[i]
}

// knows waits until a node knows somebody by name.
func (n *Node) knows(ws string, names ...string) {
	n.t.Helper()
	for _, name := range names {
		n.Until("there is "+name, func() bool { return n.named(ws, name).Online })
	}
}

// shows waits until somebody has a state.
func (n *Node) shows(ws, name, state string) {
	n.t.Helper()
	n.Until(name+" is "+state, func() bool { return n.named(ws, name).State == state })
}

// begin starts a comparison with somebody and waits for the codes on both sides.
func (n *Node) begin(ws, name string, other *Node) (ours, theirs api.Comparison) {
	n.t.Helper()
	var begun api.Comparison
	n.Until("a comparison begins", func() bool { // the one before is still being written down
		var err error
		if begun, err = n.API().People.Verify(ws, n.named(ws, name).ID); err != nil && code(err) != api.CodeComparing {
			n.t.Fatalf("verify %s: %v", name, err)
		}
		return err == nil
	})
	ours, theirs = n.codes(), other.codes()
	if begun.ID != ours.ID || ours.Person != n.named(ws, name).ID || theirs.Person == "" || !ours.Inviter || theirs.Inviter {
		n.t.Fatalf("began %+v, see %+v and %+v", begun, ours, theirs)
	}
	return ours, theirs
}

// three is a workspace with three people who joined instantly.
func three(t *testing.T, options ...Option) (ana, ben, cleo *Node, ws string) {
	t.Helper()
	ana, ben, cleo = New(t, options...), New(t, options...), New(t, options...)
	ws = ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	cleo.Join(ana.Invite(ws), "Cleo")
	ana.knows(ws, "Ben", "Cleo")
	ben.knows(ws, "Ana", "Cleo")
	cleo.knows(ws, "Ana", "Ben")
	return ana, ben, cleo, ws
}

func TestTwoMembersVerifyEachOther(t *testing.T) {
	ana, ben, cleo, ws := three(t)
	if p := ana.named(ws, "Ben"); p.State != "unverified" || p.AdmittedBy != "" || p.VerifiedAt != 0 {
		t.Fatalf("before: %+v", p)
	}
	if err := ana.API().People.Vouch(ws, ana.named(ws, "Ben").ID); code(err) != api.CodeUnverified {
		t.Errorf("introducing somebody one has not verified: %v", err)
	}
	ours, theirs := ana.begin(ws, "Ben", ben)
	again, err := ben.API().People.Verify(ws, ben.named(ws, "Ana").ID) // the other one asks too
	if err != nil || again.ID != theirs.ID {
		t.Errorf("a second comparison of the two: %+v, %v", again, err)
	}
	ana.enter(ours, theirs.Code)
	if ana.named(ws, "Ben").State != "unverified" {
		t.Error("verified though only one typed")
	}
	ben.enter(theirs, ours.Code)
	ana.shows(ws, "Ben", "verified")
	ben.shows(ws, "Ana", "verified")
	if p := ana.named(ws, "Ben"); p.VerifiedAt < ours.Begun {
		t.Errorf("verified at %d, begun at %d", p.VerifiedAt, ours.Begun)
	}
	if p := cleo.named(ws, "Ben"); p.State != "unverified" || len(p.VerifiedBy) != 0 {
		t.Errorf("a third sees %+v of what concerns two", p)
	}

	if err := ana.API().People.Vouch(ws, ana.named(ws, "Ben").ID); err != nil {
		t.Fatal(err)
	}
	cleo.Until("Cleo sees who verified Ben", func() bool {
		return slices.Equal(cleo.named(ws, "Ben").VerifiedBy, []string{cleo.named(ws, "Ana").ID})
	})
	if p := cleo.named(ws, "Ben"); p.State != "unverified" {
		t.Errorf("an introduction made Ben %s", p.State)
	}

	ana.Stop()
	ana.Start()
	ana.shows(ws, "Ben", "verified")
	laptop := New(t)
	ben.Add(laptop)
	ana.shows(ws, "Ben", "new-device")
	cleo.Until("the introduction is out of date", func() bool { return len(cleo.named(ws, "Ben").VerifiedBy) == 0 })
	if err := ben.API().Devices.Remove(api.DeviceRemoval{Device: ben.other().ID}); err != nil {
		t.Fatal(err)
	}
	ana.shows(ws, "Ben", "verified")
	cleo.Until("the introduction is right again", func() bool { return len(cleo.named(ws, "Ben").VerifiedBy) == 1 })
}

func TestWhoJoinsWithCodesIsVerifiedByBothAndAdmittedForOthers(t *testing.T) {
	ana, ben, cleo := New(t), New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	cleo.Join(ana.Invite(ws), "Cleo")
	joined := ben.knock(codesFirst(t, ana, ws))
	ours, theirs := ana.codes(), ben.codes()
	ana.enter(ours, theirs.Code)
	ben.enter(theirs, ours.Code)
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
	ana.shows(ws, "Ben", "verified")
	ben.shows(ws, "Ana", "verified")
	cleo.Until("Cleo sees by whom Ben came", func() bool {
		p := cleo.named(ws, "Ben")
		return p.State == "unverified" && p.AdmittedBy == cleo.named(ws, "Ana").ID
	})
	ben.Until("Cleo came by a plain invitation", func() bool {
		p := ben.named(ws, "Cleo")
		return p.AdmittedBy == "" && p.InvitedBy != ""
	})
}

func TestTheOwnOtherDeviceKnowsWhomOneVerified(t *testing.T) {
	ana, ben, _, ws := three(t)
	ours, theirs := ana.begin(ws, "Ben", ben)
	ana.enter(ours, theirs.Code)
	ben.enter(theirs, ours.Code)
	ana.shows(ws, "Ben", "verified")
	laptop := New(t)
	ana.Add(laptop)
	laptop.shows(ws, "Ben", "verified")
	laptop.shows(ws, "Cleo", "unverified")
}

func TestWrongCodesVerifyNobodyAndThreeAreFollowedByARest(t *testing.T) {
	var now clock
	ana, ben, _, ws := three(t, now.option)
	atAna, atBen := ana.ends(), ben.ends()
	failures := []struct {
		end          func(ours, theirs api.Comparison)
		atAna, atBen string
	}{
		{func(ours, theirs api.Comparison) { ana.enter(ours, wrong(theirs.Code)) }, "wrong", "refused"},
		{func(ours, theirs api.Comparison) { ben.enter(theirs, "") }, "refused", "stopped"},
		{func(ours, theirs api.Comparison) {
			ana.enter(ours, theirs.Code)
			ben.enter(theirs, wrong(ours.Code))
		}, "refused", "wrong"},
	}
	for i, f := range failures {
		now.set(time.Duration(i) * 11 * time.Second)
		f.end(ana.begin(ws, "Ben", ben))
		if a, b := <-atAna, <-atBen; a != f.atAna || b != f.atBen {
			t.Errorf("it ended as %q and %q, want %q and %q", a, b, f.atAna, f.atBen)
		}
		ana.silent()
		ben.silent()
		for len(atAna)+len(atBen) > 0 { // the end is told twice
			select {
			case <-atAna:
			case <-atBen:
			}
		}
		if ana.named(ws, "Ben").State != "unverified" || ben.named(ws, "Ana").State != "unverified" {
			t.Error("somebody is verified")
		}
		if i == 0 {
			if _, err := ana.API().People.Verify(ws, ana.named(ws, "Ben").ID); code(err) != api.CodeComparing {
				t.Errorf("within ten seconds: %v", err)
			}
		}
	}
	rests := func(when string) {
		t.Helper()
		for name, n := range map[string]*Node{"Ben": ana, "Ana": ben} {
			n.knows(ws, name)
			_, err := n.API().People.Verify(ws, n.named(ws, name).ID)
			if code(err) != api.CodeResting || !strings.Contains(fmt.Sprint(err), name) {
				t.Errorf("%s, with %s: %v, want resting and the name", when, name, err)
			}
		}
	}
	now.set(time.Minute)
	rests("after three failures")
	ana.Stop()
	ana.Start()
	rests("after a restart")
	ana.knows(ws, "Cleo")
	if _, err := ana.API().People.Verify(ws, ana.named(ws, "Cleo").ID); err != nil {
		t.Errorf("somebody else: %v", err)
	}
	now.set(12 * time.Minute)
	ana.Until("there is no comparison left", func() bool { // that with Cleo is older than ten minutes
		all, err := ana.API().Workspaces.Comparisons()
		for _, c := range all {
			_ = ana.API().Workspaces.EnterCode(c.ID, "")
		}
		return err == nil && len(all) == 0
	})
	ours, theirs := ana.begin(ws, "Ben", ben)
	ana.enter(ours, theirs.Code)
	ben.enter(theirs, ours.Code)
	ana.shows(ws, "Ben", "verified")
}

func TestNobodyIsVerifiedWhoIsNotThere(t *testing.T) {
	ana, ben, _, ws := three(t)
	if _, err := ana.API().People.Verify(ws, ana.named(ws, "Ana").ID); code(err) != api.CodeInvalid {
		t.Errorf("oneself: %v", err)
	}
	if _, err := ana.API().People.Verify(ws, ws); code(err) != api.CodeNotFound {
		t.Errorf("nobody: %v", err)
	}
	id := ana.named(ws, "Ben").ID
	ben.Stop()
	ana.Until("Ben is away", func() bool { return !ana.named(ws, "Ben").Online })
	if _, err := ana.API().People.Verify(ws, id); code(err) != api.CodeOffline || !strings.Contains(fmt.Sprint(err), "Ben is not online") {
		t.Errorf("somebody who is away: %v", err)
	}
}

func TestBothAskAtOnce(t *testing.T) {
	var now clock
	ana, ben, _, ws := three(t, now.option)
	for round := range 5 {
		now.set(time.Duration(round) * time.Minute)
		asked := make(chan error, 2)
		for name, n := range map[string]*Node{"Ben": ana, "Ana": ben} {
			id := n.named(ws, name).ID
			go func() {
				_, err := n.API().People.Verify(ws, id)
				asked <- err
			}()
		}
		for range 2 {
			if err := <-asked; err != nil {
				t.Fatalf("round %d: %v", round, err)
			}
		}
		ours, theirs := ana.codes(), ben.codes()
		ana.enter(ours, theirs.Code)
		ben.enter(theirs, ours.Code)
		ana.silent()
		ben.silent()
		ana.shows(ws, "Ben", "verified")
		ben.shows(ws, "Ana", "verified")
	}
}

func TestASpaceForVerifiedPeopleOnly(t *testing.T) {
	ana, ben, cleo, ws := three(t)
	idOf := func(name string) string { return ana.named(ws, name).ID }
	board := api.NewSpace{Workspace: ws, Name: "Board", People: []string{idOf("Ben")}, VerifiedOnly: true}
	if _, err := ana.API().Workspaces.CreateSpace(board); code(err) != api.CodeUnverified || !strings.Contains(fmt.Sprint(err), "Ben") {
		t.Fatalf("with somebody unverified: %v", err)
	}
	if all, err := ana.API().Workspaces.Spaces(ws); err != nil || len(all) != 1 {
		t.Errorf("spaces %+v, %v; want only the main one", all, err)
	}
	ours, theirs := ana.begin(ws, "Ben", ben)
	ana.enter(ours, theirs.Code)
	ben.enter(theirs, ours.Code)
	ana.shows(ws, "Ben", "verified")
	made, err := ana.API().Workspaces.CreateSpace(board)
	if err != nil || !made.VerifiedOnly {
		t.Fatalf("%+v, %v", made, err)
	}
	more := api.NewSpacePeople{Workspace: ws, Space: made.ID, People: []string{idOf("Cleo")}}
	if _, err := ana.API().Workspaces.AddToSpace(more); code(err) != api.CodeUnverified || !strings.Contains(fmt.Sprint(err), "Cleo") {
		t.Errorf("somebody unverified is let in later: %v", err)
	}
	ben.Until("Ben sees whom the space lets in", func() bool {
		all, err := ben.API().Workspaces.Spaces(ws)
		return err == nil && slices.ContainsFunc(all, func(s api.Space) bool { return s.ID == made.ID && s.VerifiedOnly && len(s.People) == 2 })
	})
	guest := api.NewInvite{Workspace: ws, Role: "guest", Spaces: []string{made.ID}, Uses: 1, ExpiresMs: 3_600_000}
	if _, err := ana.API().Workspaces.Invite(guest); code(err) != api.CodeUnverified {
		t.Errorf("a link without codes lets somebody in: %v", err)
	}
	guest.CodesFirst = true
	if _, err := ana.API().Workspaces.Invite(guest); err != nil {
		t.Errorf("a link with codes: %v", err)
	}
	ours, theirs = ana.begin(ws, "Cleo", cleo)
	ana.enter(ours, theirs.Code)
	cleo.enter(theirs, ours.Code)
	ana.shows(ws, "Cleo", "verified")
	if sp, err := ana.API().Workspaces.AddToSpace(more); err != nil || len(sp.People) != 3 {
		t.Errorf("%+v, %v", sp, err)
	}
	plain, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "Open"})
	if err != nil || plain.VerifiedOnly {
		t.Errorf("%+v, %v", plain, err)
	}
}
