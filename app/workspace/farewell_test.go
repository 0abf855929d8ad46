package workspace_test

import (
	"slices"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// asksWhy is what a member says to somebody who is out for all it knows.
func (p *person) asksWhy(of *person, max int) [][]byte {
	return of.Farewell(p.Self(), p.w.ID(), p.w.Ends(64), max, 1<<20)
}

func (p *person) posts(typ member.Type, body interface{ Encode() ([]byte, error) }) {
	p.t.Helper()
	raw, err := body.Encode()
	if err == nil {
		err = p.w.Post(p.t.Context(), typ, raw)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

func TestK50WhoIsOutIsGivenWhatProvesItAndNoMore(t *testing.T) {
	for name, test := range map[string]struct {
		ends func(ana, ben *person)
		how  workspace.Removal
	}{
		"a device": {func(ana, ben *person) { ana.removes(ben) }, workspace.RemovedDevice},
		"a person": {func(ana, ben *person) {
			ana.posts(member.TypePersonRemove, member.PersonRemoveBody{Person: ben.who()})
		}, workspace.RemovedPerson},
		"a person who left elsewhere": {func(ana, ben *person) {
			phone := link(t, ben)
			phone.posts(member.TypeLeave, member.LeaveBody{})
			give(t, phone.w, ana.w)
		}, workspace.RemovedLeft},
	} {
		t.Run(name, func(t *testing.T) {
			all := team(t, 3)
			ana, ben, cleo := all[0], all[1], all[2]
			for range 5 { // Ben lacks some of the log
				ana.invite(ana.w, 1)
			}
			epochs := len(ben.w.State().Epochs(ben.w.MainSpace()))
			give(t, ana.w, cleo.w)
			if got := ben.asksWhy(ana, 100); len(got) != 0 || ana.Former(ben.Self()) {
				t.Fatalf("a member in good standing is given %d entries", len(got))
			}
			test.ends(ana, ben)
			later := ana.invite(ana.w, 1)
			ana.says("not for Ben")
			if !ana.Former(ben.Self()) || ana.Former(cleo.Self()) || ana.Former(seal.ID{1}) {
				t.Error("Ben alone is a former member")
			}
			if got := cleo.asksWhy(ana, 100); len(got) != 0 {
				t.Errorf("Cleo is given %d entries", len(got))
			}
			if got := ana.Farewell(seal.ID{1}, ana.w.ID(), nil, 100, 1<<20); len(got) != 0 {
				t.Errorf("a stranger is given %d entries", len(got))
			}
			if got := ana.Farewell(ben.Self(), seal.ID{1}, nil, 100, 1<<20); len(got) != 0 {
				t.Errorf("of another workspace %d entries are given", len(got))
			}
			// Two at a time, parents first: each part is taken at once.
			out := false
			for rounds := 0; !out; rounds++ {
				got := ben.asksWhy(ana, 2)
				if len(got) == 0 || rounds > 20 {
					t.Fatalf("%d entries after %d rounds", len(got), rounds)
				}
				var err error
				if out, err = ben.w.Part(t.Context(), got); err != nil {
					t.Fatal(err)
				}
			}
			if how, _ := ben.w.Removal(); how != test.how {
				t.Errorf("Ben is out as %q, want %q", how, test.how)
			}
			if _, knows := ben.w.State().Invite(later.ID); knows {
				t.Error("Ben hears of what came after")
			}
			if got := len(ben.w.State().Epochs(ben.w.MainSpace())); got != epochs {
				t.Errorf("Ben hears of %d epochs, want %d", got, epochs)
			}
			if got := ben.asksWhy(ana, 100); len(got) != 0 {
				t.Errorf("%d more entries are there for Ben", len(got))
			}
			if ben.w.Asks(ana.Self()) {
				t.Error("who knows it asks on")
			}
			if got := ben.Targets(t.Context()); len(got) != 0 {
				t.Errorf("Ben still looks for %d devices", len(got))
			}
			if got := ben.Farewell(cleo.Self(), ben.w.ID(), nil, 100, 1<<20); len(got) != 0 || ben.Former(cleo.Self()) {
				t.Error("who is out says farewell to others")
			}
		})
	}
}

// Who came with an invitation that was used too often hears of it, and later what was decided.
func TestK50WhoIsSuspendedIsToldAndAsksOn(t *testing.T) {
	for name, confirmed := range map[string]bool{"and confirmed": true, "and removed": false} {
		t.Run(name, func(t *testing.T) {
			all := team(t, 2)
			ana, ben := all[0], all[1]
			link, err := member.ParseLink(ana.invite(ana.w, 1).Link)
			if err != nil {
				t.Fatal(err)
			}
			give(t, ana.w, ben.w)
			var twice []*person
			for _, inside := range all {
				p := newPerson(t)
				p.knows(inside.device)
				link.Peers[0].Peer = inside.Self()
				p.w = p.join(link.String())
				twice = append(twice, p)
			}
			everybodyHasAll(t, all)
			later := ana.invite(ana.w, 1)
			cleo, dan := twice[0], twice[1]
			for _, p := range twice {
				if how, _ := p.w.Removal(); how != "" || !ana.Former(p.Self()) || !p.w.Asks(ana.Self()) {
					t.Fatalf("before it was told it is out as %q", how)
				}
				if out, err := p.w.Part(t.Context(), p.asksWhy(ana, 100)); out || err != nil {
					t.Errorf("it is out for good: %v, %v", out, err)
				}
				if how, _ := p.w.Removal(); how != workspace.RemovedSuspended {
					t.Errorf("it is out as %q", how)
				}
				if _, knows := p.w.State().Invite(later.ID); knows {
					t.Error("it hears of what came after")
				}
				if got := p.asksWhy(ana, 100); len(got) != 0 || !p.w.Asks(ana.Self()) || len(p.Targets(t.Context())) == 0 {
					t.Errorf("%d more entries, or it asks no more", len(got))
				}
			}
			if got := dan.asksWhy(cleo, 100); len(got) != 0 {
				t.Errorf("who is suspended tells others %d entries", len(got))
			}
			if confirmed {
				if err := ana.w.Confirm(t.Context(), cleo.who()); err != nil {
					t.Fatal(err)
				}
				give(t, ana.w, cleo.w)
				if how, _ := cleo.w.Removal(); how != "" || ana.Former(cleo.Self()) {
					t.Errorf("confirmed it is out as %q", how)
				}
				return
			}
			ana.posts(member.TypePersonRemove, member.PersonRemoveBody{Person: dan.who()})
			if out, err := dan.w.Part(t.Context(), dan.asksWhy(ana, 100)); !out || err != nil {
				t.Errorf("removed it is in: %v", err)
			}
			if how, _ := dan.w.Removal(); how != workspace.RemovedPerson {
				t.Errorf("it is out as %q", how)
			}
		})
	}
}

// What proves nothing is refused like anything that a peer sends.
func TestK50AFarewellIsCheckedLikeEverything(t *testing.T) {
	all := team(t, 2)
	ana, ben := all[0], all[1]
	ana.removes(ben)
	good := ben.asksWhy(ana, 100)
	forged := slices.Clone(good[len(good)-1])
	forged[len(forged)-1] ^= 1
	if out, err := ben.w.Part(t.Context(), [][]byte{forged}); out || err == nil {
		t.Errorf("a forged removal: %v, %v", out, err)
	}
	if out, err := ben.w.Part(t.Context(), good); !out || err != nil {
		t.Errorf("the real one: %v, %v", out, err)
	}
}
