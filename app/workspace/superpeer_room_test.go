package workspace_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"parvis/app/workspace"
)

func TestTheRoomAtASuperPeerIsKeptUpToDate(t *testing.T) {
	ana, _, wa, _, s := two(t)
	synctest.Test(t, func(t *testing.T) {
		c, ended := workspace.NewCourier(wa, s.key, ana.way(s)), make(chan error, 1)
		m, err := ana.way(s).Mailbox(t.Context(), s.key, nil, wa.ID())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { ended <- c.Weigh(ctx, m) }()
		expect := func(what string, asked int, used int64) {
			t.Helper()
			synctest.Wait()
			s.set(func() {
				if s.asked != asked || c.Used() != used {
					t.Errorf("%s: asked %d times and %d bytes are known, want %d and %d", what, s.asked, c.Used(), asked, used)
				}
			})
		}
		time.Sleep(time.Hour)
		expect("nothing was brought", 0, 0)
		s.set(func() { s.used, s.limit = 100, 1000 })
		c.Brought(10)
		expect("the last answer is an hour old", 1, 100)
		s.set(func() { s.used = 200 })
		c.Brought(10)
		c.Brought(10)
		time.Sleep(59 * time.Second)
		expect("it is less than a minute old", 1, 100)
		time.Sleep(time.Second)
		expect("it is a minute old", 2, 200)
		s.set(func() { s.used = 9 << 20 })
		c.Brought(8 << 20)
		expect("much was brought", 3, 9<<20)
		s.set(func() { s.down, s.used = true, 0 })
		c.Brought(8 << 20)
		expect("there is no answer", 4, 9<<20)
		time.Sleep(time.Hour)
		expect("nothing was brought since", 4, 9<<20)
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}

func TestANearlyFullShareIsTold(t *testing.T) {
	for _, test := range []struct {
		problem     workspace.SuperPeerProblem
		used, limit int64
		want        workspace.SuperPeerProblem
	}{
		{"", 0, 0, ""},
		{"", 899, 1000, ""},
		{"", 900, 1000, workspace.ProblemNearlyFull},
		{"", 2000, 1000, workspace.ProblemNearlyFull},
		{workspace.ProblemQuota, 1000, 1000, workspace.ProblemQuota},
		{workspace.ProblemDamaged, 950, 1000, workspace.ProblemDamaged},
	} {
		if got := workspace.Worst(test.problem, test.used, test.limit); got != test.want {
			t.Errorf("%q with %d of %d: %q, want %q", test.problem, test.used, test.limit, got, test.want)
		}
	}
}

func TestEveryProblemOfASuperPeerHasASentence(t *testing.T) {
	for _, problem := range []workspace.SuperPeerProblem{
		workspace.ProblemDamaged, workspace.ProblemForgetful, workspace.ProblemStranger, workspace.ProblemFull,
		workspace.ProblemQuota, workspace.ProblemQuotaToday, workspace.ProblemNearlyFull,
	} {
		if got := problem.Sentence("kQpBFa77"); !strings.Contains(got, "super-peer kQpBFa77") || !strings.Contains(got, "sk ") {
			t.Errorf("%s: %q does not name the super-peer and whom to ask", problem, got)
		}
	}
	if got := workspace.SuperPeerProblem("").Sentence("kQpBFa77"); got != "" {
		t.Errorf("no problem is %q", got)
	}
}

func TestWhatLiesOnlyAtASuperPeerIsCounted(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	alone := func() int {
		t.Helper()
		all, err := wa.SuperPeers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range all {
			if one.Peer == s.key {
				return one.Alone
			}
		}
		return 0
	}
	ca := ana.courier(wa, s)
	ca.upload(true)
	cb := ben.courier(wb, s)
	cb.read()
	_, device := wb.Self()
	wa.Held(device, wb.Have())
	if got := alone(); got != 0 {
		t.Fatalf("%d lie only there, want none: Ben has them", got)
	}
	ana.say(wa, "one")
	ana.say(wa, "two")
	if got := alone(); got != 0 {
		t.Errorf("%d lie only there, want none: they are not there yet", got)
	}
	ca.upload(false)
	if got := alone(); got != 2 {
		t.Errorf("%d lie only there, want 2", got)
	}
	second := newSuperPeer()
	ana.attach(wa, second)
	ana.courier(wa, second).upload(false)
	if got := alone(); got != 0 {
		t.Errorf("%d lie only there, want none: another super-peer has them", got)
	}
	ana.say(wa, "three")
	ca.upload(false)
	if got := alone(); got != 1 {
		t.Errorf("%d lie only there, want 1", got)
	}
	cb.read()
	wa.Held(device, wb.Have())
	if got := alone(); got != 0 {
		t.Errorf("%d lie only there, want none: Ben has acknowledged", got)
	}
}
