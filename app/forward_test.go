package app_test

import (
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/apptest"
)

// others is what a node has of the other participants of its call.
func others(n *apptest.Node, ws, id string) []api.CallStat {
	stats, err := n.API().Calls.Stats(api.CallRef{Workspace: ws, ID: id})
	if err != nil {
		return nil
	}
	return stats.Participants
}

// carriers is how many of the others a node sends to.
func carriers(all []api.CallStat) (count int) {
	for _, s := range all {
		if s.Line.KbpsOut > 0 {
			count++
		}
	}
	return count
}

func TestFiveSendThroughOneAndLoseIt(t *testing.T) {
	if testing.Short() {
		t.Skip("five nodes with pictures")
	}
	ana := apptest.New(t)
	ws := ana.Found("Atelier", "Ana")
	all := []*apptest.Node{ana}
	for _, name := range []string{"Ben", "Cleo", "Dan", "Eva"} {
		n := apptest.New(t)
		n.Join(ana.Invite(ws), name)
		all = append(all, n)
	}
	started, err := ana.API().Calls.Start(api.NewCall{Workspace: ws, Channel: ana.General(ws), Media: api.MediaTest})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range all[1:] {
		n.Until("it can join", func() bool {
			_, err := n.API().Calls.Join(api.JoinCall{Workspace: ws, ID: started.ID, Media: api.MediaTest})
			return err == nil
		})
	}
	// flows waits until each has heard a second more of each, and seen something of half of
	// them: pictures are what a busy machine gives up first (media C12).
	flows := func(what string, nodes []*apptest.Node) {
		t.Helper()
		for _, n := range nodes {
			before := map[string]int64{}
			for _, s := range others(n, ws, started.ID) {
				before[s.Device] = s.AudioPackets
			}
			n.Until(what, func() bool {
				heard, seen := 0, 0
				for _, s := range others(n, ws, started.ID) {
					if s.AudioPackets >= before[s.Device]+50 {
						heard++
					}
					if s.FramesReceived > 0 {
						seen++
					}
				}
				return heard >= len(nodes)-1 && 2*seen >= len(nodes)-1
			})
		}
	}
	flows("all hear and see all", all)
	carrier := -1
	for i, n := range all {
		n.Until("one carries", func() bool {
			c := carriers(others(n, ws, started.ID))
			return c == 1 || c == 4
		})
		if carriers(others(n, ws, started.ID)) == 4 {
			carrier = i
		}
	}
	flows("all hear all through it", all)
	if carrier < 0 {
		t.Fatal("nobody carries")
	}
	var rest []*apptest.Node
	for i, n := range all {
		if i != carrier {
			rest = append(rest, n)
		}
	}
	ended := time.Now()
	all[carrier].Stop()
	flows("all who are left hear each other", rest)
	t.Logf("a second of sound from all %v after the forwarder left", time.Since(ended))
	for _, n := range rest {
		for _, s := range others(n, ws, started.ID) {
			if s.State == "connected" && s.FramesBad > s.FramesReceived/10 {
				t.Errorf("%d of %d pictures of %s are bad", s.FramesBad, s.FramesReceived, s.Name)
			}
		}
	}
}
