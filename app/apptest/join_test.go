package apptest

import (
	"fmt"
	"os"
	"testing"
	"time"

	"parvis/app/api"
)

// TestManyJoinWithOneLink: one link for a whole team, one after the other and all
// at once. The door has four places; who finds none comes again.
func TestManyJoinWithOneLink(t *testing.T) {
	people := 4
	if os.Getenv("PARVIS_LONG") != "" {
		people = 8
	}
	ana := New(t)
	ws := ana.Found("Atelier", "Ana")
	invite, err := ana.API().Workspaces.Invite(api.NewInvite{Workspace: ws, Role: "member", Uses: 2 * people, ExpiresMs: time.Hour.Milliseconds()})
	if err != nil {
		t.Fatal(err)
	}
	for i := range people {
		begin := time.Now()
		New(t).Join(invite.Link, fmt.Sprintf("P%d", i))
		t.Logf("join %d took %v", i, time.Since(begin))
	}
	done := make(chan time.Duration, people)
	for i := range people {
		n := New(t)
		go func() {
			begin := time.Now()
			w, err := n.API().Workspaces.Join(api.JoinWorkspace{Link: invite.Link, Person: fmt.Sprintf("Q%d", i), WaitMs: Patience.Milliseconds()})
			if err != nil || w.State != "ready" {
				t.Errorf("join at once: %s, %v", w.State, err)
			}
			done <- time.Since(begin)
		}()
	}
	for range people {
		t.Logf("joined at once in %v", <-done)
	}
	ana.Until("all are in", func() bool {
		list, err := ana.API().People.List(ws)
		return err == nil && len(list) == 2*people+1
	})
}
