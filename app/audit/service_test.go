package audit

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/member/membertest"
	"parvis/crdt/seal"
)

// home is a log as one person of a team holds it.
type home struct {
	tm *membertest.Team
	by *membertest.Actor
}

func (h home) Self() (person, device seal.ID) { return h.by.Person, h.by.ID() }
func (h home) State() *member.State           { return h.tm.All.State() }
func (h home) Entries() []*member.Entry       { return h.tm.Entries() }

type knownNames map[seal.ID]string

func (n knownNames) Name(_, person seal.ID) string {
	if name := n[person]; name != "" {
		return name
	}
	return person.Short()
}
func (n knownNames) WorkspaceName(context.Context, seal.ID) (string, error) { return "Atelier", nil }

func (n knownNames) SpaceName(context.Context, seal.ID, seal.SpaceID) (string, error) {
	return "", nil
}

func serve(tm *membertest.Team, by *membertest.Actor, names knownNames) *Service {
	return New(Config{
		Find: func(ws seal.ID) (Log, error) {
			if ws != tm.All.WS() {
				return nil, ErrNotFound
			}
			return home{tm, by}, nil
		},
		Names: names, Now: func() time.Time { return time.UnixMilli(1_750_000_000_000) },
	})
}

func TestTheServiceExportsWhatVerifies(t *testing.T) {
	tm, _ := small(t)
	anne := tm.Actors[0]
	s := serve(tm, anne, knownNames{anne.Person: "Anne"})
	made, err := s.Export(t.Context(), tm.All.WS())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(made.Name, "parvis-audit-") || !strings.HasSuffix(made.Name, "-2025-06-15.json") || made.Entries != len(tm.Entries()) {
		t.Errorf("%s, %d entries", made.Name, made.Entries)
	}
	report, err := Verify(bytes.NewReader(made.Data))
	if err != nil {
		t.Fatal(err)
	}
	want := Claims{ExportedMs: 1_750_000_000_000, By: anne.Person.String(), Workspace: "Atelier", Names: map[string]string{anne.Person.String(): "Anne"}}
	if got := report.Claims; got.ExportedMs != want.ExportedMs || got.By != want.By || got.Workspace != want.Workspace || len(got.Names) != 1 {
		t.Errorf("claims %+v, want %+v", got, want)
	}
	if _, err := s.Export(t.Context(), seal.ID{1}); !errors.Is(err, ErrNotFound) {
		t.Errorf("another workspace: %v", err)
	}
}

func TestTheListIsPagedAndFiltered(t *testing.T) {
	tm := membertest.New(t, 3)
	tm.Run(30)
	s := serve(tm, tm.Actors[0], nil)
	whole, err := s.List(t.Context(), tm.All.WS(), Query{Limit: MaxPage, Routine: true})
	if err != nil || len(whole.Lines) != tm.All.Len() || whole.More || !whole.Whole {
		t.Fatalf("%d lines of %d, more %t, %v", len(whole.Lines), tm.All.Len(), whole.More, err)
	}
	var paged []Line
	for before := 0; ; {
		page, err := s.List(t.Context(), tm.All.WS(), Query{Limit: 4, Before: before, Routine: true})
		if err != nil {
			t.Fatal(err)
		}
		paged = append(page.Lines, paged...)
		if !page.More {
			break
		}
		before = page.Lines[0].N
	}
	for i, l := range paged {
		if l.N != whole.Lines[i].N {
			t.Fatalf("page by page line %d is %d", i+1, l.N)
		}
	}
	who := tm.Actors[1].Person.String()
	some, _ := s.List(t.Context(), tm.All.WS(), Query{Limit: MaxPage, Person: who})
	if len(some.Lines) == 0 || len(some.Lines) == len(whole.Lines) {
		t.Errorf("%d lines about one person", len(some.Lines))
	}
	for _, l := range some.Lines {
		if !l.About(who) || l.Did.Routine() {
			t.Errorf("line %d: %s", l.N, l.Text)
		}
	}
	// What comes later is told too.
	tm.Write(tm.Actors[0], member.TypePolicy, member.PolicyBody{Policy: member.DefaultPolicy()})
	after, _ := s.List(t.Context(), tm.All.WS(), Query{Limit: MaxPage, Routine: true})
	if len(after.Lines) != tm.All.Len() {
		t.Errorf("%d lines of %d", len(after.Lines), tm.All.Len())
	}
}

func TestGuestsSeeTheirOwnPart(t *testing.T) {
	tm := membertest.New(t, 4)
	anne := tm.Actors[0]
	ben := tm.New(anne, member.RoleMember)
	guest := tm.New(anne, member.RoleGuest)
	space := member.PrivateSpaceID(tm.All.WS(), anne.ID())
	persons := []member.SpaceMember{{Person: anne.Person, Access: member.AccessWrite}, {Person: ben.Person, Access: member.AccessWrite}, {Person: guest.Person, Access: member.AccessRead}}
	tm.Meet(anne, ben)
	if tm.Write(anne, member.TypeSpaceCreate, member.SpaceCreateBody{Space: space, Kind: member.SpacePrivate, Members: persons}) == nil {
		t.Fatal("no space")
	}
	names := knownNames{anne.Person: "Anne", ben.Person: "Ben", guest.Person: "Gil"}
	s := serve(tm, guest, names)
	page, err := s.List(t.Context(), tm.All.WS(), Query{Limit: MaxPage, Routine: true})
	if err != nil {
		t.Fatal(err)
	}
	if page.Whole || len(page.Lines) != 2 || len(page.People) != 1 {
		t.Fatalf("whole %t, %d lines, %d people", page.Whole, len(page.Lines), len(page.People))
	}
	for _, l := range page.Lines {
		if strings.Contains(l.Text, "Ben") || strings.Contains(l.Text, ben.Person.Short()) {
			t.Errorf("it names another member: %s", l.Text)
		}
	}
	if !strings.HasPrefix(page.Lines[0].Text, "Anne ") || !strings.Contains(page.Lines[0].Text, "admitted Gil") {
		t.Errorf("the first line is %s", page.Lines[0].Text)
	}
	if _, err := s.Export(t.Context(), tm.All.WS()); !errors.Is(err, ErrGuest) {
		t.Errorf("export: %v", err)
	}
}
