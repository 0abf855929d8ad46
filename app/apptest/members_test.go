package apptest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parvis/app/api"
)

// known waits until a node shows a person with a role or state.
func (n *Node) known(ws, name string, holds func(p api.Person) bool) {
	n.t.Helper()
	n.Until(name+" is known so", func() bool {
		people, err := n.API().People.List(ws)
		return err == nil && slices.ContainsFunc(people, func(p api.Person) bool { return p.Name == name && holds(p) })
	})
}

// An admin removes somebody whose computer is off. What it wrote before stays, and what it
// writes before it hears of its removal reaches nobody.
func TestAnAdminRemovesAMemberWhoseComputerIsOff(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben", "Cleo", "Dan")
	ana, ben, cleo, dan := nodes[0], nodes[1], nodes[2], nodes[3]
	if err := ana.API().Members.SetRole(api.PersonRole{Workspace: ws, Person: ana.person(ws, "Ben"), Role: "admin"}); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		n.known(ws, "Ben", func(p api.Person) bool { return p.Role == "admin" })
	}
	dan.Say(ws, "before")
	for _, n := range nodes {
		n.Until("it has what Dan wrote", func() bool { return slices.Contains(n.Texts(ws), "before") })
	}
	dan.Stop()
	if err := ben.API().Members.Remove(api.PersonRemoval{Workspace: ws, Person: ben.person(ws, "Dan"), Lost: true}); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*Node{ana, cleo} {
		n.known(ws, "Dan", func(p api.Person) bool { return p.State == "removed" })
	}
	cleo.Say(ws, "after")

	dan.Start()
	begun := time.Now()
	_, _ = dan.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: cleo.General(ws), Text: "back-dated"}) // refused once it knows
	dan.hearsItIsOut(ws, "person")
	for name, n := range map[string]*Node{"Ana": ana, "Ben": ben, "Cleo": cleo} {
		n.Until(name+" talks to Dan no more", func() bool {
			status, err := n.API().Settings.Status()
			return err == nil && !slices.ContainsFunc(status.Peers, func(p api.Peer) bool { return p.Name == "Dan" })
		})
		if texts := n.Texts(ws); slices.Contains(texts, "back-dated") || !slices.Contains(texts, "before") {
			t.Errorf("%s shows %q", name, texts)
		}
	}
	took := time.Since(begun)
	t.Logf("refused everywhere %s after its start", took.Round(10*time.Millisecond))
	if took > prompt {
		t.Errorf("refused after %s, want %s", took, prompt)
	}
	page, _ := dan.API().Chat.Messages(api.MessageQuery{Workspace: ws, Channel: cleo.General(ws), Limit: 10})
	if slices.ContainsFunc(page.Messages, func(m api.Message) bool { return m.Text == "after" }) {
		t.Error("it reads what was written after its removal")
	}
}

func TestWhoLeavesIsGoneAndTheFirstOwnerHandsOver(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	if err := ana.API().Members.Leave(ws); err == nil {
		t.Fatal("the first owner left")
	}
	if err := ana.API().Members.HandOver(api.PersonRef{Workspace: ws, Person: ana.person(ws, "Ben")}); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		n.known(ws, "Ben", func(p api.Person) bool { return p.Role == "owner" })
	}
	if err := ana.API().Members.Leave(ws); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*Node{ben, cleo} {
		n.known(ws, "Ana", func(p api.Person) bool { return p.State == "left" })
	}
	if r := ana.workspace(ws).Removal; r == nil || r.How != "left" {
		t.Errorf("who left is out as %+v", r)
	}
	ben.Say(ws, "without Ana")
	cleo.Until("the others go on", func() bool { return slices.Contains(cleo.Texts(ws), "without Ana") })
}

func TestWhoMayChangeARoleIsSaid(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben", "Cleo")
	ana, ben := nodes[0], nodes[1]
	if err := ana.API().Members.SetRole(api.PersonRole{Workspace: ws, Person: ana.person(ws, "Ben"), Role: "admin"}); err != nil {
		t.Fatal(err)
	}
	ben.known(ws, "Ben", func(p api.Person) bool { return p.Role == "admin" })
	lines := func() int {
		page, err := ana.API().Audit.List(api.AuditQuery{Workspace: ws, Routine: true})
		if err != nil {
			t.Fatal(err)
		}
		return len(page.Lines)
	}
	before := lines()
	for _, test := range []struct {
		by   *Node
		who  string
		role string
		want string
	}{
		{ana, "Cleo", "member", "Cleo is already a member."},
		{ana, "Ben", "admin", "Ben is already an admin."},
		{ben, "Cleo", "admin", "Only an owner can make somebody an admin. Ask Ana to do it."},
		{ben, "Cleo", "guest", "Only an owner can make somebody a guest. Ask Ana to do it."},
		{ben, "Ana", "member", "Only an owner can make somebody a member. Ask Ana to do it."},
	} {
		err := test.by.API().Members.SetRole(api.PersonRole{Workspace: ws, Person: test.by.person(ws, test.who), Role: test.role})
		if e, is := errors.AsType[*api.Error](err); !is || e.Message != test.want {
			t.Errorf("%s %s: %v, want %s", test.who, test.role, err, test.want)
		}
	}
	if after := lines(); after != before {
		t.Errorf("the log has %d lines more", after-before)
	}
}

// A guest knows the workspace, its space and the people in it by name, and nobody else.
// Who comes to a history that begins with joining knows them too, and hears new names.
func TestAGuestKnowsTheNamesOfWhomItMeets(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben", "Dan")
	ana, ben, dan := nodes[0], nodes[1], nodes[2]
	space, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "Board", People: []string{ana.person(ws, "Ben")}, History: "from-join"})
	if err != nil {
		t.Fatal(err)
	}
	made, err := ana.API().Chat.CreateChannel(api.NewChannel{Workspace: ws, Space: space.ID, Name: "plans"})
	if err != nil {
		t.Fatal(err)
	}
	invite, err := ana.API().Workspaces.Invite(api.NewInvite{Workspace: ws, Role: "guest", Spaces: []string{space.ID}, Uses: 1, ExpiresMs: time.Hour.Milliseconds()})
	if err != nil {
		t.Fatal(err)
	}
	cleo := New(t)
	cleo.Join(invite.Link, "Cleo")
	names := func(n *Node) (all []string) {
		people, _ := n.API().People.List(ws)
		for _, p := range people {
			if p.State != "removed" {
				all = append(all, p.Name)
			}
		}
		slices.Sort(all)
		return all
	}
	cleo.Until("it knows the people of its space alone", func() bool { return slices.Equal(names(cleo), []string{"Ana", "Ben", "Cleo"}) })
	cleo.Until("it knows what the workspace, the space and the channel are called", func() bool {
		list, _ := cleo.API().Workspaces.List()
		spaces, _ := cleo.API().Workspaces.Spaces(ws)
		return len(list) == 1 && list[0].Name != "" && list[0].People == 3 && len(spaces) == 1 && spaces[0].Name == "Board" &&
			slices.ContainsFunc(cleo.channels(ws), func(c api.Channel) bool { return c.ID == made.ID && c.Name == "plans" })
	})
	for _, n := range []*Node{ana, ben} {
		n.known(ws, "Cleo", func(p api.Person) bool { return p.Role == "guest" })
	}
	if err := ben.API().People.Rename(ws, "Benjamin"); err != nil {
		t.Fatal(err)
	}
	cleo.known(ws, "Benjamin", func(api.Person) bool { return true })
	dan.Until("who shares no space with the guest does not know its name", func() bool {
		return len(names(dan)) == 4 && !slices.Contains(names(dan), "Cleo")
	})
	if err := ana.API().Members.SetRole(api.PersonRole{Workspace: ws, Person: ana.person(ws, "Cleo"), Role: "member"}); err != nil {
		t.Fatal(err)
	}
	dan.known(ws, "Cleo", func(p api.Person) bool { return p.Role == "member" })
}

func TestTheRemovedDoesNotComeInAgainByTheSameLink(t *testing.T) {
	ana, ben, again := New(t), New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	invite, err := ana.API().Workspaces.Invite(api.NewInvite{Workspace: ws, Role: "member", Uses: 5, ExpiresMs: time.Hour.Milliseconds()})
	if err != nil {
		t.Fatal(err)
	}
	ben.Join(invite.Link, "Ben")
	ana.known(ws, "Ben", func(p api.Person) bool { return true })
	if err := ana.API().Members.Remove(api.PersonRemoval{Workspace: ws, Person: ana.person(ws, "Ben")}); err != nil {
		t.Fatal(err)
	}
	_, err = again.API().Workspaces.Join(api.JoinWorkspace{Link: invite.Link, Person: "Ben", WaitMs: Patience.Milliseconds()})
	if code := codeOf(err); code != api.CodeLinkRevoked {
		t.Errorf("with the old link: %q, %v", code, err)
	}
}
