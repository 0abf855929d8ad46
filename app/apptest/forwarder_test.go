package apptest

import (
	"os"
	"slices"
	"testing"
	"time"
)

// elected waits until all who are in the meeting name the same forwarder among them, and
// returns it.
func (m *meeting) elected(what, not string) (device string, found *Node) {
	m.t.Helper()
	m.until(what, func() bool {
		named := map[string]bool{}
		for _, n := range m.in {
			device = m.stats(n).Forwarder
			named[device] = true
		}
		return len(named) == 1 && device != "" && device != not
	})
	for _, n := range m.in {
		for _, p := range n.call(m.ws, m.id).Participants {
			if p.Self && p.Device == device {
				return device, n
			}
		}
	}
	m.t.Fatalf("%s: nobody is %s", what, device)
	return "", nil
}

// own is the id of a node's device in the meeting.
func (m *meeting) own(n *Node) string {
	m.t.Helper()
	for _, p := range n.call(m.ws, m.id).Participants {
		if p.Self {
			return p.Device
		}
	}
	return ""
}

// without takes a node out of those who are looked at.
func (m *meeting) without(gone *Node) {
	m.in = slices.DeleteFunc(m.in, func(n *Node) bool { return n == gone })
	delete(m.listen, gone)
}

func TestEightElectTheSameForwarder(t *testing.T) {
	if os.Getenv("PARVIS_LONG") == "" {
		t.Skip("eight whole nodes with sound and pictures: with PARVIS_LONG")
	}
	ws, nodes := team(t, "Ana", "Ben", "Cleo", "Dan", "Eve", "Flo", "Gus", "Hal")
	id := nodes[0].startCall(ws, nodes[0].General(ws)).ID
	for _, n := range nodes[1:] {
		n.joinCall(ws, id)
	}
	m := &meeting{t: t, ws: ws, id: id, in: nodes}
	everybody := func(n *Node) bool { return len(m.stats(n).Participants) == len(m.in)-1 }
	first, forwarder := m.elected("eight elect one", "")
	m.flows("all have sound and pictures of all", everybody)

	begun := time.Now()
	forwarder.leaveCall()
	m.without(forwarder)
	second, forwarder := m.elected("seven elect the next when it leaves", first)
	t.Logf("elected after %s", time.Since(begun))
	m.flows("they have sound and pictures of all", everybody)

	begun = time.Now()
	forwarder.Stop()
	m.without(forwarder)
	_, _ = m.elected("six elect the next when its program ends", second)
	t.Logf("elected after %s", time.Since(begun))
	m.flows("the six have sound and pictures of all", everybody)
}

func TestFiveSendThroughOneAndLoseIt(t *testing.T) {
	if testing.Short() {
		t.Skip("five nodes with pictures")
	}
	ws, nodes := team(t, five...)
	m := &meeting{t: t, ws: ws, in: nodes}
	m.start()
	everybody := func(n *Node) bool { return len(m.stats(n).Participants) == len(m.in)-1 }
	m.elected("one is elected", "")
	// While lines are still measured another one may be elected: what counts is that all name one, and
	// that it alone sends to all.
	carries := func(n *Node) bool {
		to, stats := 0, m.stats(n)
		for _, s := range stats.Participants {
			if s.Line.KbpsOut > 0 {
				to++
			}
		}
		_, silent := m.listen[n]
		if m.own(n) == stats.Forwarder {
			return everybody(n) && to == 4
		}
		return everybody(n) && stats.Forwarder != "" && (to == 1 || silent && to == 0)
	}
	m.flows("all send to the forwarder alone, and have all", carries)

	_, forwarder := m.elected("all name the same", "")
	ended := time.Now()
	forwarder.Stop()
	m.without(forwarder)
	m.flows("the four who are left have each other", everybody)
	t.Logf("half a second of sound of each at each %v after the forwarder left", time.Since(ended))
	for _, n := range m.in {
		for _, s := range m.stats(n).Participants {
			if s.State == "connected" && s.FramesBad > s.FramesReceived/10 {
				t.Errorf("%d of %d pictures of %s are bad", s.FramesBad, s.FramesReceived, s.Name)
			}
		}
	}
}
