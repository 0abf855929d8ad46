package apptest

import (
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/api"
)

// team is people who are online in one workspace.
func team(t *testing.T, names ...string) (ws string, nodes []*Node) {
	t.Helper()
	first := New(t)
	ws = first.Found("Atelier", names[0])
	nodes = []*Node{first}
	for _, name := range names[1:] {
		n := New(t)
		n.Join(first.Invite(ws), name)
		nodes = append(nodes, n)
	}
	for _, n := range nodes {
		n.Until("all are online", func() bool { return n.online(ws) == len(nodes) })
	}
	return ws, nodes
}

// startCall starts a call with a generated picture and tone.
func (n *Node) startCall(ws, channel string) api.Call {
	n.t.Helper()
	c, err := n.API().Calls.Start(api.NewCall{Workspace: ws, Channel: channel, Media: api.MediaTest})
	if err != nil {
		n.t.Fatalf("start a call: %v", err)
	}
	return c
}

func (n *Node) joinCall(ws, id string) {
	n.t.Helper()
	n.Until("the call is known", func() bool { return n.call(ws, id).ID == id })
	if _, err := n.API().Calls.Join(api.JoinCall{Workspace: ws, ID: id, Media: api.MediaTest}); err != nil {
		n.t.Fatalf("join the call: %v", err)
	}
}

func (n *Node) leaveCall() {
	n.t.Helper()
	if err := n.API().Calls.Leave(); err != nil {
		n.t.Fatalf("leave the call: %v", err)
	}
}

// call is a call as the node shows it.
func (n *Node) call(ws, id string) api.Call {
	n.t.Helper()
	all, err := n.API().Calls.List(api.CallQuery{Workspace: ws})
	if err != nil {
		n.t.Fatalf("list calls: %v", err)
	}
	for _, c := range all {
		if c.ID == id {
			return c
		}
	}
	return api.Call{}
}

// hears waits until pictures and sound arrive from exactly these people.
func (n *Node) hears(ws, id string, names ...string) {
	n.t.Helper()
	slices.Sort(names)
	before := map[string]api.CallStat{}
	n.Until("pictures and sound come from "+strings.Join(names, ", "), func() bool {
		stats, err := n.API().Calls.Stats(api.CallRef{Workspace: ws, ID: id})
		if err != nil {
			n.t.Fatalf("statistics: %v", err)
		}
		var flowing []string
		for _, p := range stats.Participants {
			first, seen := before[p.Name]
			if !seen {
				before[p.Name] = p
				first = p
			}
			if p.FramesReceived > first.FramesReceived+10 && p.AudioPackets > first.AudioPackets+50 && p.Path != "" {
				flowing = append(flowing, p.Name)
			}
		}
		slices.Sort(flowing)
		return len(stats.Participants) == len(names) && slices.Equal(flowing, names)
	})
}

func TestACallOfThree(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	id := ana.startCall(ws, ana.General(ws)).ID
	ben.joinCall(ws, id)
	ana.hears(ws, id, "Ben")
	ben.hears(ws, id, "Ana")
	cleo.Until("Cleo sees who is in it", func() bool { return len(cleo.call(ws, id).Participants) == 2 })
	if c := cleo.call(ws, id); c.Here || c.Ringing || c.Ended != 0 || len(c.People) != 2 {
		t.Errorf("Cleo sees %+v", c)
	}
	if c, err := cleo.API().Calls.Start(api.NewCall{Workspace: ws, Channel: cleo.General(ws), Media: api.MediaTest}); err != nil || c.ID != id {
		t.Errorf("another call in the channel: %+v, %v", c, err)
	}
	ana.hears(ws, id, "Ben", "Cleo")
	ben.hears(ws, id, "Ana", "Cleo")
	cleo.hears(ws, id, "Ana", "Ben")
	stats, err := ana.API().Calls.Stats(api.CallRef{Workspace: ws, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range stats.Participants {
		if p.FramesBad > 0 || p.AudioLost > p.AudioPackets/10 || p.Path != "lan" || p.State != "connected" {
			t.Errorf("Ana receives %+v", p)
		}
	}

	ben.leaveCall()
	ana.Until("Ben has left", func() bool { return len(ana.call(ws, id).Participants) == 2 })
	ana.hears(ws, id, "Cleo")
	ana.leaveCall()
	cleo.leaveCall()
	ben.Until("it is over", func() bool {
		c := ben.call(ws, id)
		return c.Ended > 0 && len(c.Participants) == 0 && len(c.People) == 3 && !c.Missed
	})
	if _, err := ben.API().Calls.Join(api.JoinCall{Workspace: ws, ID: id}); err == nil {
		t.Error("a call that is over was joined")
	}
}

func TestADirectCallRingsOnAllDevices(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben")
	ana, ben := nodes[0], nodes[1]
	laptop := New(t)
	ben.Add(laptop)
	people, err := ana.API().People.List(ws)
	if err != nil {
		t.Fatal(err)
	}
	conversation, err := ana.API().Chat.OpenDirect(api.Direct{Workspace: ws, People: []string{people[1].ID}})
	if err != nil {
		t.Fatal(err)
	}
	both := []*Node{ben, laptop}
	for _, n := range both {
		n.Until("the conversation is there", func() bool {
			channels, err := n.API().Chat.Channels(ws)
			return err == nil && slices.ContainsFunc(channels, func(c api.Channel) bool { return c.ID == conversation.ID })
		})
	}
	id := ana.startCall(ws, conversation.ID).ID
	for _, n := range both {
		n.Until("it rings", func() bool { return n.call(ws, id).Ringing })
	}
	laptop.joinCall(ws, id)
	for _, n := range both {
		n.Until("it rings no more", func() bool { return !n.call(ws, id).Ringing })
	}
	ana.hears(ws, id, "Ben")
	laptop.leaveCall()
	ana.leaveCall()

	missed := ana.startCall(ws, conversation.ID).ID
	for _, n := range both {
		n.Until("it rings again", func() bool { return n.call(ws, missed).Ringing })
	}
	ana.leaveCall()
	for _, n := range both {
		n.Until("it was missed", func() bool { return n.call(ws, missed).Missed })
	}

	declined := ana.startCall(ws, conversation.ID).ID
	for _, n := range both {
		n.Until("it rings once more", func() bool { return n.call(ws, declined).Ringing })
	}
	if err := ben.API().Calls.Decline(api.CallRef{Workspace: ws, ID: declined}); err != nil {
		t.Fatal(err)
	}
	laptop.Until("it stops on the other device", func() bool { return !laptop.call(ws, declined).Ringing })
	ana.leaveCall()
	for _, n := range both {
		n.Until("it is over and was not missed", func() bool { c := n.call(ws, declined); return c.Ended > 0 && !c.Missed })
	}
}

func TestARemovedDeviceIsLeftAtOnce(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	id := ana.startCall(ws, ana.General(ws)).ID
	ben.joinCall(ws, id)
	cleo.joinCall(ws, id)
	ana.hears(ws, id, "Ben", "Cleo")
	people, err := ana.API().People.List(ws)
	if err != nil {
		t.Fatal(err)
	}
	of, err := ana.API().Devices.Of(ws, people[1].ID)
	if err != nil || len(of) != 1 {
		t.Fatalf("Ben's devices: %+v, %v", of, err)
	}
	begun := time.Now()
	if err := ana.API().Devices.Remove(api.DeviceRemoval{Workspace: ws, Device: of[0].ID}); err != nil {
		t.Fatal(err)
	}
	ana.Until("Ben is left by Ana", func() bool {
		stats, err := ana.API().Calls.Stats(api.CallRef{Workspace: ws, ID: id})
		return err == nil && len(stats.Participants) == 1
	})
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("it took Ana %s", took)
	}
	cleo.Until("Ben is left by Cleo", func() bool {
		stats, err := cleo.API().Calls.Stats(api.CallRef{Workspace: ws, ID: id})
		return err == nil && len(stats.Participants) == 1
	})
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("it took Cleo %s", took)
	}
	cleo.hears(ws, id, "Ana")
	if got := ana.call(ws, id).Participants; len(got) != 2 {
		t.Errorf("Ana sees %+v", got)
	}
}

func TestANodeThatCloses(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben")
	ana, ben := nodes[0], nodes[1]
	id := ana.startCall(ws, ana.General(ws)).ID
	ben.joinCall(ws, id)
	ana.hears(ws, id, "Ben")
	begun := time.Now()
	ben.Stop()
	ana.Until("Ben is gone", func() bool { return len(ana.call(ws, id).Participants) == 1 })
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("a node that says goodbye was gone after %s", took)
	}
	ben.Start()
	ben.Until("Ben is back", func() bool { return len(ben.call(ws, id).Participants) == 1 })
	ben.joinCall(ws, id)
	ana.hears(ws, id, "Ben")
	ben.hears(ws, id, "Ana")
}

func TestComingAndGoingLeaksNothing(t *testing.T) {
	times := 10
	if os.Getenv("PARVIS_LONG") != "" {
		times = 100
	}
	rate := runtime.MemProfileRate
	runtime.MemProfileRate = 64
	t.Cleanup(func() { runtime.MemProfileRate = rate })
	ws, nodes := team(t, "Ana", "Ben")
	ana, ben := nodes[0], nodes[1]
	id := ana.startCall(ws, ana.General(ws)).ID
	alone, files := 0, 0
	for i := range times + 1 {
		ben.Until("Ben can join", func() bool {
			_, err := ben.API().Calls.Join(api.JoinCall{Workspace: ws, ID: id, Media: api.MediaNone})
			return err == nil
		})
		ben.Until("they are connected", func() bool {
			stats, err := ben.API().Calls.Stats(api.CallRef{Workspace: ws, ID: id})
			return err == nil && len(stats.Participants) == 1 && stats.Participants[0].FramesReceived > 0
		})
		if i == 0 && tracks() == 0 {
			t.Fatal("the tracks of a call that goes on are not counted")
		}
		ben.leaveCall()
		ana.Until("Ben has left", func() bool { return len(ana.call(ws, id).Participants) == 1 })
		if i == 0 {
			alone, files = settled(0), descriptors(t)
		}
	}
	if left := settled(alone); left > alone+5 {
		stacks := make([]byte, 1<<20)
		t.Errorf("%d goroutines before, %d after %d times\n%s", alone, left, times, stacks[:runtime.Stack(stacks, true)])
	}
	if left := descriptors(t); left > files+5 {
		t.Errorf("%d descriptors before, %d after %d times", files, left, times)
	}
	ana.Until("no track is left", func() bool { return tracks() == 0 })
}

// descriptors counts the open files and sockets of this process; 0 where nobody tells.
func descriptors(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Log("no descriptors are counted here")
	}
	return len(open)
}

// tracks counts the tracks of calls that are in memory, of those that the profile knows.
func tracks() (live int64) {
	for range 2 { // what was allocated since the last collection is counted from the next one on
		runtime.GC()
	}
	records := make([]runtime.MemProfileRecord, 1<<16)
	n, ok := runtime.MemProfile(records, false)
	if !ok {
		return -1
	}
	for _, r := range records[:n] {
		frames := runtime.CallersFrames(r.Stack())
		for more := true; more; {
			var f runtime.Frame
			if f, more = frames.Next(); strings.HasSuffix(f.Function, "parvis/media.newOutTrack") {
				live += r.InUseObjects()
				break
			}
		}
	}
	return live
}

// settled counts the goroutines once they are at most so many, or become no fewer for
// two seconds.
func settled(most int) int {
	least := runtime.NumGoroutine()
	for calm := 0; calm < 20 && least > most; calm++ {
		time.Sleep(100 * time.Millisecond) // what ends by itself is told by nothing
		if n := runtime.NumGoroutine(); n < least {
			least, calm = n, 0
		}
	}
	return least
}
