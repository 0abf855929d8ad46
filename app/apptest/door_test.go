package apptest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/crdt/seal"
	"parvis/p2p/mailbox"
	"parvis/p2p/p2ptest"
)

// alone is a workspace of Ana with a super-peer and one message, a link into it, and
// nobody but the super-peer on.
func alone(t *testing.T) (s *SuperPeer, ana *Node, ws, link string) {
	t.Helper()
	s, ana = NewSuperPeer(t), New(t)
	ws = ana.Found("Atelier", "Ana")
	ana.Attach(ws, s)
	ana.Up(ws, 1)
	ana.Say(ws, "what was before")
	link = ana.Invite(ws)
	ana.Stop() // at once: what the invitation needs is brought before the program ends
	return s, ana, ws, link
}

func TestSomebodyJoinsWithOnlyASuperPeer(t *testing.T) {
	_, ana, ws, link := alone(t)
	ben := New(t)
	begin := time.Now()
	ben.Join(link, "Ben")
	t.Logf("joined after %v", time.Since(begin).Round(time.Millisecond))
	ben.Until("Ben reads the history", func() bool { return slices.Equal(ben.Texts(ws), []string{"what was before"}) })
	ben.Say(ws, "hello from Ben")
	if w := ben.Workspace(ws); w.People != 2 || w.Name != "Atelier" {
		t.Errorf("Ben sees %d people in %q", w.People, w.Name)
	}
	ben.Until("it is held", func() bool { return ben.Workspace(ws).Queued == 0 })
	if used, limit := ben.quota(ws); limit != 10<<20 || used == 0 {
		t.Errorf("a newcomer has put %d bytes of %d", used, limit)
	}

	ben.Stop()
	if _, err := New(t).API().Workspaces.Join(api.JoinWorkspace{Link: link, Person: "Eve", WaitMs: Patience.Milliseconds()}); code(err) != api.CodeLinkUsed {
		t.Errorf("a second one with the same link: %v, want to hear that it was used", err)
	}

	ana.Start() // alone with the super-peer
	ana.Until("Ana has Ben's message", func() bool { return slices.Equal(ana.Texts(ws), []string{"what was before", "hello from Ben"}) })
	ana.Until("Ana sees Ben", func() bool {
		list, err := ana.API().People.List(ws)
		return err == nil && slices.ContainsFunc(list, func(p api.Person) bool { return p.Name == "Ben" })
	})
	ana.Say(ws, "welcome")
	ana.Until("it is held", func() bool { return ana.Workspace(ws).Queued == 0 })

	ben.Start()
	ben.Until("Ben has the answer", func() bool { return len(ben.Texts(ws)) == 3 })
	ben.Until("the newcomer is a device like the others", func() bool {
		_, limit := ben.quota(ws)
		if limit != 2<<30 { // it is told at every connection
			ben.Stop()
			ben.Start()
			ben.Up(ws, 1)
		}
		return limit == 2<<30
	})
}

// quota is what the node has put at its only super-peer, and may.
func (n *Node) quota(ws string) (used, limit int64) {
	n.t.Helper()
	list, err := n.API().SuperPeers.List(ws)
	if err != nil || len(list) != 1 {
		n.t.Fatalf("super-peers %+v, %v", list, err)
	}
	return list[0].Used, list[0].Limit
}

func TestAJoinWaitsForASuperPeerAcrossStarts(t *testing.T) {
	s, ana, ws, link := alone(t)
	s.Stop()
	ben := New(t)
	w, err := ben.API().Workspaces.Join(api.JoinWorkspace{Link: link, Person: "Ben", WaitMs: 1})
	if err != nil || w.State != "joining" || w.Waiting == "" {
		t.Fatalf("%s, waiting for %q, %v", w.State, w.Waiting, err)
	}
	ben.Stop()
	ben.Start()
	if got := ben.Workspace(ws).State; got != "joining" {
		t.Errorf("after a start: %q", got)
	}
	s.Start()
	ben.Until("Ben is in", func() bool { return ben.Workspace(ws).State == "ready" })
	ben.Until("Ben reads the history", func() bool { return len(ben.Texts(ws)) == 1 })
	ana.Start()
	ana.Until("Ana sees Ben", func() bool { return ana.Workspace(ws).People == 2 })
}

func TestAStrangerGetsNothingButTheLobby(t *testing.T) {
	s, _, ws, _ := alone(t)
	setup, err := mailbox.ParseSetup(s.Setup())
	if err != nil {
		t.Fatal(err)
	}
	id, err := seal.ParseID(ws)
	if err != nil {
		t.Fatal(err)
	}
	stranger := p2ptest.Start(t)
	stranger.Gate.Allow(setup.Peer)
	if err := stranger.Connect(t.Context(), setup.Peer, setup.Addrs); err != nil {
		t.Fatal(err)
	}
	some := seal.NewSignKey(seal.RandomKey())
	box, err := mailbox.Knock(t.Context(), stranger.Node, setup.Peer, setup.Addrs, id, some.Public(), func(digest [32]byte) []byte {
		return some.Sign(mailbox.KnockLabel, digest[:])
	})
	if !errors.Is(err, mailbox.ErrNoDoor) || box != nil {
		t.Errorf("a knock with some key: %x, %v", box, err)
	}
	if _, err := mailbox.Open(t.Context(), stranger.Node, setup.Peer, id); err == nil {
		t.Error("it opens the mailbox")
	}
}
