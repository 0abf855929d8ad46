package nat

import (
	"cmp"
	"slices"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/p2p"
)

// participant is how a node has its one participant in a call; false: it has none.
func participant(t *testing.T, n *clitest.Node, id string) (api.CallStat, bool) {
	t.Helper()
	all := clitest.Run[struct{ Participants []api.CallStat }](t, n, "call", "stats", id).Participants
	if len(all) != 1 {
		return api.CallStat{}, false
	}
	return all[0], true
}

// sees waits until a participant is as wanted.
func sees(t *testing.T, limit time.Duration, what string, n *clitest.Node, id string, holds func(api.CallStat) bool) time.Duration {
	t.Helper()
	begin := time.Now()
	for {
		at, there := participant(t, n, id)
		if there && holds(at) {
			return time.Since(begin)
		}
		if time.Since(begin) > limit {
			t.Fatalf("not within %s: %s; participant %+v\nnode:\n%s", limit, what, at, n.Log())
		}
		time.Sleep(100 * time.Millisecond) // between two questions to another process
	}
}

// flows checks for some seconds that pictures and sound arrive.
func flows(t *testing.T, n *clitest.Node, id, path string) {
	t.Helper()
	var trips []int64
	first, _ := participant(t, n, id)
	begin := time.Now()
	for time.Since(begin) < 8*time.Second {
		time.Sleep(500 * time.Millisecond) // between two questions to another process
		if at, there := participant(t, n, id); there && at.RTTMs > 0 {
			trips = append(trips, at.RTTMs)
		}
	}
	last, there := participant(t, n, id)
	pictures, sound, lost := last.FramesReceived-first.FramesReceived, last.AudioPackets-first.AudioPackets, last.AudioLost-first.AudioLost
	slices.SortFunc(trips, cmp.Compare)
	t.Logf("%s: %s, in %s %d pictures (%d bad), %d packets of sound, %d lost, round trips %v ms, %d kbit/s",
		n.Ready.Peer, last.Path, time.Since(begin).Round(time.Millisecond), pictures, last.FramesBad-first.FramesBad, sound, lost, trips, last.Kbps)
	if !there || last.State != "connected" || last.Path != path {
		t.Errorf("the participant is %q over %q, want %q: %+v", last.State, last.Path, path, last)
	}
	if pictures < 40 || sound < 200 {
		t.Errorf("%d pictures and %d packets of sound came", pictures, sound)
	}
}

// call brings two people into a call of generated pictures and sound.
func call(t *testing.T, ana, ben *clitest.Node) (id string) {
	t.Helper()
	id = clitest.Run[struct{ Call api.Call }](t, ana, "call", "start", "general", "--media", "test").Call.ID
	begin := time.Now()
	for {
		all := clitest.Run[struct{ Calls []api.Call }](t, ben, "call", "list").Calls
		if slices.ContainsFunc(all, func(c api.Call) bool { return c.ID == id && len(c.Participants) > 0 }) {
			break
		}
		if time.Since(begin) > patience {
			t.Fatalf("Ben does not know the call: %+v\nnode:\n%s", all, ben.Log())
		}
		time.Sleep(100 * time.Millisecond) // between two questions to another process
	}
	clitest.Run[struct{ Call api.Call }](t, ben, "call", "join", id, "--media", "test")
	for _, n := range []*clitest.Node{ana, ben} {
		took := sees(t, 40*time.Second, "media flow", n, id, func(s api.CallStat) bool {
			return s.State == "connected" && s.FramesReceived > 0 && s.AudioPackets > 0
		})
		t.Logf("%s has pictures and sound after %s", n.Ready.Peer, took.Round(time.Millisecond))
	}
	return id
}

// TestACallThroughTheSuperPeer is two people who reach only the super-peer: their call
// goes through it, is told as interrupted when it is cut off, and comes back.
func TestACallThroughTheSuperPeer(t *testing.T) {
	w := newWorld(t)
	super, box, ana, ben := office(t, w, symmetric, symmetric)
	box.Start(t)
	ana.Start(t)
	ben.Start(t)
	until(t, patience, "connected through the super-peer", ana, reaches(ben.Ready.Peer, p2p.PathRelayed))
	id := call(t, ana, ben)
	flows(t, ana, id, "tunnel")
	flows(t, ben, id, "tunnel")

	for _, away := range []time.Duration{0, 25 * time.Second} { // the second: for every connection to die
		w.pull(super.addr)
		cut := time.Now()
		for _, n := range []*clitest.Node{ana, ben} {
			sees(t, 15*time.Second, "the cut is told", n, id, func(s api.CallStat) bool { return s.State == "interrupted" })
			t.Logf("%s tells of the cut after %s", n.Ready.Peer, time.Since(cut).Round(time.Millisecond))
		}
		time.Sleep(away) // the network, not the programs
		w.plug(super.addr)
		begin := time.Now()
		for _, n := range []*clitest.Node{ana, ben} {
			var first api.CallStat // the counters begin anew when the other was gone
			sees(t, 90*time.Second, "pictures and sound are back", n, id, func(s api.CallStat) bool {
				if s.State != "connected" || s.Path != "tunnel" {
					return false
				}
				if first.FramesReceived == 0 {
					first = s
				}
				return s.FramesReceived > first.FramesReceived+5 && s.AudioPackets > first.AudioPackets+20
			})
			t.Logf("%s has them back after %s", n.Ready.Peer, time.Since(begin).Round(time.Millisecond))
		}
	}
	flows(t, ana, id, "tunnel")
}

// TestACallOfNeighboursNeedsNoTunnel is two people in one building, with the same
// super-peer.
func TestACallOfNeighboursNeedsNoTunnel(t *testing.T) {
	w := newWorld(t)
	_, box, ana, ben := office(t, w, symmetric, symmetric)
	w.connectAll(true)
	box.Start(t)
	ana.Start(t)
	ben.Start(t)
	until(t, patience, "connected", ana, reaches(ben.Ready.Peer, p2p.PathLAN))
	id := call(t, ana, ben)
	flows(t, ben, id, "lan")
	flows(t, ana, id, "lan")
}

// TestACallThroughAHole is two people whose programs make holes in their NATs: the call
// goes through them, and not through the super-peer.
func TestACallThroughAHole(t *testing.T) {
	w := newWorld(t)
	super, box, ana, ben := office(t, w, portRestricted, portRestricted)
	box.Start(t)
	ana.Start(t)
	ben.Start(t)
	until(t, patience, "connected", ana, func(s api.Status) bool {
		return reaches(ben.Ready.Peer, p2p.PathRelayed)(s) || reaches(ben.Ready.Peer, p2p.PathPunched)(s)
	})
	id := call(t, ana, ben) // perhaps relayed at first
	until(t, patience, "punched", ana, reaches(ben.Ready.Peer, p2p.PathPunched))
	time.Sleep(3 * time.Second) // the relayed connection is closed, and streams are opened anew
	w.pull(super.addr)
	flows(t, ana, id, "tunnel")
	flows(t, ben, id, "tunnel")
}
