package apptest

import (
	"slices"
	"testing"

	"parvis/app/api"
)

func TestWhoWasRemovedElsewhereMeanwhileIsReadAlikeByAll(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	if err := ana.API().Members.SetRole(api.PersonRole{Workspace: ws, Person: ana.person(ws, "Cleo"), Role: "admin"}); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		n.known(ws, "Cleo", func(p api.Person) bool { return p.Role == "admin" })
	}
	doc := ben.document(ws, "", "Plan", ana, cleo)
	ana.Stop()
	ben.Stop()
	if err := cleo.API().Members.Remove(api.PersonRemoval{Workspace: ws, Person: cleo.person(ws, "Ben")}); err != nil {
		t.Fatal(err)
	}
	cleo.Stop()
	ana.Start()
	ben.Start()
	ana.known(ws, "Ben", func(p api.Person) bool { return p.Online })
	if err := ana.API().Members.SetRole(api.PersonRole{Workspace: ws, Person: ana.person(ws, "Ben"), Role: "owner"}); err != nil {
		t.Fatal(err)
	}
	ben.known(ws, "Ben", func(p api.Person) bool { return p.Role == "owner" })
	ben.Say(ws, "meanwhile")
	ben.write(ws, doc, "In the train.")
	ana.Until("Ana reads Ben", func() bool { return slices.Contains(ana.Texts(ws), "meanwhile") })
	cleo.Start()
	ana.known(ws, "Ben", func(p api.Person) bool { return p.State == "removed" })
	ana.Say(ws, "to all")
	cleo.Until("Cleo reads Ana", func() bool { return slices.Contains(cleo.Texts(ws), "to all") })
	if a, c := ana.Texts(ws), cleo.Texts(ws); !slices.Equal(a, c) {
		t.Errorf("Ana reads %q, Cleo %q", a, c)
	}
	ben.hearsItIsOut(ws, "person")
	if !slices.Contains(ben.Texts(ws), "meanwhile") {
		t.Error("Ben no longer reads what he wrote himself")
	}
	if text := ben.reads(ws, doc); text != "In the train." {
		t.Errorf("nor what he typed into a document: %q", text)
	}
}
