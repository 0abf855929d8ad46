package process

import (
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/cli/clitest"
)

// folk are the people as a node lists them, by name.
func folk(t *testing.T, n *clitest.Node) map[string]api.Person {
	t.Helper()
	named := map[string]api.Person{}
	for _, p := range clitest.Run[struct{ People []api.Person }](t, n, "people", "list").People {
		named[p.Name] = p
	}
	return named
}

func TestPeopleAreManagedByCommands(t *testing.T) {
	t.Parallel()
	ana, ben := pair(t)
	cleo, dan := start(t), start(t)
	enter(t, cleo, ana.Invite(t), "Cleo")
	enter(t, dan, ana.Invite(t), "Dan")
	all := []*clitest.Node{ana, ben, cleo, dan}
	everywhere := func(what string, nodes []*clitest.Node, holds func(map[string]api.Person) bool) {
		t.Helper()
		for _, n := range nodes {
			until(t, what, func() bool { return holds(folk(t, n)) })
		}
	}
	everywhere("all know all", all, func(p map[string]api.Person) bool { return len(p) == 4 })
	refused := func(n *clitest.Node, says string, args ...string) {
		t.Helper()
		if r := n.Try(t, nil, args...); r.Exit != 1 || !strings.Contains(r.Err, says) {
			t.Errorf("%q: exit %d, %q; want %q", args, r.Exit, r.Err, says)
		}
	}

	refused(ben, "Only an owner can make somebody an admin. Ask Ana", "people", "role", "Cleo", "admin")
	refused(ana, "owner, admin, member or guest", "people", "role", "Ben", "king")
	if p := clitest.Run[struct{ Person api.Person }](t, ana, "people", "role", "Ben", "admin").Person; p.Role != "admin" {
		t.Errorf("Ben is %+v", p)
	}
	everywhere("Ben is an admin", all, func(p map[string]api.Person) bool { return p["Ben"].Role == "admin" })

	rules := clitest.Run[struct{ Rules api.Rules }](t, ana, "workspace", "rules", "--trustee", "Ben", "--trustee", "Cleo", "--instant=false").Rules
	if rules.Quorum != 2 || len(rules.Trustees) != 2 || rules.Instant || !rules.Change {
		t.Errorf("rules %+v", rules)
	}
	until(t, "Ben knows the rules", func() bool {
		return clitest.Run[struct{ Rules api.Rules }](t, ben, "workspace", "rules").Rules.Quorum == 2
	})
	refused(ben, "codes first", "invite", "create")
	refused(cleo, "first owner", "workspace", "rules", "--instant")

	clitest.Run[struct{ Space api.Space }](t, ana, "space", "create", "Salaries", "--private", "Dan")
	if sp := clitest.Run[struct{ Space api.Space }](t, ana, "space", "remove", "Salaries", "Dan").Space; len(sp.People) != 1 {
		t.Errorf("without Dan there are %q", sp.People)
	}
	if sp := clitest.Run[struct{ Space api.Space }](t, ana, "space", "close", "Salaries").Space; !sp.Closed {
		t.Error("it is not closed")
	}

	clitest.Run[struct{ Person api.Person }](t, ben, "people", "remove", "Dan", "--lost")
	everywhere("Dan is removed", []*clitest.Node{ana, ben, cleo}, func(p map[string]api.Person) bool { return p["Dan"].State == "removed" })
	until(t, "Dan is told", func() bool {
		return slices.ContainsFunc(clitest.Run[struct{ Workspaces []api.Workspace }](t, dan, "workspace", "list").Workspaces, func(w api.Workspace) bool {
			return w.State == "removed"
		})
	})

	refused(cleo, "take the place", "people", "consent", "Ana")
	consent := clitest.Run[struct{ Consent string }](t, cleo, "people", "consent", "Ana", "--successor", "Ben").Consent
	refused(ben, "More trustees", "people", "depose", "Ana", "--successor", "Ben")
	clitest.Run[struct{ Person api.Person }](t, ben, "people", "depose", "Ana", "--successor", "Ben", "--consent", consent)
	everywhere("Ana is a member", []*clitest.Node{ana, ben, cleo}, func(p map[string]api.Person) bool { return p["Ana"].Role == "member" && p["Ben"].Role == "owner" })
	clitest.Run[struct{ Workspace struct{ ID string } }](t, ana, "workspace", "leave", "--yes")
	everywhere("Ana is gone", []*clitest.Node{ben, cleo}, func(p map[string]api.Person) bool { return p["Ana"].State == "left" })
	if m := clitest.Run[struct{ Matters []api.Matter }](t, ben, "people", "matters").Matters; len(m) != 0 {
		t.Errorf("matters %+v", m)
	}
}
