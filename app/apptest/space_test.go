package apptest

import (
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
)

func TestAPrivateSpaceIsReadByItsMembersOnly(t *testing.T) {
	nodes, ws := trio(t)
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	space, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "board", People: []string{ana.person(ws, "Ben")}, History: "full"})
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

func TestAPersonReadsNoTwoPrivateSpacesOfOneName(t *testing.T) {
	nodes, ws := trio(t)
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	make := func(n *Node, name string, with ...string) error {
		_, err := n.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: name, People: with, History: "full"})
		return err
	}
	if err := make(ana, "Board", ana.person(ws, "Ben")); err != nil {
		t.Fatal(err)
	}
	ben.Until("Ben knows the name of the space", func() bool {
		spaces, err := ben.API().Workspaces.Spaces(ws)
		return err == nil && slices.ContainsFunc(spaces, func(s api.Space) bool { return s.Name == "Board" })
	})
	for _, test := range []struct {
		person string
		by     *Node
		name   string
		taken  bool
	}{{"Ana", ana, "Board", true}, {"Ana", ana, "bOARD", true}, {"Ben", ben, "board", true}, {"Ben", ben, "boards", false}, {"Cleo", cleo, "Board", false}} {
		err := make(test.by, test.name)
		if taken := err != nil && strings.Contains(err.Error(), "of this name exists already"); taken != test.taken || err != nil && !taken {
			t.Errorf("%s makes %q: %v, want that the name is taken: %v", test.person, test.name, err, test.taken)
		}
	}
	made := 0
	spaces, err := ana.API().Workspaces.Spaces(ws)
	for _, space := range spaces {
		if space.Kind == "private" {
			made++
		}
	}
	if made != 1 || err != nil {
		t.Errorf("Ana has %d private spaces (%v), want the one that was not refused", made, err)
	}
}

func TestK65WhoIsAddedLaterReadsEverything(t *testing.T) {
	nodes, ws := trio(t)
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	made := func(history string) api.Space {
		t.Helper()
		space, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "board", People: []string{ana.person(ws, "Ben")}, History: history})
		if err != nil {
			t.Fatal(err)
		}
		return space
	}
	space := made("full")
	plans, err := ana.API().Chat.CreateChannel(api.NewChannel{Workspace: ws, Space: space.ID, Name: "plans"})
	if err != nil {
		t.Fatal(err)
	}
	say := func(n *Node, text string) {
		t.Helper()
		if _, err := n.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: plans.ID, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	has := func(n *Node, count int) func() bool {
		return func() bool {
			return slices.ContainsFunc(n.channels(ws), func(c api.Channel) bool { return c.ID == plans.ID }) && len(n.Messages(ws, plans.ID)) == count
		}
	}
	say(ana, "before")
	ben.Until("Ben reads it", has(ben, 1))
	add := api.NewSpacePeople{Workspace: ws, Space: space.ID, People: []string{ana.person(ws, "Cleo")}}
	if _, err := ben.API().Workspaces.AddToSpace(add); err == nil {
		t.Error("Ben, who did not make the space, lets somebody in")
	}
	list, err := ana.API().Workspaces.List()
	if err != nil {
		t.Fatal(err)
	}
	direct, err := ana.API().Chat.OpenDirect(api.Direct{Workspace: ws, People: []string{ana.person(ws, "Ben")}})
	if err != nil {
		t.Fatal(err)
	}
	for wrong, want := range map[string]string{list[0].Main: "All members are in the main space", direct.Space: "keeps the people it was made with"} {
		add := add
		add.Space = wrong
		if _, err := ana.API().Workspaces.AddToSpace(add); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("somebody is let into %s: %v, want %q", wrong, err, want)
		}
	}
	changed, err := ana.API().Workspaces.AddToSpace(add)
	if err != nil || len(changed.People) != 3 {
		t.Fatalf("%+v, %v", changed, err)
	}
	say(ana, "after")
	cleo.Until("Cleo reads both", has(cleo, 2))
	cleo.Until("Cleo knows the space's name and lacks nothing", func() bool {
		spaces, err := cleo.API().Workspaces.Spaces(ws)
		all, listed := cleo.API().Workspaces.List()
		return err == nil && listed == nil && all[0].Behind == 0 &&
			slices.ContainsFunc(spaces, func(s api.Space) bool { return s.ID == space.ID && s.Name == "board" })
	})
	say(cleo, "thank you")
	ben.Until("Ben reads all three", has(ben, 3))
}

func TestK65WhoComesIntoASpaceFromJoinReadsWhatFollows(t *testing.T) {
	nodes, ws := trio(t)
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	space, err := ana.API().Workspaces.CreateSpace(api.NewSpace{Workspace: ws, Name: "board", People: []string{ana.person(ws, "Ben")}, History: "from-join"})
	if err != nil {
		t.Fatal(err)
	}
	plans, err := ana.API().Chat.CreateChannel(api.NewChannel{Workspace: ws, Space: space.ID, Name: "plans"})
	if err != nil {
		t.Fatal(err)
	}
	say := func(n *Node, text string) {
		t.Helper()
		if _, err := n.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: plans.ID, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	reads := func(n *Node, want ...string) func() bool {
		return func() bool {
			if !slices.ContainsFunc(n.channels(ws), func(c api.Channel) bool { return c.ID == plans.ID && c.Name == "plans" }) {
				return false
			}
			var got []string
			for _, m := range n.Messages(ws, plans.ID) {
				if got = append(got, m.Text); m.Provisional {
					return false
				}
			}
			return slices.Equal(got, want)
		}
	}
	say(ana, "before")
	ben.Until("Ben reads it", reads(ben, "before"))
	say(ben, "before, too")
	ana.Until("Ana reads Ben", reads(ana, "before", "before, too"))
	write := func(title string) api.Doc {
		t.Helper()
		doc, err := ana.API().Docs.Create(api.NewDoc{Workspace: ws, Space: space.ID, Title: title})
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	fill := func(doc api.Doc, text string) {
		t.Helper()
		if err := ana.API().Docs.Append(api.DocAppend{Workspace: ws, ID: doc.ID, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	old := write("Old plans")
	fill(old, "secret")
	add := api.NewSpacePeople{Workspace: ws, Space: space.ID, People: []string{ana.person(ws, "Cleo")}}
	if _, err := ana.API().Workspaces.AddToSpace(add); err != nil {
		t.Fatal(err)
	}
	fill(old, "more")
	if err := ana.API().Docs.Rename(api.DocName{Workspace: ws, ID: old.ID, Title: "Older plans"}); err != nil {
		t.Fatal(err)
	}
	fresh := write("New plans")
	fill(fresh, "for all three")
	say(ana, "after")
	cleo.Until("Cleo reads what follows", reads(cleo, "after"))
	ben.Until("Ben reads it", reads(ben, "before", "before, too", "after"))
	say(ben, "hello Cleo")
	cleo.Until("Cleo reads Ben", reads(cleo, "after", "hello Cleo"))
	say(cleo, "thank you")
	for _, n := range []*Node{ana, ben} {
		n.Until("all of it is there for who was in", reads(n, "before", "before, too", "after", "hello Cleo", "thank you"))
	}
	cleo.Until("Cleo knows the space's name and lacks nothing", func() bool {
		spaces, err := cleo.API().Workspaces.Spaces(ws)
		all, listed := cleo.API().Workspaces.List()
		return err == nil && listed == nil && all[0].Behind == 0 &&
			slices.ContainsFunc(spaces, func(s api.Space) bool { return s.ID == space.ID && s.Name == "board" })
	})
	cleo.Until("Cleo reads the new document", func() bool {
		text, err := cleo.API().Docs.Text(api.DocRef{Workspace: ws, ID: fresh.ID})
		return err == nil && strings.TrimSpace(text.Text) == "for all three"
	})
	docs, err := cleo.API().Docs.List(ws)
	if err != nil || len(docs) != 1 || docs[0].ID != fresh.ID {
		t.Errorf("Cleo's documents are %+v (%v), want the new one alone", docs, err)
	}
	if text, err := cleo.API().Docs.Text(api.DocRef{Workspace: ws, ID: old.ID}); err == nil {
		t.Errorf("Cleo reads %q in the old document", text.Text)
	}
	if status, err := cleo.API().Settings.Status(); err != nil || len(status.Problems) > 0 {
		t.Errorf("Cleo is told of %q (%v)", status.Problems, err)
	}
}

// person is the id of a person by name, once the name has come.
func (n *Node) person(ws, name string) (id string) {
	n.t.Helper()
	n.Until(name+" is known", func() bool {
		people, err := n.API().People.List(ws)
		if err != nil {
			n.t.Fatalf("people: %v", err)
		}
		i := slices.IndexFunc(people, func(p api.Person) bool { return p.Name == name })
		if i >= 0 {
			id = people[i].ID
		}
		return i >= 0
	})
	return id
}

func (n *Node) channels(ws string) []api.Channel {
	n.t.Helper()
	list, err := n.API().Chat.Channels(ws)
	if err != nil {
		n.t.Fatalf("channels: %v", err)
	}
	return list
}
