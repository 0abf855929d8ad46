package apptest

import (
	"slices"
	"testing"
	"time"
)

func TestTwoPeopleTalkAfterOneInvitation(t *testing.T) {
	ana := New(t)
	ws := ana.Found("Atelier", "Ana")
	first := ana.Say(ws, "before anybody came")
	link := ana.Invite(ws)

	ben := New(t)
	start := time.Now()
	joined := ben.Join(link, "Ben")
	t.Logf("join took %v", time.Since(start))
	if joined.ID != ws || joined.Name != "Atelier" {
		t.Errorf("joined %q %q, want %q Atelier", joined.ID, joined.Name, ws)
	}
	ben.Until("Ben has the earlier message", func() bool { return slices.Equal(ben.Texts(ws), []string{"before anybody came"}) })

	ben.Say(ws, "hello from Ben")
	ana.Until("Ana has Ben's message", func() bool { return len(ana.Texts(ws)) == 2 })
	ana.Say(ws, "hello from Ana")
	want := []string{"before anybody came", "hello from Ben", "hello from Ana"}
	ben.Until("both lists are equal", func() bool { return slices.Equal(ben.Texts(ws), want) && slices.Equal(ana.Texts(ws), want) })
	ana.Until("the first message is on all devices", func() bool {
		m := ana.Messages(ws, ana.General(ws))[0]
		return m.ID == first && m.State == "delivered"
	})
	ana.Until("both names are known", func() bool {
		people, err := ana.API().People.List(ws)
		return err == nil && len(people) == 2 && people[0].Name == "Ana" && people[1].Name == "Ben" && people[1].Online
	})
}

func TestMessagesWrittenApartMeet(t *testing.T) {
	ana, ben := New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	ben.Stop()
	ana.Say(ws, "written while Ben was away")
	ana.Stop()
	ben.Start()
	ben.Say(ws, "written while Ana was away")
	ana.Start()
	for _, n := range []*Node{ana, ben} {
		n.Until("both messages are there", func() bool { return len(n.Texts(ws)) == 2 })
	}
	if a, b := ana.Texts(ws), ben.Texts(ws); !slices.Equal(a, b) {
		t.Errorf("lists differ: %q and %q", a, b)
	}
}

func TestAThirdMemberLetsANewcomerInWhileTheInviterIsOff(t *testing.T) {
	ana, ben, cleo := New(t), New(t), New(t)
	ws := ana.Found("Atelier", "Ana")
	ben.Join(ana.Invite(ws), "Ben")
	ana.Until("Ana sees Ben", func() bool { return ana.online(ws) == 2 })
	link := ana.Invite(ws)
	ana.Say(ws, "see you")
	ben.Until("Ben is up to date", func() bool { return len(ben.Texts(ws)) == 1 })
	ana.Stop()
	start := time.Now()
	cleo.Join(link, "Cleo")
	t.Logf("join through the third member took %v", time.Since(start))
	cleo.Until("Cleo has the history", func() bool { return len(cleo.Texts(ws)) == 1 })
	cleo.Say(ws, "hello from Cleo")
	ana.Start()
	ana.Until("Ana hears Cleo", func() bool { return len(ana.Texts(ws)) == 2 })
}

// online counts the people with a connected device.
func (n *Node) online(ws string) int {
	list, err := n.API().Workspaces.List()
	if err != nil {
		n.t.Fatalf("list workspaces: %v", err)
	}
	for _, w := range list {
		if w.ID == ws {
			return w.Online
		}
	}
	return 0
}
