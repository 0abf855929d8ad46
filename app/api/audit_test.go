package api_test

import (
	"context"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/audit"
	"parvis/crdt/seal"
)

// auditors answer with one line that does not count.
type auditors struct{ *services }

func (s auditors) List(_ context.Context, _ seal.ID, q audit.Query) (audit.Page, error) {
	anne := strings.Repeat("a", 64)
	return audit.Page{
		Lines: []audit.Line{{N: 3, By: audit.Author{Person: anne}, Did: audit.Act{What: audit.LeftTheTeam}, Void: &audit.Void{By: 2, RestOn: 1, Person: anne, Text: "so"}}},
		Names: map[string]string{anne: "Anne"},
	}, s.call("audit %q before %d, %d, %t", q.Person, q.Before, q.Limit, q.Routine)
}

func (s auditors) Export(context.Context, seal.ID) (audit.Exported, error) {
	return audit.Exported{Name: "log.json", Entries: 7, Data: []byte("{}")}, s.call("export")
}

func buildAudit(t *testing.T) (*api.API, *services) {
	s := &services{}
	return api.New(api.Config{Audit: auditors{s}, Life: func() (context.Context, error) { return t.Context(), nil }}), s
}

func TestTheAuditLogIsListed(t *testing.T) {
	a, s := buildAudit(t)
	got, failure := call(a, "Audit.List", `{"workspace":"`+ws+`","person":"`+ws+`","before":9,"limit":0,"routine":true}`)
	if failure != nil {
		t.Fatal(failure)
	}
	for _, part := range []string{`{"lines":[{"n":3,`, `"byName":"Anne"`, `"what":"left"`, `"kept":false,"because":2,"restsOn":1`, `"reason":"so","reasonBy":"Anne"`, `"forks":[],"people":[]`} {
		if !strings.Contains(got, part) {
			t.Errorf("no %s in %s", part, got)
		}
	}
	if want := `audit "` + ws + `" before 9, 100, true`; s.calls[0] != want {
		t.Errorf("reached %q, want %q", s.calls[0], want)
	}
	for _, bad := range []string{`{"workspace":"x"}`, `{"workspace":"` + ws + `","person":"x"}`, `{"workspace":"` + ws + `","limit":1001}`, `{"workspace":"` + ws + `","before":-1}`} {
		if _, failure := call(a, "Audit.List", bad); failure == nil || failure.Code != api.CodeInvalid {
			t.Errorf("%s: %v", bad, failure)
		}
	}
}

func TestTheAuditLogIsExported(t *testing.T) {
	a, s := buildAudit(t)
	made, err := a.Audit.Export(ws)
	if err != nil || made.Name != "log.json" || made.Size != 2 || made.Entries != 7 {
		t.Fatalf("%+v %v", made, err)
	}
	name, mime, data, err := a.Content.Exported(made.Token)
	if err != nil || name != "log.json" || mime != "application/json" || string(data) != "{}" {
		t.Errorf("%s %s %s %v", name, mime, data, err)
	}
	s.err = audit.ErrGuest
	if _, failure := call(a, "Audit.Export", `"`+ws+`"`); failure == nil || failure.Code != api.CodeRefused {
		t.Errorf("a guest: %v", failure)
	}
}

// A space is called so that it is known from all others.
func TestSpacesInTheAuditLogAreToldApart(t *testing.T) {
	s := spacious{&services{}}
	a := api.New(api.Config{Audit: s, Life: func() (context.Context, error) { return t.Context(), nil }})
	got, failure := call(a, "Audit.List", `{"workspace":"`+ws+`"}`)
	if failure != nil {
		t.Fatal(failure)
	}
	for _, name := range []string{"Board", "Plans 00000002", "Plans 00000003", "00000004"} {
		if !strings.Contains(got, `"spaceName":"`+name+`"`) {
			t.Errorf("no space is called %q in %s", name, got)
		}
	}
}

// spacious answers with spaces of one device, of which two have one name and one has none.
type spacious struct{ *services }

func (s spacious) List(context.Context, seal.ID, audit.Query) (audit.Page, error) {
	id := func(n string) string { return strings.Repeat("a", 24) + "0000000" + n }
	page := audit.Page{Names: map[string]string{id("1"): "Board", id("2"): "Plans", id("3"): "Plans", ws: "Plans"}}
	for _, n := range []string{"1", "2", "3", "4"} {
		page.Lines = append(page.Lines, audit.Line{Did: audit.Act{What: audit.MadeSpace, Space: id(n)}})
	}
	return page, nil
}

func (s spacious) Export(context.Context, seal.ID) (audit.Exported, error) {
	return audit.Exported{}, nil
}
