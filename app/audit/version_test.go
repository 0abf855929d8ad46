package audit

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"parvis/crdt/member"
	"parvis/crdt/member/membertest"
	"parvis/crdt/seal"
)

// A file that an earlier program wrote verifies for ever: what a version says in words
// never changes. PARVIS_GOLDEN writes that of the present version anew.
func TestAFileOfEachVersionVerifies(t *testing.T) {
	files := map[int]string{1: "testdata/log.json", 2: "testdata/log2.json"}
	if os.Getenv("PARVIS_GOLDEN") != "" {
		if err := os.WriteFile(files[formatVersion], variegated(t), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for version := 1; version <= formatVersion; version++ {
		data, err := os.ReadFile(files[version])
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(data, fmt.Appendf(nil, "\n\"version\": %d,\n", version)) {
			t.Errorf("%s has another version", files[version])
		}
		report, err := verify(data)
		if err != nil {
			t.Fatal(err)
		}
		if kinds := kindsOf(report); len(kinds) < 15 || len(voids(report)) == 0 || len(report.Forks) == 0 {
			t.Errorf("it shows %d kinds of acts, %d void, %d forks", len(kinds), len(voids(report)), len(report.Forks))
		}
	}
}

// variegated is the first random log that has nearly everything.
func variegated(t *testing.T) []byte {
	for seed := range uint64(1000) {
		tm := membertest.New(t, seed)
		tm.Run(70)
		names := map[string]string{}
		for i, a := range tm.Actors {
			names[a.Person.String()] = string(rune('A'+i)) + "nne"
		}
		data := file(t, tm.Entries(), names)
		report, err := verify(data)
		if err != nil {
			t.Fatal(err)
		}
		if len(kindsOf(report)) >= 15 && showsALeave(report) && len(voids(report)) > 0 && len(report.Forks) > 0 {
			return data
		}
	}
	t.Fatal("no log has everything")
	return nil
}

// showsALeave reports whether a removal confirms that somebody left.
func showsALeave(r *Report) bool {
	return slices.ContainsFunc(r.Lines, func(l Line) bool { return l.Did.What == RemovedPerson && l.Did.Kind == "left" })
}

// left is a team of which two people are out: Ben left and was seen off, Carl was removed.
func left(t *testing.T) (tm *membertest.Team, anne, ben, carl *membertest.Actor) {
	tm = membertest.New(t, 4)
	anne = tm.Actors[0]
	ben, carl = tm.New(anne, member.RoleMember), tm.New(anne, member.RoleMember)
	tm.Meet(ben, anne)
	tm.Write(ben, member.TypeLeave, member.LeaveBody{})
	tm.Meet(anne, ben)
	tm.Write(anne, member.TypePersonRemove, member.PersonRemoveBody{Person: ben.Person, Reason: 1})
	// The code of the reason is only what the remover says: nobody left by that alone.
	tm.Write(anne, member.TypePersonRemove, member.PersonRemoveBody{Person: carl.Person, Reason: 1})
	return tm, anne, ben, carl
}

func TestWhoLeftIsToldFromWhoWasRemoved(t *testing.T) {
	tm, _, ben, carl := left(t)
	report, err := verify(file(t, tm.Entries(), nil))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][2]string{
		ben.Person.String():  {"left", "confirmed that " + ben.Person.Short() + ", who was member, had left"},
		carl.Person.String(): {"removed", "removed " + carl.Person.Short() + ", who was member"},
	}
	for _, p := range report.People {
		if w, is := want[p.ID]; is && p.Status != w[0] {
			t.Errorf("%s is %s, want %s", p.ID[:8], p.Status, w[0])
		}
	}
	for _, l := range report.Lines {
		if w, is := want[l.Did.Person]; is && l.Did.What == RemovedPerson && !strings.HasSuffix(l.Text, w[1]) {
			t.Errorf("line %d: %s", l.N, l.Text)
		}
	}
	// A file of version 1 says of both that they were removed, and verifies.
	entries := inOrder(tm.Entries())
	first, err := tellAs(1, entries)
	if err != nil {
		t.Fatal(err)
	}
	data, err := write(first, Claims{Names: map[string]string{}}, entries)
	if err != nil {
		t.Fatal(err)
	}
	if report, err = verify(data); err != nil {
		t.Fatal(err)
	}
	if at := slices.IndexFunc(report.People, func(p Person) bool { return p.ID == ben.Person.String() }); report.People[at].Status != "removed" {
		t.Errorf("version 1 says %s", report.People[at].Status)
	}
	// Nor do its words pass for those of version 2.
	if _, err := verify(bytes.Replace(data, []byte("\"version\": 1"), []byte("\"version\": 2"), 1)); err == nil {
		t.Error("the words of version 1 pass for those of version 2")
	}
}

// All private spaces of one device have ids that begin alike.
func TestSpacesOfOneDeviceAreToldApart(t *testing.T) {
	tm := membertest.New(t, 5)
	anne := tm.Actors[0]
	spaces := []seal.SpaceID{member.PrivateSpaceID(tm.All.WS(), anne.ID()), member.PrivateSpaceID(tm.All.WS(), anne.ID())}
	for _, id := range spaces {
		tm.Write(anne, member.TypeSpaceCreate, member.SpaceCreateBody{
			Space: id, Kind: member.SpacePrivate, Members: []member.SpaceMember{{Person: anne.Person, Access: member.AccessAdmin}},
		})
	}
	s := serve(tm, anne, nil)
	s.config.Names = spaceNamed{knownNames{}, spaces[1]}
	page, err := s.List(t.Context(), tm.All.WS(), Query{Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	end := func(id seal.SpaceID) string { return id.String()[24:] }
	for i, want := range []string{"space " + end(spaces[0]) + ", history", "space Board " + end(spaces[1]) + ", history"} {
		line := page.Lines[slices.IndexFunc(page.Lines, func(l Line) bool { return l.Did.Space == spaces[i].String() })]
		if !strings.Contains(line.Text, want) {
			t.Errorf("%q does not say %q", line.Text, want)
		}
	}
	made, err := s.Export(t.Context(), tm.All.WS())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(made.Data, []byte("Board")) {
		t.Error("a file that anybody may read says how a private space is called")
	}
	if !bytes.Contains(made.Data, []byte("private space "+end(spaces[1])+", history")) {
		t.Error("the file does not tell the spaces apart")
	}
}

// spaceNamed knows the name of one space.
type spaceNamed struct {
	knownNames
	space seal.SpaceID
}

func (n spaceNamed) SpaceName(_ context.Context, _ seal.ID, space seal.SpaceID) (string, error) {
	if space == n.space {
		return "Board", nil
	}
	return "", nil
}
