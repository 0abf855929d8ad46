package apptest

import (
	"encoding/json"
	"errors"
	"slices"
	"sync"
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
	ana.enter(ours, wrong(theirs.Code))
	err := <-joined
	var refused *api.Error
	if !errors.As(err, &refused) || refused.Code != api.CodeRefused {
		t.Errorf("join: %v, want code refused", err)
	}
	if how := ben.stopped(); how != "refused" {
		t.Errorf("Ben's join ended as %q, want refused", how)
	}
	if people, err := ana.API().People.List(ws); err != nil || len(people) != 1 {
		t.Errorf("people %+v, %v; want only Ana", people, err)
	}
}

// stopped waits until the only workspace of a node is a join that rests, and says how
// the comparison of its codes ended.
func (n *Node) stopped() (how string) {
	n.t.Helper()
	n.Until("the join rests", func() bool {
		all, err := n.API().Workspaces.List()
		if err != nil || len(all) != 1 || all[0].State != "joining" {
			n.t.Fatalf("workspaces %+v, %v; want one that is joining", all, err)
		}
		how = all[0].Stopped
		return how != ""
	})
	return how
}

// ends hears how the comparisons of a node end.
func (n *Node) ends() <-chan string {
	ended := make(chan string, 16)
	n.t.Cleanup(n.API().Wire().Subscribe(func(name string, data json.RawMessage) {
		var c api.Comparison
		if name == api.EventCodes && json.Unmarshal(data, &c) == nil && c.State == "failed" {
			ended <- c.End
		}
	}))
	return ended
}

func TestBothSidesSayThatAComparisonWasStopped(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	link := codesFirst(t, ana, ws)
	atAna, atBen := ana.ends(), ben.ends()
	joined := ben.knock(link)
	ana.codes()
	ben.enter(ben.codes(), "")
	if err := <-joined; err == nil {
		t.Fatal("joined")
	}
	if a, b := <-atAna, <-atBen; a != "refused" || b != "stopped" {
		t.Errorf("it ended as %q at the inviter and %q at the joiner, want refused and stopped", a, b)
	}
	if how := ben.stopped(); how != "stopped" {
		t.Errorf("the join ended as %q, want stopped", how)
	}
	ben.Stop()
	ben.Start()
	if how := ben.stopped(); how != "stopped" {
		t.Errorf("after a restart the join ended as %q, want stopped", how)
	}
	ana.silent()

	joined = ben.knock(link) // the person asks for it
	ours, theirs := ana.codes(), ben.codes()
	ana.enter(ours, theirs.Code)
	ben.enter(theirs, ours.Code)
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
	list, err := ben.API().Workspaces.List()
	if err != nil || len(list) != 1 || list[0].State != "ready" || list[0].Stopped != "" {
		t.Errorf("workspaces %+v, %v; want one that is ready", list, err)
	}
	ben.Stop()
	ben.Start()
	ben.Until("it stays ready", func() bool {
		list, err := ben.API().Workspaces.List()
		return err == nil && len(list) == 1 && list[0].State == "ready"
	})
}

func TestAStoppedJoinCanBeForgotten(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	joined := ben.knock(codesFirst(t, ana, ws))
	ana.enter(ana.codes(), "")
	if err := <-joined; err == nil {
		t.Fatal("joined")
	}
	ben.stopped()
	if err := ben.API().Workspaces.CancelJoin(ws); err != nil {
		t.Fatal(err)
	}
	if list, err := ben.API().Workspaces.List(); err != nil || len(list) != 0 {
		t.Errorf("workspaces %+v, %v; want none", list, err)
	}
	ben.Stop()
	ben.Start()
	if list, err := ben.API().Workspaces.List(); err != nil || len(list) != 0 {
		t.Errorf("after a restart: workspaces %+v, %v; want none", list, err)
	}
}

// wrong is six digits that differ from code.
func wrong(code string) string {
	if code == "000000" {
		return "000001"
	}
	return "000000"
}

// silent waits until a node compares nothing any more.
func (n *Node) silent() {
	n.t.Helper()
	n.Until("the comparison ended", func() bool {
		all, err := n.API().Workspaces.Comparisons()
		if err != nil {
			n.t.Fatalf("comparisons: %v", err)
		}
		return len(all) == 0
	})
}

func TestTheOtherSideHearsAtOnceThatAComparisonEnded(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	link := codesFirst(t, ana, ws)
	ends := []struct {
		name string
		end  func(ours, theirs api.Comparison)
	}{
		{"the inviter types a wrong code", func(ours, theirs api.Comparison) { ana.enter(ours, wrong(theirs.Code)) }},
		{"the joiner gives up", func(_, theirs api.Comparison) { ben.enter(theirs, "") }},
	}
	for _, c := range ends {
		joined := ben.knock(link)
		ours, theirs := ana.codes(), ben.codes()
		if ours.Role != "member" || ours.Invite == "" || ours.Expires == 0 || ours.Begun == 0 {
			t.Errorf("%s: the inviter sees %+v, want the invitation it is about", c.name, ours)
		}
		c.end(ours, theirs)
		if err := <-joined; err == nil {
			t.Fatalf("%s: joined", c.name)
		}
		ana.silent()
		ben.silent()
	}
	// The third try starts a fresh comparison at once, and it can succeed.
	joined := ben.knock(link)
	ours, theirs := ana.codes(), ben.codes()
	ana.enter(ours, theirs.Code)
	ben.enter(theirs, ours.Code)
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
}

func TestAJoinerThatStopsAndComesBackIsNotHeldUp(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	link := codesFirst(t, ana, ws)
	stopped := ben.knock(link)
	ours := ana.codes()
	ben.codes()
	if err := ben.API().Workspaces.CancelJoin(ws); err != nil {
		t.Fatal(err)
	}
	<-stopped
	joined := ben.knock(link)
	ana.Until("a fresh comparison", func() bool {
		all, err := ana.API().Workspaces.Comparisons()
		return err == nil && len(all) == 1 && all[0].ID != ours.ID && all[0].State == "compare"
	})
	again, theirs := ana.codes(), ben.codes()
	ben.enter(theirs, again.Code)
	ana.enter(again, theirs.Code)
	if err := <-joined; err != nil {
		t.Fatal(err)
	}
}

func TestTheThirdWrongCodeEndsTheInvitation(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	link := codesFirst(t, ana, ws)
	var err error
	for run := 1; run <= 3; run++ {
		hers, his := ana.lastSpent(), ben.lastSpent()
		joined := ben.knock(link)
		ours, theirs := ana.codes(), ben.codes()
		ben.enter(theirs, wrong(ours.Code))
		err = <-joined
		if over := run == 3; <-hers != over || <-his != over {
			t.Errorf("run %d: the invitation is not said to have ended in the third run alone", run)
		}
		ana.silent()
		ben.silent()
	}
	if code := codeOf(err); code != api.CodeLinkRevoked {
		t.Errorf("the third run ended with %q: %v", code, err)
	}
	if all, err := ben.API().Workspaces.List(); err != nil || len(all) != 0 {
		t.Errorf("a join that cannot go on rests: %+v, %v", all, err)
	}
	cleo := New(t)
	if err := <-cleo.knock(link); codeOf(err) != api.CodeLinkRevoked {
		t.Errorf("whoever comes with the link later: %v", err)
	}
}

// lastSpent hears whether the next comparison of a node that fails ends its invitation.
func (n *Node) lastSpent() <-chan bool {
	ended := make(chan bool, 16)
	var once sync.Once
	n.t.Cleanup(n.API().Wire().Subscribe(func(name string, data json.RawMessage) {
		var c api.Comparison
		if name == api.EventCodes && json.Unmarshal(data, &c) == nil && c.State == "failed" {
			once.Do(func() { ended <- c.Spent })
		}
	}))
	return ended
}
