package process

import (
	"strings"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
)

// waiting counts what is on a node alone.
func waiting(t *testing.T, n *clitest.Node) (count int) {
	t.Helper()
	for _, one := range clitest.Run[struct{ Waiting []api.Waiting }](t, n, "status").Waiting {
		count += one.Count
	}
	return count
}

// TestANodeThatEndsSaysForWhomSomethingWaits: and what a super-peer can take, it takes
// while the node ends.
func TestANodeThatEndsSaysForWhomSomethingWaits(t *testing.T) {
	ana, ben := pair(t)
	for _, n := range []*clitest.Node{ana, ben} {
		until(t, "nothing waits", func() bool { return waiting(t, n) == 0 })
	}
	ana.Stop(t)
	if strings.Contains(ana.Log(), "alone") {
		t.Errorf("nothing waits, and the end says %q", ana.Log())
	}
	say(t, ben, "for Ana")
	begin := time.Now()
	ben.Stop(t)
	t.Logf("the end took %s", time.Since(begin).Round(time.Millisecond))
	if log := ben.Log(); strings.Count(log, "Atelier: 1 item waits on this computer alone, for Ana.\nParvis sends it when") != 1 {
		t.Errorf("the end says %q", log)
	}
	ben.Start(t)
	if n := waiting(t, ben); n != 1 {
		t.Errorf("after the next start %d items wait, want 1", n)
	}

	s := startSuperPeer(t, t.TempDir())
	ana.Start(t)
	clitest.Run[struct{}](t, ana, "superpeer", "add", s.Ready.Setup)
	for _, n := range []*clitest.Node{ana, ben} {
		until(t, "the super-peer has everything", func() bool {
			list := clitest.Run[struct{ Superpeers []api.SuperPeer }](t, n, "superpeer", "list").Superpeers
			return len(list) == 1 && list[0].State == "connected" && list[0].Queued == 0 && waiting(t, n) == 0
		})
	}
	ben.Stop(t)
	said := strings.Count(ana.Log(), "alone")
	say(t, ana, "with the last breath")
	ana.Stop(t)
	if strings.Count(ana.Log(), "alone") != said {
		t.Errorf("the super-peer is there, and the end says %q", ana.Log())
	}
	ben.Start(t)
	ben.Await(t, "general", "for Ana", "with the last breath")
}
