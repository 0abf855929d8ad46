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
		Lost         []struct{ Person string }
		Rejoin       bool
		Ended        int64
	}
	Participants []callStat
	BySuperPeer  bool
}

type callStat struct {
	Name, Path                    string
	FramesReceived, FramesBad     int
	AudioPackets, AudioLost, Kbps int
}

// hears waits until pictures and sound arrive from all these people, all whole.
func hears(t *testing.T, n *clitest.Node, id string, names ...string) {
	t.Helper()
	for _, p := range receives(t, n, id, names...) {
		if p.FramesBad > 0 {
			t.Errorf("of %d pictures of %s %d were bad", p.FramesReceived, p.Name, p.FramesBad)
		}
	}
}

// receives waits until pictures and sound arrive from all these people, and returns what
// arrived of everybody.
func receives(t *testing.T, n *clitest.Node, id string, names ...string) (all []callStat) {
	t.Helper()
	before := map[string]callStat{}
	until(t, "pictures and sound arrive", func() bool {
		var flowing []string
		all = clitest.Run[callDoc](t, n, "call", "stats", id).Participants
		for _, p := range all {
			first, seen := before[p.Name]
			if !seen {
				before[p.Name] = p
			}
			if seen && p.FramesReceived > first.FramesReceived+10 && p.AudioPackets > first.AudioPackets+50 && p.Path != "" {
				flowing = append(flowing, p.Name)
			}
		}
		slices.Sort(flowing)
		return slices.Equal(flowing, names)
	})
	return all
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

// callIs reports whether a node shows a call so.
func callIs(t *testing.T, n *clitest.Node, id string, lost int, rejoin bool) bool {
	t.Helper()
	for _, c := range clitest.Run[callDoc](t, n, "call", "list").Calls {
		if c.ID == id {
			return len(c.Lost) == lost && c.Rejoin == rejoin
		}
	}
	return false
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
	if !callIs(t, ana, started.ID, 1, false) {
		t.Error("Ana does not know that Cleo was lost")
	}

	ben.Kill(t) // and comes back before anybody has noticed
	ben.Start(t)
	until(t, "Ben knows that Ana is in the call", func() bool { return inCall(t, ben, started.ID) > 0 })
	if !callIs(t, ben, started.ID, 0, true) {
		t.Error("Ben is not offered to join again")
	}
	clitest.Run[callDoc](t, ben, "call", "join", started.ID, "--media", "test")
	if !callIs(t, ben, started.ID, 0, false) {
		t.Error("Ben is still offered to join again")
	}
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

func TestACallOutlivesTheSuperPeerThatCarriesIt(t *testing.T) {
	t.Parallel()
	super := startSuperPeer(t, t.TempDir())
	ana, ben := pair(t)
	clitest.Run[struct{}](t, ana, "superpeer", "add", super.Ready.Setup)
	listeners := []*clitest.Node{start(t), start(t), start(t)}
	for i, name := range []string{"Cleo", "Dan", "Eva"} {
		enter(t, listeners[i], ana.Invite(t), name)
	}
	id := clitest.Run[callDoc](t, ana, "call", "start", "general", "--media", "test").Call.ID
	join := func(n *clitest.Node, media string) {
		until(t, "the call is known", func() bool { return inCall(t, n, id) > 0 })
		clitest.Run[callDoc](t, n, "call", "join", id, "--media", media)
	}
	join(ben, "test")
	for _, n := range listeners {
		join(n, "none")
	}
	all := append([]*clitest.Node{ana, ben}, listeners...)
	carried := func(by bool) func() bool {
		return func() bool {
			return !slices.ContainsFunc(all, func(n *clitest.Node) bool {
				return clitest.Run[callDoc](t, n, "call", "stats", id).BySuperPeer != by
			})
		}
	}
	until(t, "the super-peer carries the call", carried(true))
	receives(t, listeners[0], id, "Ana", "Ben")

	super.Kill(t)
	killed := time.Now()
	receives(t, listeners[0], id, "Ana", "Ben")
	t.Logf("a second of sound of both %v after the super-peer was killed", time.Since(killed))
	until(t, "nobody waits for it", carried(false))
	for _, n := range listeners {
		receives(t, n, id, "Ana", "Ben")
	}
}
