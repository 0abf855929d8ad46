package workspace_test

import (
	"errors"
	"slices"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

func TestK77TrusteesDeposeTheFounder(t *testing.T) {
	all := team(t, 4)
	ana, ben, cleo, dan := all[0], all[1], all[2], all[3]
	if _, err := ben.w.Consent(ana.who(), nil); !errors.Is(err, workspace.ErrNoQuorum) {
		t.Errorf("a consent without trustees: %v", err)
	}
	trustees := []seal.ID{ben.who(), cleo.who(), dan.who()}
	slices.SortFunc(trustees, seal.ID.Compare)
	if err := ana.w.SetPolicy(t.Context(), member.Policy{Quorum: 2, Trustees: trustees, Instant: true}); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	if _, err := ana.w.Consent(ana.who(), nil); !errors.Is(err, workspace.ErrNoQuorum) {
		t.Errorf("a consent of who is no trustee: %v", err)
	}
	if _, err := ben.w.Consent(cleo.who(), nil); !errors.Is(err, workspace.ErrNoOffice) {
		t.Errorf("a consent about a member: %v", err)
	}
	next, self := dan.who(), ana.who()
	for name, wrong := range map[string]*seal.ID{"nobody": nil, "herself": &self, "somebody unknown": {1}} {
		if _, err := cleo.w.Consent(ana.who(), wrong); !errors.Is(err, workspace.ErrSuccessor) {
			t.Errorf("the last owner is followed by %s: %v", name, err)
		}
	}
	text, err := cleo.w.Consent(ana.who(), &next)
	if err != nil {
		t.Fatal(err)
	}
	own, _ := ben.w.Consent(ana.who(), &next)
	other := cleo.who()
	elsewhere, _ := cleo.w.Consent(ana.who(), &other)
	for name, consents := range map[string][]string{"alone": nil, "the own one twice": {own, own}} {
		if err := ben.w.Depose(t.Context(), ana.who(), &next, consents); !errors.Is(err, workspace.ErrTooFew) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, bad := range map[string]string{"nothing": "", "another text": "parvis://join#abc", "a damaged one": text[:len(text)-4] + "AAAA!", "a cut one": text[:60], "one for another successor": elsewhere} {
		if err := ben.w.Depose(t.Context(), ana.who(), &next, []string{bad}); !errors.Is(err, workspace.ErrConsent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := ben.w.Depose(t.Context(), ana.who(), &next, []string{" " + text + "\n"}); err != nil {
		t.Fatal(err)
	}
	everybodyHasAll(t, all)
	for _, p := range all {
		if a := p.status(ana); a.Role != member.RoleMember || a.Status != member.Active {
			t.Errorf("who was deposed is %+v", a)
		}
		if !p.w.State().IsTop(dan.who()) {
			t.Errorf("her successor is %+v", p.status(dan))
		}
	}
	told := ana.matters(workspace.MatterLowered)
	if len(told) != 1 || told[0].Act != member.TypeDepose || told[0].By != ben.who() || told[0].Was != member.RoleOwner || told[0].Role != member.RoleMember {
		t.Errorf("who was deposed reads %+v", told)
	}
	if err := ana.w.SetRole(t.Context(), ben.who(), member.RoleGuest); !errors.Is(err, workspace.ErrOwnersAppoint) {
		t.Errorf("who was deposed still acts: %v", err)
	}
}

func TestK77AConsentEndsWithThePolicy(t *testing.T) {
	all := team(t, 3)
	ana, ben, cleo := all[0], all[1], all[2]
	trustees := []seal.ID{ben.who(), cleo.who()}
	slices.SortFunc(trustees, seal.ID.Compare)
	policy := member.Policy{Quorum: 2, Trustees: trustees, Instant: true}
	set := func() {
		t.Helper()
		if err := ana.w.SetPolicy(t.Context(), policy); err != nil {
			t.Fatal(err)
		}
		everybodyHasAll(t, all)
	}
	set()
	next := ben.who()
	text, err := cleo.w.Consent(ana.who(), &next)
	if err != nil {
		t.Fatal(err)
	}
	policy.MinVersion = 1
	set()
	if err := ben.w.Depose(t.Context(), ana.who(), &next, []string{text}); !errors.Is(err, workspace.ErrConsent) {
		t.Errorf("an old consent: %v", err)
	}
}
