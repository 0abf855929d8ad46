package process

import (
	"slices"
	"testing"
	"time"

	"parvis/app/cli/clitest"
)

// callDoc is what the commands about calls print.
type callDoc struct {
	Call  struct{ ID, Channel string }
	Calls []struct {
		ID           string
		Participants []struct{ Person string }
		Ended        int64
	}
	Participants []struct {
		Name, Path                    string
		FramesReceived, FramesBad     int
		AudioPackets, AudioLost, Kbps int
	}
}

// hears waits until pictures and sound arrive from all these people.
func hears(t *testing.T, n *clitest.Node, id string, names ...string) {
	t.Helper()
	before := map[string][2]int{}
	until(t, "pictures and sound arrive", func() bool {
		var flowing []string
		for _, p := range clitest.Run[callDoc](t, n, "call", "stats", id).Participants {
			first, seen := before[p.Name]
			if !seen {
				before[p.Name] = [2]int{p.FramesReceived, p.AudioPackets}
			}
			if seen && p.FramesReceived > first[0]+10 && p.AudioPackets > first[1]+50 && p.Path != "" {
				flowing = append(flowing, p.Name)
			}
			if p.FramesBad > 0 {
				t.Errorf("of %d pictures of %s %d were bad", p.FramesReceived, p.Name, p.FramesBad)
			}
		}
		slices.Sort(flowing)
		return slices.Equal(flowing, names)
	})
}

// inCall is how many participants a node sees in a call; 0 when it does not know it.
func inCall(t *testing.T, n *clitest.Node, id string) int {
	t.Helper()
	for _, c := range clitest.Run[callDoc](t, n, "call", "list").Calls {
		if c.ID == id {
			return len(c.Participants)
		}
	}
	return 0
}

func TestAParticipantThatIsKilledIsGone(t *testing.T) {
	t.Parallel()
	ana, ben := pair(t)
	cleo := start(t)
	enter(t, cleo, ana.Invite(t), "Cleo")
	started := clitest.Run[callDoc](t, ana, "call", "start", "general", "--media", "test").Call
	if started.ID == "" || started.Channel == "" {
		t.Fatalf("started %+v", started)
	}
	for i, n := range []*clitest.Node{ben, cleo} {
		until(t, "the call is known", func() bool { return inCall(t, n, started.ID) == i+1 })
		clitest.Run[callDoc](t, n, "call", "join", started.ID[:8], "--media", "test")
	}
	hears(t, ana, started.ID, "Ben", "Cleo")

	cleo.Kill(t)
	killed := time.Now()
	until(t, "Cleo is gone", func() bool { return inCall(t, ana, started.ID) == 2 })
	if took := time.Since(killed); took > 9*time.Second {
		t.Errorf("who was killed was gone after %s", took)
	}
	hears(t, ben, started.ID, "Ana")

	ben.Kill(t) // and comes back before anybody has noticed
	ben.Start(t)
	until(t, "Ben knows that Ana is in the call", func() bool { return inCall(t, ben, started.ID) > 0 })
	clitest.Run[callDoc](t, ben, "call", "join", started.ID, "--media", "test")
	hears(t, ana, started.ID, "Ben")
	hears(t, ben, started.ID, "Ana")

	clitest.Run[struct{ Left bool }](t, ben, "call", "leave")
	until(t, "Ben has left", func() bool { return inCall(t, ana, started.ID) == 1 })
	if again := ben.Try(t, nil, "call", "leave"); again.Exit != 1 {
		t.Errorf("left twice: %+v", again)
	}
	if wrong := ben.Try(t, nil, "call", "join", started.ID, "--media", "film"); wrong.Exit != 1 {
		t.Errorf("joined with a film: %+v", wrong)
	}
}
