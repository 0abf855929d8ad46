package apptest

import (
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parvis/app/api"
)

// goal is how long after the start of a node something that waited may take.
const goal = 3 * time.Second

// within fails the test when what Until waited for took too long.
func within(t *testing.T, limit time.Duration, begin time.Time, what string) {
	t.Helper()
	took := time.Since(begin)
	t.Logf("%s after %v", what, took.Round(time.Millisecond))
	if took > limit && !raceEnabled {
		t.Errorf("%s after %v, want at most %v", what, took, limit)
	}
}

// pair are Ana and Ben in one workspace with some super-peers, all connected.
func pair(t *testing.T, superPeers ...*SuperPeer) (ana, ben *Node, ws string) {
	t.Helper()
	var later clock
	ana, ben = New(t), New(t, later.option)
	ws = ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	for _, s := range superPeers {
		ana.Attach(ws, s)
	}
	ana.Up(ws, len(superPeers))
	ben.Up(ws, len(superPeers))
	later.set(time.Hour)
	return ana, ben, ws
}

func TestAMessageWaitsAtTheSuperPeer(t *testing.T) {
	s := NewSuperPeer(t)
	ana, ben, ws := pair(t, s)
	document := ana.document(ws, "", "Minutes", ben)
	read := func() (string, error) {
		text, err := ben.API().Docs.Text(api.DocRef{Workspace: ws, ID: document})
		return text.Text, err
	}
	if _, err := read(); err != nil { // the engine is compiled once per folder
		t.Fatal(err)
	}
	ben.Stop()
	ana.Until("Ana is alone", func() bool { return ana.online(ws) == 1 })

	id := ana.Say(ws, "see you tomorrow")
	if err := ana.API().Docs.Append(api.DocAppend{Workspace: ws, ID: document, Text: "we agreed"}); err != nil {
		t.Fatal(err)
	}
	ana.Until("the super-peer holds it", func() bool {
		messages := ana.Messages(ws, ana.General(ws))
		m := messages[len(messages)-1]
		w := ana.Workspace(ws)
		return m.ID == id && m.State == "held" && m.BySuperPeer && m.HeldBy == 1 && w.Queued == 0 && w.HeldBySuperPeer >= 2
	})
	ana.Stop()

	ben.Start() // an hour later, alone
	begin := time.Now()
	ben.Until("Ben has the message", func() bool { return slices.Equal(ben.Texts(ws), []string{"see you tomorrow"}) })
	within(t, goal, begin, "the message is there")
	ben.Until("Ben has the change", func() bool {
		text, err := read()
		return err == nil && strings.Contains(text, "we agreed")
	})
	within(t, goal, begin, "the change is there")
}

func TestAMessageIsUploadedBeforeTheProgramEnds(t *testing.T) {
	ana, ben, ws := pair(t, NewSuperPeer(t))
	ben.Stop()
	ana.Say(ws, "the last thing")
	ana.Stop() // at once
	ben.Start()
	ben.Until("Ben has the message", func() bool { return len(ben.Texts(ws)) == 1 })
}

func TestAMessageWaitsAtAThirdMember(t *testing.T) {
	nodes, ws := trio(t)
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	ben.Stop()
	ana.Say(ws, "see you tomorrow")
	cleo.Until("Cleo has it", func() bool { return len(cleo.Texts(ws)) == 1 })
	ana.Stop()
	ben.Start()
	begin := time.Now()
	ben.Until("Ben has the message", func() bool { return len(ben.Texts(ws)) == 1 })
	within(t, goal, begin, "the message is there")
}

func TestTwoSuperPeersReplaceEachOther(t *testing.T) {
	first, second := NewSuperPeer(t), NewSuperPeer(t)
	ana, ben, ws := pair(t, first, second)
	ana.Say(ws, "both have it")
	ana.Until("nothing waits", func() bool { return ana.Workspace(ws).Queued == 0 })
	first.Stop()
	ben.Stop()
	ana.Say(ws, "only the second has it")
	ana.Until("it is held", func() bool { return ana.Workspace(ws).Queued == 0 })
	ana.Stop()
	ben.Start()
	ben.Until("Ben has both", func() bool { return len(ben.Texts(ws)) == 2 })
	first.Start()
	ben.Up(ws, 2)
	second.Stop()
	ben.Say(ws, "only the first has it")
	ben.Until("it is held", func() bool { return ben.Workspace(ws).Queued == 0 })
	ben.Stop()
	ana.Start()
	ana.Until("Ana has all", func() bool { return len(ana.Texts(ws)) == 3 })
}

func TestASuperPeerThatIsCutIsNoticedAndTheQueueDrainsAlone(t *testing.T) {
	s := NewSuperPeer(t)
	ana, ben, ws := pair(t, s)
	ben.Stop()
	told := lastStatus(t, ana)
	s.Stop()
	begin := time.Now()
	ana.Until("Ana sees it", func() bool { return ana.Workspace(ws).SuperPeersUp == 0 })
	within(t, 5*time.Second, begin, "the cut is seen")
	ana.Until("a page is told that nobody is connected", func() bool { status, ok := told(); return ok && len(status.Peers) == 0 })
	within(t, 5*time.Second, begin, "a page is told so")
	for range 20 {
		ana.Say(ws, "while it is away")
	}
	ana.Until("it waits", func() bool { return ana.Workspace(ws).Queued >= 20 })
	list, err := ana.API().SuperPeers.List(ws)
	if err != nil || len(list) != 1 || list[0].State != "connecting" || list[0].Queued < 20 {
		t.Errorf("the list says %+v, %v", list, err)
	}
	s.Start()
	begin = time.Now()
	ana.Until("the queue is empty", func() bool { return ana.Workspace(ws).Queued == 0 })
	t.Logf("the queue drained after %v", time.Since(begin).Round(time.Millisecond))
}

// lastStatus is what the pages were told last of a node, once they were told.
func lastStatus(t *testing.T, n *Node) func() (status api.Status, ok bool) {
	var last atomic.Pointer[api.Status]
	t.Cleanup(n.API().Subscribe(func(_ string, data any) {
		if status, ok := data.(api.Status); ok {
			last.Store(&status)
		}
	}))
	return func() (api.Status, bool) {
		if status := last.Load(); status != nil {
			return *status, true
		}
		return api.Status{}, false
	}
}

func TestAJoinerIsLetInByTheSuperPeer(t *testing.T) {
	s := NewSuperPeer(t)
	ana, ben, ws := pair(t, s)
	cleo := New(t)
	cleo.Join(ana.Invite(ws), "Cleo")
	cleo.Up(ws, 1)
	ben.Stop()
	ana.Stop()
	cleo.Say(ws, "hello from Cleo")
	cleo.Until("it is held", func() bool { return cleo.Workspace(ws).HeldBySuperPeer > 0 && cleo.Workspace(ws).Queued == 0 })
	cleo.Stop()
	ben.Start()
	ben.Until("Ben has Cleo's message", func() bool { return len(ben.Texts(ws)) == 1 })
}

func TestASuperPeerSaysWhatOnlyItKeeps(t *testing.T) {
	ana, ben, ws := pair(t, NewSuperPeer(t))
	seen := func() api.SuperPeer {
		list, err := ana.API().SuperPeers.List(ws)
		if err != nil || len(list) != 1 {
			t.Fatalf("super-peers %+v, %v", list, err)
		}
		return list[0]
	}
	ana.Until("Ben has all", func() bool { return seen().Alone == 0 })
	ben.Stop()
	for range 3 {
		ana.Say(ws, "see you tomorrow")
	}
	ana.Until("they wait only there", func() bool { return seen().Alone == 3 })
	if s := seen(); s.Problem != "" || s.ProblemCode != "" || s.Limit == 0 {
		t.Errorf("the list says %+v", s)
	}
	ben.Start()
	ana.Until("Ben has them", func() bool { return seen().Alone == 0 })
}

func TestASuperPeerIsRemoved(t *testing.T) {
	s := NewSuperPeer(t)
	ana, ben, ws := pair(t, s)
	if err := ben.API().SuperPeers.Remove(ws, s.Peer()); code(err) != api.CodeRefused {
		t.Errorf("a member removes: %v, want a refusal", err)
	}
	if _, err := ben.API().SuperPeers.Add(api.NewSuperPeer{Workspace: ws, Code: s.Setup()}); code(err) != api.CodeRefused {
		t.Errorf("a member adds: %v, want a refusal", err)
	}
	if _, err := ana.API().SuperPeers.Add(api.NewSuperPeer{Workspace: ws, Code: "parvis://superpeer#nonsense"}); code(err) != api.CodeInvalid {
		t.Errorf("a broken code: %v", err)
	}
	if err := ana.API().SuperPeers.Remove(ws, s.Peer()); err != nil {
		t.Fatal(err)
	}
	for _, n := range []*Node{ana, ben} {
		n.Until("it is gone", func() bool { return n.Workspace(ws).SuperPeers == 0 })
	}
	ana.Attach(ws, s)
	ana.Up(ws, 1)
	ben.Up(ws, 1)
}
