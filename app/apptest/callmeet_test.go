package apptest

import (
	"slices"
	"sync"
	"testing"
	"time"

	"parvis/app/api"
)

// startAtOnce lets nodes start a call in one channel at the same moment.
func startAtOnce(ws, channel, media string, nodes ...*Node) (ids []string) {
	ids = make([]string, len(nodes))
	var all sync.WaitGroup
	for i, n := range nodes {
		all.Go(func() {
			c, err := n.API().Calls.Start(api.NewCall{Workspace: ws, Channel: channel, Media: media})
			if err != nil {
				n.t.Errorf("start a call: %v", err)
			}
			ids[i] = c.ID
		})
	}
	all.Wait()
	return ids
}

// meet waits until all are in one of the calls that were started, and none goes on beside it.
func meet(t *testing.T, ws string, ids []string, nodes ...*Node) (one string) {
	t.Helper()
	begun := time.Now()
	nodes[0].Until("all are in one call", func() bool {
		if here := slices.IndexFunc(ids, func(id string) bool { return nodes[0].call(ws, id).Here }); here >= 0 {
			one = ids[here]
		}
		for _, n := range nodes {
			for _, id := range ids {
				c := n.call(ws, id)
				if all := len(c.Participants); c.Ringing || c.Here != (id == one) || id == one && all != len(nodes) || id != one && all > 0 {
					return false
				}
			}
		}
		return true
	})
	t.Logf("%d calls became one after %s", len(slices.Compact(slices.Sorted(slices.Values(ids)))), time.Since(begun))
	return one
}

func TestCallsThatAreStartedAtOnceBecomeOne(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben", "Cleo")
	ids := startAtOnce(ws, nodes[0].General(ws), api.MediaNone, nodes...)
	one := meet(t, ws, ids, nodes...)
	for i, n := range nodes {
		n.Until("it is connected to both others", func() bool {
			stats, err := n.API().Calls.Stats(api.CallRef{Workspace: ws, ID: one})
			return err == nil && len(stats.Participants) == 2 && !slices.ContainsFunc(stats.Participants, func(p api.CallStat) bool { return p.State != "connected" })
		})
		at := ids[i]
		for at != one && at != "" {
			at = n.call(ws, at).MovedTo
		}
		if at != one {
			t.Errorf("a page does not know where its call went: %+v", n.call(ws, ids[i]))
		}
	}
}

// directly opens the conversation of two people on both their nodes.
func directly(t *testing.T, ws string, ana *Node, others ...*Node) (channel string) {
	t.Helper()
	people, err := ana.API().People.List(ws)
	if err != nil {
		t.Fatal(err)
	}
	other := slices.IndexFunc(people, func(p api.Person) bool { return !p.Self })
	conversation, err := ana.API().Chat.OpenDirect(api.Direct{Workspace: ws, People: []string{people[other].ID}})
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range others {
		n.Until("the conversation is there", func() bool { return n.channel(ws, conversation.ID).ID != "" })
	}
	return conversation.ID
}

func (n *Node) channel(ws, id string) api.Channel {
	n.t.Helper()
	all, err := n.API().Chat.Channels(ws)
	if err != nil {
		n.t.Fatalf("channels: %v", err)
	}
	for _, c := range all {
		if c.ID == id {
			return c
		}
	}
	return api.Channel{}
}

func TestTwoWhoCallEachOtherTalk(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben")
	ana, ben := nodes[0], nodes[1]
	conversation := directly(t, ws, ana, ben)
	ids := startAtOnce(ws, conversation, api.MediaTest, ana, ben)
	one := meet(t, ws, ids, ana, ben)
	ana.hears(ws, one, "Ben")
	ben.hears(ws, one, "Ana")
	ana.leaveCall()
	ben.leaveCall()
	for _, n := range nodes {
		for _, id := range ids {
			n.Until("it is over and was not missed", func() bool { c := n.call(ws, id); return c.Ended > 0 && !c.Missed && !c.Ringing })
		}
		if c := n.channel(ws, conversation); c.MissedCalls != 0 || c.Unread != 0 {
			t.Errorf("a call is unread: %+v", c)
		}
	}
}

func TestAMissedCallIsUnread(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben")
	ana, ben := nodes[0], nodes[1]
	conversation := directly(t, ws, ana, ben)
	var mu sync.Mutex
	told := map[int]bool{} // missed calls of the conversation
	ben.API().Subscribe(func(name string, payload any) {
		if c, is := payload.(api.Channel); is && name == api.EventChannel && c.ID == conversation {
			mu.Lock()
			told[c.MissedCalls] = true
			mu.Unlock()
		}
	})
	id := ana.startCall(ws, conversation).ID
	ben.Until("it rings", func() bool { return ben.call(ws, id).Ringing })
	ana.leaveCall()
	ben.Until("it is unread", func() bool { c := ben.channel(ws, conversation); return c.Unread == 1 && c.MissedCalls == 1 })
	isTold := func(missed int) func() bool {
		return func() bool {
			mu.Lock()
			defer mu.Unlock()
			return told[missed]
		}
	}
	ben.Until("the page is told", isTold(1))
	mu.Lock()
	clear(told)
	mu.Unlock()
	if err := ben.API().Calls.Seen(api.CallQuery{Workspace: ws, Channel: conversation}); err != nil {
		t.Fatal(err)
	}
	if c := ben.channel(ws, conversation); c.Unread != 0 || c.MissedCalls != 0 || !ben.call(ws, id).Missed {
		t.Errorf("it is still unread, or not shown as missed: %+v", c)
	}
	ben.Until("the page is told that it was seen", isTold(0))

	declined := ana.startCall(ws, conversation).ID
	ben.Until("it rings again", func() bool { return ben.call(ws, declined).Ringing })
	if err := ben.API().Calls.Decline(api.CallRef{Workspace: ws, ID: declined}); err != nil {
		t.Fatal(err)
	}
	ana.Until("Ana hears that Ben does not want to", func() bool { return len(ana.call(ws, declined).Declined) == 1 })
	ana.leaveCall()
	ben.Until("it is over", func() bool { return ben.call(ws, declined).Ended > 0 })
	if c := ben.channel(ws, conversation); c.Unread != 0 {
		t.Errorf("what was declined is unread: %+v", c)
	}
}

// page opens the line of a page that captures and plays; closing it is what a window does that
// is closed.
func (n *Node) page() (closing func()) {
	n.t.Helper()
	receive, detach, err := n.App.Page().Attach(func([]byte, bool) bool { return true })
	if err == nil {
		err = receive(append([]byte{0, 19}, make([]byte, 10)...))
	}
	if err != nil {
		n.t.Fatalf("open a page: %v", err)
	}
	return detach
}

func TestAPageThatIsClosedIsSeen(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben")
	ana, ben := nodes[0], nodes[1]
	id := ana.startCall(ws, ana.General(ws)).ID
	ben.Until("the call is known", func() bool { return ben.call(ws, id).ID == id })
	closing := ben.page()
	if _, err := ben.API().Calls.Join(api.JoinCall{Workspace: ws, ID: id, Media: api.MediaPage, Camera: true}); err != nil {
		t.Fatal(err)
	}
	if err := ben.API().Calls.Record(api.CallRecord{Asks: true}); err != nil {
		t.Fatal(err)
	}
	if err := ben.API().Calls.Set(api.CallState{Camera: true, Hand: true, Recording: true}); err != nil {
		t.Fatal(err)
	}
	is := func(what string, want api.CallParticipant) {
		t.Helper()
		ana.Until(what, func() bool {
			for _, p := range ana.call(ws, id).Participants {
				if !p.Self {
					return p.NoPage == want.NoPage && p.Muted == want.Muted && p.Camera == want.Camera && p.Hand == want.Hand &&
						p.Recording == want.Recording && p.Asks == want.Asks
				}
			}
			return false
		})
	}
	is("Ben records", api.CallParticipant{Camera: true, Hand: true, Recording: true, Asks: true})
	closing()
	is("Ben has no window", api.CallParticipant{NoPage: true, Muted: true})
	closing = ben.page()
	defer closing()
	is("Ben is back", api.CallParticipant{Camera: true})
}

func TestATerminalLeavesRecordingsAlone(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben")
	ana, ben := nodes[0], nodes[1]
	id := ana.startCall(ws, ana.General(ws)).ID
	ben.joinCall(ws, id)
	if err := ana.API().Calls.Record(api.CallRecord{Asks: true}); err != nil {
		t.Fatal(err)
	}
	ana.Until("Ben is left out", func() bool {
		return slices.ContainsFunc(ana.call(ws, id).Participants, func(p api.CallParticipant) bool { return !p.Self && p.Consent == "out" })
	})
}
