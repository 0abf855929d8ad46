package process

import (
	"fmt"
	"os/exec"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
)

// TestAJoinSurvivesKills kills the newcomer or the inviter at different moments
// of a join. After a start the join goes on by itself or can be done again with
// the same link, which serves one person; the newcomer is a member once.
func TestAJoinSurvivesKills(t *testing.T) {
	t.Parallel()
	moments := []time.Duration{5, 15, 25, 35, 45, 60, 80, 120}
	if long() {
		for ms := time.Duration(2); ms < 200; ms += 3 {
			moments = append(moments, ms)
		}
	}
	ana := start(t)
	found(t, ana, "Atelier", "Ana")
	say(t, ana, "welcome")
	inside := []*clitest.Node{ana}
	for i, ms := range moments {
		for _, who := range []string{"newcomer", "inviter"} {
			link := ana.Invite(t)
			n := start(t)
			name := fmt.Sprintf("%s killed %d", who, i)
			join := exec.Command(n.Program, "--data", n.Data, "--json", "join", link, "--as", name, "--wait", "60s")
			if err := join.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(ms * time.Millisecond) // anywhere in the life of the join
			victim := n
			if who == "inviter" {
				victim = ana
			}
			victim.Kill(t)
			victim.Start(t)
			_ = join.Wait() // with the newcomer its command ends too
			if list := clitest.Run[struct{ Workspaces []api.Workspace }](t, n, "workspace", "list").Workspaces; len(list) == 0 {
				enter(t, n, link, name) // nothing had been stored of it yet
			}
			until(t, name+": the join is finished", func() bool { return ready(t, n) })
			agree(t, []*clitest.Node{ana, n}, []string{"welcome"})
			until(t, name+": everybody knows the newcomer by name, once", func() bool {
				return count(t, ana, name) == 1 && count(t, n, name) == 1
			})
			inside = append(inside, n)
			if len(inside) > 4 { // a small team stays on
				inside[1].Stop(t)
				inside = append(inside[:1], inside[2:]...)
			}
		}
	}
	people := clitest.Run[struct{ People []api.Person }](t, ana, "people", "list").People
	if len(people) != 2*len(moments)+1 {
		t.Errorf("%d people in the end, want %d", len(people), 2*len(moments)+1)
	}
}

// count is how many people have a name.
func count(t *testing.T, n *clitest.Node, name string) (found int) {
	t.Helper()
	for _, p := range clitest.Run[struct{ People []api.Person }](t, n, "people", "list").People {
		if p.Name == name {
			found++
		}
	}
	return found
}
