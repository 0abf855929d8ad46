package apptest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parvis/app/api"
)

// codes waits until a node has a code to show and returns the comparison.
func (n *Node) codes() api.Comparison {
	n.t.Helper()
	var found api.Comparison
	n.Until("there is a code", func() bool {
		all, err := n.API().Workspaces.Comparisons()
		if err != nil {
			n.t.Fatalf("comparisons: %v", err)
		}
		for _, c := range all {
			if c.State == "compare" {
				found = c
				return true
			}
		}
		return false
	})
	return found
}

// enter types a code.
func (n *Node) enter(c api.Comparison, code string) {
	n.t.Helper()
	if err := n.API().Workspaces.EnterCode(c.ID, code); err != nil {
		n.t.Fatalf("enter code: %v", err)
	}
}

// knock starts a join with codes first in the background.
func (n *Node) knock(link string) (result chan error) {
	result = make(chan error, 1)
	go func() {
		_, err := n.API().Workspaces.Join(api.JoinWorkspace{Link: link, Person: "Ben", WaitMs: Patience.Milliseconds()})
		result <- err
	}()
	return result
}

func codesFirst(t *testing.T, ana *Node, ws string) string {
	t.Helper()
	invite, err := ana.API().Workspaces.Invite(api.NewInvite{Workspace: ws, Role: "member", Uses: 1, ExpiresMs: time.Hour.Milliseconds(), CodesFirst: true})
	if err != nil {
		t.Fatal(err)
	}
	return invite.Link
}

func TestWithCodesFirstTheKeysComeAfterBothCodes(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	ana.Say(ws, "for friends only")
	joined := ben.knock(codesFirst(t, ana, ws))
	ours, theirs := ana.codes(), ben.codes()
	if ours.Code == theirs.Code || len(ours.Code) < 6 || !ours.Inviter || theirs.Inviter {
		t.Fatalf("codes %+v and %+v", ours, theirs)
	}
	list, err := ben.API().Workspaces.List()
	if err != nil || len(list) != 1 || list[0].State != "joining" {
		t.Fatalf("before the codes: %+v, %v; want one workspace that is joining", list, err)
	}
	ana.enter(ours, theirs.Code)
	ben.enter(theirs, ours.Code)
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
	ben.Until("Ben reads the history", func() bool { return slices.Equal(ben.Texts(ws), []string{"for friends only"}) })
	ben.Say(ws, "thank you")
	ana.Until("Ana reads Ben", func() bool { return len(ana.Texts(ws)) == 2 })
	people, err := ana.API().People.List(ws)
	if err != nil || len(people) != 2 || people[1].State != "verified" {
		t.Errorf("people %+v, %v; want Ben verified", people, err)
	}
}

func TestAWrongCodeLetsNobodyIn(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	joined := ben.knock(codesFirst(t, ana, ws))
	ours, theirs := ana.codes(), ben.codes()
	ana.enter(ours, "000 000")
	ben.enter(theirs, ours.Code)
	err := <-joined
	var refused *api.Error
	if !errors.As(err, &refused) || refused.Code != api.CodeRefused {
		t.Errorf("join: %v, want code refused", err)
	}
	list, err := ben.API().Workspaces.List()
	if err != nil || len(list) != 0 {
		t.Errorf("Ben has workspaces %+v, %v; want none", list, err)
	}
	if people, err := ana.API().People.List(ws); err != nil || len(people) != 1 {
		t.Errorf("people %+v, %v; want only Ana", people, err)
	}
}
