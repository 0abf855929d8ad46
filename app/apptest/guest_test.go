package apptest

import (
	"context"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"parvis/app/api"
	"parvis/app/superpeer"
	"parvis/app/superpeer/guesttest"
	"parvis/crdt/guest"
)

// receiving lets a super-peer receive guests, on a port that is free now.
func receiving(t *testing.T) func(*superpeer.Config) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	return func(c *superpeer.Config) { c.Guests = superpeer.Guests{URL: "http://" + at, Listen: at} }
}

// visitor is a guest with sound, and what it was told.
type visitor struct {
	*guesttest.Call
	t    *testing.T
	done chan struct{}

	mu      sync.Mutex
	states  []guest.State
	told    map[guest.Type]int
	members map[string]bool // names
}

// visit comes with a link.
func visit(t *testing.T, link, name string) *visitor {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	g, err := guesttest.Visit(ctx, link, name)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	v := &visitor{t: t, done: make(chan struct{}), told: map[guest.Type]int{}, members: map[string]bool{}}
	v.Call = &guesttest.Call{Guest: g, Loopback: true, Heard: v.heard}
	go func() {
		defer close(v.done)
		_ = v.Run(ctx) // ends with the line
	}()
	t.Cleanup(func() {
		cancel()
		g.Close()
		<-v.done
		v.Hang()
	})
	return v
}

func (v *visitor) heard(h guesttest.Heard) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if h.Answer != nil {
		v.states = append(v.states, h.Answer.State)
	}
	if h.Message != nil {
		v.told[h.Message.Type]++
		if h.Message.Type == guest.Hello {
			v.members[h.Message.Text] = true
		}
	}
}

func (v *visitor) count(kind guest.Type) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.told[kind]
}

func (v *visitor) was(s guest.State) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.states) > 0 && v.states[len(v.states)-1] == s
}

// meetingLink makes a link of the channel that everybody has.
func (n *Node) meetingLink(ws string) api.CallLink {
	n.t.Helper()
	var made api.CallLink
	n.Until("a super-peer receives guests", func() bool {
		var err error
		made, err = n.API().Calls.MakeLink(api.CallChannel{Workspace: ws, Channel: n.General(ws)})
		return err == nil
	})
	return made
}

// guests are the names of the guests in a call, and of those who wait.
func (n *Node) guests(ws, id string) string {
	c := n.call(ws, id)
	var in, waiting []string
	for _, p := range c.Participants {
		if p.Guest {
			in = append(in, p.Name)
		}
	}
	for _, k := range c.Lobby {
		waiting = append(waiting, k.Name)
	}
	return strings.Join(in, ",") + "|" + strings.Join(waiting, ",")
}

func (n *Node) admitGuest(ws, id, name string) string {
	n.t.Helper()
	var found string
	n.Until(name+" waits", func() bool {
		for _, k := range n.call(ws, id).Lobby {
			if k.Name == name {
				found = k.Guest
			}
		}
		return found != ""
	})
	if err := n.API().Calls.Admit(api.CallGuest{Guest: found}); err != nil {
		n.t.Fatalf("admit %s: %v", name, err)
	}
	return found
}

// soundOf waits until there is more sound of somebody.
func (n *Node) soundOf(ws, id, name string) {
	n.t.Helper()
	sound := func() int64 {
		stats, err := n.API().Calls.Stats(api.CallRef{Workspace: ws, ID: id})
		if err != nil {
			n.t.Fatalf("statistics: %v", err)
		}
		for _, p := range stats.Participants {
			if p.Name == name && p.Path != "" {
				return p.AudioPackets
			}
		}
		return -1
	}
	before := max(sound(), 0)
	n.Until("sound of "+name, func() bool { return sound() > before+50 })
}

func TestAGuestComesInByALinkWithoutParvis(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := nodes[0], nodes[1], nodes[2]
	s := NewSuperPeer(t, receiving(t))
	ana.Attach(ws, s)
	id := ana.startCall(ws, ana.General(ws)).ID
	ben.joinCall(ws, id)
	link := ana.meetingLink(ws)
	ben.Until("Ben has the link too", func() bool {
		all, err := ben.API().Calls.Links(api.CallChannel{Workspace: ws, Channel: ben.General(ws)})
		return err == nil && len(all) == 1 && all[0].URL == link.URL && !all[0].Revocable
	})

	marc := visit(t, link.URL, "Marc")
	for _, n := range []*Node{ana, ben} {
		n.Until("the guest waits", func() bool { return n.guests(ws, id) == "|Marc" })
	}
	if marc.count(guest.Hello) > 0 || marc.count(guest.Offer) > 0 {
		t.Error("somebody spoke to a guest who waits")
	}
	found := ben.admitGuest(ws, id, "Marc")
	for _, n := range []*Node{ana, ben} {
		n.Until("the guest is in", func() bool { return n.guests(ws, id) == "Marc|" })
		n.soundOf(ws, id, "Marc")
	}
	sound, pictures := marc.Sound.Load(), marc.Pictures.Load()
	ana.Until("sound and pictures at the guest", func() bool { return marc.Sound.Load() > sound+200 && marc.Pictures.Load() > pictures+50 })
	ana.soundOf(ws, id, "Ben")

	cleo.joinCall(ws, id)
	cleo.Until("who joins later learns that it was let in", func() bool { return cleo.guests(ws, id) == "Marc|" })
	cleo.soundOf(ws, id, "Marc")
	marc.mu.Lock()
	if len(marc.members) != 3 || !marc.members["Ana"] || !marc.members["Cleo"] {
		t.Errorf("the guest met %v", marc.members)
	}
	marc.mu.Unlock()

	if err := ana.API().Calls.Remove(api.CallGuest{Guest: found}); err != nil {
		t.Fatal(err)
	}
	for _, n := range nodes {
		n.Until("the guest is out", func() bool {
			stats, err := n.API().Calls.Stats(api.CallRef{Workspace: ws, ID: id})
			return err == nil && n.guests(ws, id) == "|" && len(stats.Participants) == 2
		})
	}
	<-marc.done
	if marc.count(guest.Removed) == 0 {
		t.Error("the guest was not told")
	}
	ana.hears(ws, id, "Ben", "Cleo")
	sound = marc.Sound.Load()
	ana.hears(ws, id, "Ben", "Cleo")
	if got := marc.Sound.Load() - sound; got > 0 {
		t.Errorf("a guest who was removed got %d packets of sound", got)
	}
}

func TestAGuestStaysWhileTheSuperPeerIsAway(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben")
	ana, ben := nodes[0], nodes[1]
	s := NewSuperPeer(t, receiving(t))
	ana.Attach(ws, s)
	id := ana.startCall(ws, ana.General(ws)).ID
	ben.joinCall(ws, id)
	link := ana.meetingLink(ws)
	marc := visit(t, link.URL, "Marc")
	ana.admitGuest(ws, id, "Marc")
	for _, n := range nodes {
		n.soundOf(ws, id, "Marc")
	}
	s.Stop()
	<-marc.done
	for _, n := range nodes {
		n.soundOf(ws, id, "Marc")
		if got := n.guests(ws, id); got != "Marc|" {
			t.Errorf("it is shown as %q", got)
		}
	}
	s.Start()
	ctx := t.Context()
	var again sync.WaitGroup
	t.Cleanup(again.Wait)
	greeted := marc.count(guest.Hello)
	ana.Until("the guest to reach the super-peer again", func() bool { return marc.Dial(ctx) == nil })
	again.Go(func() {
		if err := marc.Run(ctx); err != nil && ctx.Err() == nil {
			t.Logf("the line of the guest ended: %v", err)
		}
	})
	ana.Until("both to greet it again", func() bool { return marc.count(guest.Hello) == greeted+2 })
	for _, n := range nodes {
		n.soundOf(ws, id, "Marc")
	}
	ana.leaveCall()
	ben.Until("Ben alone with the guest", func() bool { return len(ben.call(ws, id).Participants) == 2 })
	ben.leaveCall()
	ben.Until("the call to be over for the guest", func() bool { return marc.count(guest.Ended)+marc.count(guest.Gone) == 2 })
	if marc.count(guest.Ended) != 1 {
		t.Error("the guest was not told that the call is over")
	}
	marc.Close()
}

func TestARevokedLinkAndARefusalKeepGuestsOut(t *testing.T) {
	ws, nodes := team(t, "Ana", "Ben")
	ana, ben := nodes[0], nodes[1]
	if _, err := ana.API().Calls.MakeLink(api.CallChannel{Workspace: ws, Channel: ana.General(ws)}); err == nil {
		t.Error("a link without a super-peer that receives guests")
	}
	s := NewSuperPeer(t, receiving(t))
	ana.Attach(ws, s)
	id := ana.startCall(ws, ana.General(ws)).ID
	ben.joinCall(ws, id)
	link := ben.meetingLink(ws)
	lea := visit(t, link.URL, "Léa")
	ana.Until("she waits", func() bool { return ana.guests(ws, id) == "|Léa" && ben.guests(ws, id) == "|Léa" })
	if err := ben.API().Calls.Remove(api.CallGuest{Guest: ana.call(ws, id).Lobby[0].Guest}); err != nil {
		t.Fatal(err)
	}
	<-lea.done
	if !lea.was(guest.Refused) {
		t.Errorf("she was told %v", lea.states)
	}
	ana.Until("nobody waits", func() bool { return ana.guests(ws, id) == "|" })
	if err := ana.API().Calls.RevokeLink(api.CallLinkRef{Workspace: ws, Channel: link.Channel, ID: link.ID}); err != nil {
		t.Fatal(err) // an owner may
	}
	ben.Until("the link to be revoked for Ben", func() bool {
		all, err := ben.API().Calls.Links(api.CallChannel{Workspace: ws, Channel: link.Channel})
		return err == nil && len(all) == 0
	})
	zoe := visit(t, link.URL, "Zoé")
	other := ana.meetingLink(ws)
	marc := visit(t, other.URL, "Marc")
	ana.Until("who has a valid link to wait", func() bool { return ana.guests(ws, id) == "|Marc" })
	if zoe.count(guest.Hello) > 0 || zoe.was(guest.Admitted) || marc.was(guest.Admitted) {
		t.Error("somebody is in")
	}
}

func TestFiveSendThroughASuperPeerAndEachToAGuest(t *testing.T) {
	if os.Getenv("PARVIS_LONG") == "" {
		t.Skip("five nodes and a guest with pictures: with PARVIS_LONG")
	}
	s := NewSuperPeer(t, receiving(t))
	ana := New(t)
	m := &meeting{t: t, ws: ana.Found("Atelier", "Ana"), in: []*Node{ana}}
	ana.Attach(m.ws, s)
	for _, name := range five[1:] {
		n := New(t)
		n.Join(ana.Invite(m.ws), name)
		m.in = append(m.in, n)
	}
	for _, n := range m.in {
		n.Up(m.ws, 1)
	}
	m.start()
	m.forwarder("all send through the super-peer alone", false)
	link := ana.meetingLink(m.ws)
	marc := visit(t, link.URL, "Marc")
	ana.admitGuest(m.ws, m.id, "Marc")
	for _, n := range m.in {
		m.until("the guest at all, and all at the guest", func() bool {
			return n.guests(m.ws, m.id) == "Marc|" && marc.count(guest.Hello) >= len(m.in)
		})
		n.soundOf(m.ws, m.id, "Marc")
	}
	sound := marc.Sound.Load()
	m.until("sound of the five at the guest", func() bool { return marc.Sound.Load() > sound+500 })
	for _, n := range m.in {
		m.until("the super-peer to go on carrying what they send to each other", func() bool {
			stats := m.stats(n)
			for _, p := range stats.Participants {
				if sends := p.Line.KbpsOut > 0; p.Name == "Marc" {
					if !sends && m.listen[n] == "" {
						return false
					}
				} else if sends {
					return false
				}
			}
			return stats.BySuperPeer && len(stats.Participants) == len(m.in)
		})
	}
}
