package apptest

import (
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
		n.known(ws, "Ana", func(p api.Person) bool { return p.State == "removed" })
	}
	if r := ana.workspace(ws).Removal; r == nil || r.How != "left" {
		t.Errorf("who left is out as %+v", r)
	}
	ben.Say(ws, "without Ana")
	cleo.Until("the others go on", func() bool { return slices.Contains(cleo.Texts(ws), "without Ana") })
}
