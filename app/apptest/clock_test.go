package apptest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"parvis/app"
	"parvis/app/api"
)

// clock is a device's clock that is wrong by some time.
type clock struct{ wrong atomic.Int64 }

func (c *clock) set(by time.Duration) { c.wrong.Store(int64(by)) }

func (c *clock) option(config *app.Config) {
	config.Now = func() time.Time { return time.Now().Add(time.Duration(c.wrong.Load())) }
}

// code is the code of an api error.
func code(err error) string {
	var e *api.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return fmt.Sprint(err)
}

const year = 365 * 24 * time.Hour

// TestClocksDoNotMatter: reliability R6. One device is ten years behind, one ten
// years ahead, and one jumps; the conversation is the same everywhere, in the
// order in which people answered each other.
func TestClocksDoNotMatter(t *testing.T) {
	var behind, ahead, jumping clock
	behind.set(-10 * year)
	ana, ben := New(t, behind.option), New(t, jumping.option)
	ws := ana.Found("Atelier", "Ana")
	jumping.set(-10 * year) // who joins must see the invitation as valid
	ben.Join(ana.Invite(ws), "Ben")
	jumping.set(0)
	cleo := New(t, ahead.option)
	link := ana.Invite(ws)
	ahead.set(-10 * year)
	cleo.Join(link, "Cleo")
	ahead.set(10 * year)

	nodes := []*Node{ana, ben, cleo}
	var want []string
	for round := range 9 {
		jumping.set(time.Duration(round-4) * year)
		writer := nodes[round%3]
		text := fmt.Sprintf("answer %d", round)
		writer.Say(ws, text)
		want = append(want, text)
		for i, n := range nodes {
			n.Until(fmt.Sprintf("node %d has %d answers in order", i, round+1), func() bool { return slices.Equal(n.Texts(ws), want) })
		}
	}
	ana.Stop()
	behind.set(-12 * year) // the clock went back while it was off
	ana.Start()
	ana.Say(ws, "still there")
	want = append(want, "still there")
	for _, n := range nodes {
		n.Until("what was written after the clock went back stands last", func() bool { return slices.Equal(n.Texts(ws), want) })
	}
}

func TestAnExpiredInvitationSaysSo(t *testing.T) {
	var mine, theirs clock
	ana, eve := New(t, mine.option), New(t, theirs.option)
	ws := ana.Found("Atelier", "Ana")
	link := ana.Invite(ws)
	mine.set(2 * time.Hour) // the invitation is for one hour
	for _, wrong := range []time.Duration{2 * time.Hour, 0, -year} {
		theirs.set(wrong) // with any clock: the inviter decides
		_, err := eve.API().Workspaces.Join(api.JoinWorkspace{Link: link, Person: "Eve", WaitMs: Patience.Milliseconds()})
		if got := code(err); got != api.CodeLinkExpired {
			t.Errorf("clock wrong by %v: %v, want %s", wrong, err, api.CodeLinkExpired)
		}
	}
	theirs.set(3 * 24 * time.Hour) // refused without asking anybody
	if _, err := eve.API().Workspaces.Inspect(link); code(err) != api.CodeLinkExpired {
		t.Errorf("inspect: %v, want %s", err, api.CodeLinkExpired)
	}
	list, err := eve.API().Workspaces.List()
	if err != nil || len(list) != 0 {
		t.Errorf("refused joins left %v behind (%v)", list, err)
	}
}
