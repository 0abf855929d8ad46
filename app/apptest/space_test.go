package apptest

import (
	"slices"
	"testing"

	"parvis/app/api"
)

func TestAPrivateSpaceIsReadByItsMembersOnly(t *testing.T) {
	nodes, ws := trio(t)
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	people, err := ana.API().People.List(ws)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(people, func(p api.Person) bool { return p.Name == "Ben" })
	space, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "board", People: []string{people[at].ID}, History: "full"})
	if err != nil {
		t.Fatalf("create a private space: %v", err)
	}
	made, err := ana.API().Chat.CreateChannel(api.NewChannel{Workspace: ws, Space: space.ID, Name: "plans"})
	if err != nil {
		t.Fatalf("create a channel in it: %v", err)
	}
	if _, err := ana.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: made.ID, Text: "between us"}); err != nil {
		t.Fatal(err)
	}
	ana.Say(ws, "for everybody")
	ben.Until("Ben reads the private channel", func() bool {
		return slices.ContainsFunc(ben.channels(ws), func(c api.Channel) bool { return c.ID == made.ID }) && len(ben.Messages(ws, made.ID)) == 1
	})
	cleo.Until("Cleo has what is for everybody", func() bool { return len(cleo.Texts(ws)) == 1 })
	if slices.ContainsFunc(cleo.channels(ws), func(c api.Channel) bool { return c.ID == made.ID || c.Name == "plans" }) {
		t.Error("Cleo sees the private channel")
	}
	spaces, err := cleo.API().Workspaces.Spaces(ws)
	if err != nil || slices.ContainsFunc(spaces, func(s api.Space) bool { return s.ID == space.ID }) {
		t.Errorf("Cleo's spaces are %v (%v), want none that is private", spaces, err)
	}
}

func (n *Node) channels(ws string) []api.Channel {
	n.t.Helper()
	list, err := n.API().Chat.Channels(ws)
	if err != nil {
		n.t.Fatalf("channels: %v", err)
	}
	return list
}
