package process

import (
	"fmt"
	"testing"
	"time"

	"parvis/app/cli/clitest"
)

func TestTwoProgramsTalk(t *testing.T) {
	t.Parallel()
	ana, ben := start(t), start(t)
	found(t, ana, "Atelier", "Ana")
	say(t, ana, "before anybody came")
	took := enter(t, ben, ana.Invite(t), "Ben")
	t.Logf("join took %v", took)
	if took > 5*time.Second {
		t.Errorf("the join took %v, want at most 5 s", took)
	}
	say(t, ben, "bonjour Ana")
	both := []*clitest.Node{ana, ben}
	texts := []string{"before anybody came", "bonjour Ana"}
	agree(t, both, texts)
	say(t, ana, "bonjour Ben")
	texts = append(texts, "bonjour Ben")
	list := agree(t, both, texts)
	for i, m := range list {
		if m.Text != texts[i] {
			t.Errorf("message %d is %q, want %q", i, m.Text, texts[i])
		}
	}
	until(t, "both have everything and know it", func() bool {
		for _, n := range both {
			for _, m := range n.Messages(t, "general") {
				if m.State != "delivered" && m.State != "read" {
					return false
				}
			}
		}
		return true
	})
	for round := range 2 {
		for i, n := range both {
			n.Stop(t)
			alone := both[1-i]
			text := fmt.Sprintf("while node %d was off, round %d", i, round)
			say(t, alone, text)
			n.Start(t)
			back := fmt.Sprintf("node %d is back, round %d", i, round)
			say(t, n, back)
			texts = append(texts, text, back)
			noRepeats(t, agree(t, both, texts))
		}
	}
}

// TestNothingAcknowledgedIsLostByKills kills the writer and the receiver in turn,
// in the middle of bursts that both write.
func TestNothingAcknowledgedIsLostByKills(t *testing.T) {
	t.Parallel()
	ana, ben := pair(t)
	both := []*clitest.Node{ana, ben}
	rounds := 4
	if long() {
		rounds = 100
	}
	var texts []string
	for round := range rounds {
		victim := both[round%2]
		kill := make(chan struct{})
		enough := 20 + 7*round%60
		var bursts []*burst
		for i, n := range both {
			for sender := range 2 {
				lines := names(fmt.Sprintf("round %d node %d sender %d", round, i, sender), 400)
				var news func(int)
				if n == victim && sender == 0 {
					news = func(acked int) {
						if acked == enough {
							close(kill)
						}
					}
				}
				bursts = append(bursts, begin(t, n, lines, news))
			}
		}
		select {
		case <-kill:
		case <-bursts[0].done:
		}
		victim.Kill(t)
		total := 0
		for _, b := range bursts {
			acked := b.acknowledged()
			total += len(acked)
			texts = append(texts, acked...)
		}
		t.Logf("round %d: %d acknowledged", round, total)
		victim.Start(t)
		noRepeats(t, agree(t, both, texts))
	}
}

func TestAThirdMemberLetsANewcomerIn(t *testing.T) {
	t.Parallel()
	ana, ben := pair(t)
	link := ana.Invite(t)
	say(t, ana, "see you")
	agree(t, []*clitest.Node{ana, ben}, []string{"see you"})
	ana.Kill(t)
	cleo := start(t)
	took := enter(t, cleo, link, "Cleo")
	t.Logf("join took %v", took)
	if took > 10*time.Second {
		t.Errorf("the join took %v, want at most 10 s", took)
	}
	say(t, cleo, "hello from Cleo")
	agree(t, []*clitest.Node{ben, cleo}, []string{"see you", "hello from Cleo"})
	ana.Start(t)
	agree(t, []*clitest.Node{ana, ben, cleo}, []string{"see you", "hello from Cleo"})
}

// TestAJoinWaitsUntilSomebodyIsThere: nobody of the link is on at first, and the
// newcomer's own program dies while it waits.
func TestAJoinWaitsUntilSomebodyIsThere(t *testing.T) {
	t.Parallel()
	ana, ben := pair(t)
	link := ana.Invite(t)
	say(t, ana, "see you")
	agree(t, []*clitest.Node{ana, ben}, []string{"see you"})
	ana.Stop(t)
	ben.Stop(t)
	cleo := start(t)
	result := cleo.Try(t, nil, "join", link, "--as", "Cleo", "--wait", "2s")
	if result.Exit != 4 {
		t.Errorf("a join with nobody there ended with %d (%s), want 4", result.Exit, result.Err)
	}
	cleo.Kill(t)
	cleo.Start(t)
	ben.Start(t)
	begin := time.Now()
	until(t, "the join is finished", func() bool { return ready(t, cleo) })
	agree(t, []*clitest.Node{ben, cleo}, []string{"see you"})
	t.Logf("in %v after the third member came back", time.Since(begin))
}

// ready reports whether the node's only workspace can be used.
func ready(t *testing.T, n *clitest.Node) bool {
	t.Helper()
	list := clitest.Run[struct{ Workspaces []struct{ State string } }](t, n, "workspace", "list").Workspaces
	return len(list) == 1 && list[0].State == "ready"
}
