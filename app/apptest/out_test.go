package apptest

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
)

// What somebody had in a workspace stays readable on their computer when they are out,
// and goes when they say so.
func TestK51AWorkspaceThatOneIsOutOfIsReadAndPutAway(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	ana.Say(ws, "before")
	board, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "Board", People: []string{ana.person(ws, "Ben"), ana.person(ws, "Cleo")}})
	if err != nil {
		t.Fatal(err)
	}
	hers, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "Hers"})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := ana.API().Docs.Create(api.NewDoc{Workspace: ws, Title: "Plan"})
	if err != nil {
		t.Fatal(err)
	}
	if err := ana.API().Docs.Append(api.DocAppend{Workspace: ws, ID: doc.ID, Text: "A line."}); err != nil {
		t.Fatal(err)
	}
	picture := picture(1 << 20)
	stored, err := ana.API().Content.AddPicture(ws, doc.ID, "view.png", bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []*Node{ben, cleo} {
		n.Until("it has all", func() bool {
			return slices.Contains(n.Texts(ws), "before") && n.reads(ws, doc.ID) == "A line." && bytes.Equal(n.picture(ws, doc.ID, stored.File), picture)
		})
	}
	if err := ben.API().Workspaces.Forget(ws); codeOf(err) != api.CodeInvalid {
		t.Errorf("forget a workspace that one is in: %v", err)
	}
	if err := ben.API().Members.Leave(ws); err != nil {
		t.Fatal(err)
	}
	if err := ana.API().Members.Remove(api.PersonRemoval{Workspace: ws, Person: ana.person(ws, "Cleo")}); err != nil {
		t.Fatal(err)
	}
	cleo.hearsItIsOut(ws, "person")
	for how, n := range map[string]*Node{"left": ben, "person": cleo} {
		r := n.workspace(ws).Removal
		if r == nil || r.How != how || r.At == 0 || (r.By == ana.person(ws, "Ana")) != (how == "person") {
			t.Errorf("%s: %+v", how, r)
		}
		n.isReadable(t, ws, doc.ID, board.ID, hers.ID)
		n.Stop()
		n.Start()
		n.isReadable(t, ws, doc.ID, board.ID, hers.ID)
	}
	ana.Say(ws, "after")

	if err := ben.API().Workspaces.Forget(ws); err != nil {
		t.Fatal(err)
	}
	if cleo.blocks() == 0 {
		t.Error("the picture has no blocks")
	}
	ben.Until("the picture is deleted too", func() bool { return ben.blocks() == 0 })
	if _, err := ben.API().Workspaces.Join(api.JoinWorkspace{Link: ana.Invite(ws), Person: "Ben", WaitMs: Patience.Milliseconds()}); codeOf(err) != api.CodeRefused {
		t.Errorf("the device that left joins again: %v", err)
	}
	for range 2 {
		if all, err := ben.API().Workspaces.List(); err != nil || len(all) != 0 {
			t.Errorf("%+v %v", all, err)
		}
		if _, err := ben.API().Chat.Channels(ws); err == nil {
			t.Error("its channels are there still")
		}
		ben.Stop()
		ben.Start()
	}
	ben.Found("Workshop", "Ben") // the node goes on
}

// reads is what a document says here; empty: nothing yet.
func (n *Node) reads(ws, document string) string {
	text, _ := n.API().Docs.Text(api.DocRef{Workspace: ws, ID: document})
	return strings.TrimSpace(text.Text)
}

// isReadable looks at a workspace that this node is out of: what was there is shown, what
// is new is not, and nothing can be written.
func (n *Node) isReadable(t *testing.T, ws, doc, board, hers string) {
	t.Helper()
	if texts := n.Texts(ws); !slices.Equal(texts, []string{"before"}) {
		t.Errorf("it reads %q", texts)
	}
	if text := n.reads(ws, doc); text != "A line." {
		t.Errorf("the document says %q", text)
	}
	spaces, err := n.API().Workspaces.Spaces(ws)
	has := func(id string) bool {
		return slices.ContainsFunc(spaces, func(s api.Space) bool { return s.ID == id })
	}
	if err != nil || !has(board) || has(hers) {
		t.Errorf("spaces %+v %v", spaces, err)
	}
	session, err := n.API().Docs.Open(api.DocRef{Workspace: ws, ID: doc})
	if err != nil || !session.ReadOnly {
		t.Errorf("the document is opened to write: %+v %v", session, err)
	}
	general := n.General(ws)
	for what, act := range map[string]func() error{
		"send": func() error {
			_, err := n.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: general, Text: "too late"})
			return err
		},
		"make a document": func() error {
			_, err := n.API().Docs.Create(api.NewDoc{Workspace: ws, Title: "Late"})
			return err
		},
		"make a channel": func() error {
			_, err := n.API().Chat.CreateChannel(api.NewChannel{Workspace: ws, Name: "late"})
			return err
		},
		"make a space": func() error {
			_, err := n.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "Late"})
			return err
		},
		"invite": func() error {
			_, err := n.API().Workspaces.Invite(api.NewInvite{Workspace: ws, Role: "member", Uses: 1, ExpiresMs: 1000})
			return err
		},
	} {
		if _, is := errors.AsType[*api.Error](act()); !is {
			t.Errorf("it may %s", what)
		}
	}
	messages := n.Messages(ws, general)
	if err := n.API().Chat.MarkRead(api.ReadMark{Workspace: ws, Channel: general, Message: messages[len(messages)-1].ID}); err != nil {
		t.Errorf("mark as read: %v", err)
	}
}
