package process

import (
	"fmt"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/app/web/client"
)

// TestNothingIsMissingOnANewDevice: somebody who joins, and a device that is linked,
// get a long history; then the device that wrote it is gone for good. Times are
// logged (build/bench has the table).
func TestNothingIsMissingOnANewDevice(t *testing.T) {
	t.Parallel()
	count := 2000
	if long() {
		count = 100_000
	}
	ana := start(t)
	found(t, ana, "Atelier", "Ana")
	texts := names("history", count)
	since := time.Now()
	if n := len(begin(t, ana, texts, nil).acknowledged()); n != count {
		t.Fatalf("%d of %d messages were acknowledged", n, count)
	}
	t.Logf("%d messages written in %s", count, time.Since(since).Round(time.Millisecond))

	ben, phone := start(t), start(t)
	link := ana.Invite(t)
	since = time.Now()
	enter(t, ben, link, "Ben")
	arrives(t, "a newcomer", ben, texts, since)

	since = time.Now()
	addDevice(t, ana, phone)
	t.Logf("a device was added in %s", time.Since(since).Round(time.Millisecond))
	arrives(t, "a new device", phone, texts, since)

	ana.Kill(t)
	for _, n := range []*clitest.Node{ben, phone} {
		whole(t, n, texts)
		n.Stop(t)
		n.Start(t)
		whole(t, n, texts)
	}
	say(t, phone, "from the new device")
	ben.Await(t, "general", "from the new device")
}

// arrives waits for the newest message, then for all of them.
func arrives(t *testing.T, who string, n *clitest.Node, texts []string, since time.Time) {
	t.Helper()
	c := talkTo(t, n)
	q := general(t, c)
	q.Limit = 50
	last := texts[len(texts)-1]
	until(t, who+" shows the newest message", func() bool {
		page := ask[api.MessagePage](t, c, "Chat.Messages", client.Arg(q))
		return len(page.Messages) > 0 && page.Messages[len(page.Messages)-1].Text == last
	})
	newest := time.Since(since)
	until(t, who+" has all", func() bool { return len(everything(t, c)) >= len(texts) })
	t.Logf("%s shows the newest of %d messages after %s, has all after %s", who, len(texts), newest.Round(time.Millisecond), time.Since(since).Round(time.Millisecond))
	whole(t, n, texts)
}

// whole fails unless exactly the texts are there, in their order.
func whole(t *testing.T, n *clitest.Node, texts []string) {
	t.Helper()
	list := everything(t, talkTo(t, n))
	if len(list) != len(texts) {
		t.Fatalf("%d of %d messages", len(list), len(texts))
	}
	for i, m := range list {
		if m.Text != texts[i] || m.Provisional {
			t.Fatalf("message %d is %q (provisional: %t), want %q", i, m.Text, m.Provisional, texts[i])
		}
	}
}

func general(t *testing.T, c *client.Client) api.MessageQuery {
	t.Helper()
	for _, ws := range ask[[]api.Workspace](t, c, "Workspaces.List") {
		for _, channel := range ask[[]api.Channel](t, c, "Chat.Channels", client.Arg(ws.ID)) {
			if channel.Name == "general" {
				return api.MessageQuery{Workspace: ws.ID, Channel: channel.ID}
			}
		}
	}
	return api.MessageQuery{}
}

// everything reads the channel general, oldest first.
func everything(t *testing.T, c *client.Client) []api.Message {
	t.Helper()
	q := general(t, c)
	if q.Workspace == "" {
		return nil
	}
	q.Limit = 500
	var pages [][]api.Message
	count := 0
	for {
		page := ask[api.MessagePage](t, c, "Chat.Messages", client.Arg(q))
		pages, count = append(pages, page.Messages), count+len(page.Messages)
		if !page.More || len(page.Messages) == 0 {
			break
		}
		q.Before = page.Messages[0].ID
	}
	all := make([]api.Message, 0, count)
	for i := len(pages) - 1; i >= 0; i-- {
		all = append(all, pages[i]...)
	}
	return all
}

// TestACrowd: many people of one workspace, one super-peer, everybody hears
// everybody.
func TestACrowd(t *testing.T) {
	people, each := 5, 20
	if long() {
		people = 50
	}
	s := startSuperPeer(t, t.TempDir())
	nodes := make([]*clitest.Node, people)
	for i := range nodes {
		nodes[i] = start(t)
	}
	found(t, nodes[0], "Atelier", "P0")
	clitest.Run[struct{}](t, nodes[0], "superpeer", "add", s.Ready.Setup)
	link := nodes[0].Invite(t, "--uses", fmt.Sprint(people))
	since := time.Now()
	for i, n := range nodes[1:] {
		enter(t, n, link, fmt.Sprintf("P%d", i+1))
	}
	t.Logf("%d people joined in %s", people-1, time.Since(since).Round(time.Millisecond))
	if long() {
		each = 1000 / people
	}
	since = time.Now()
	var texts []string
	for first := 0; first < people; first += 5 { // five write at a time: one machine carries all fifty
		var bursts []*burst
		for i, n := range nodes[first : first+5] {
			bursts = append(bursts, begin(t, n, names(fmt.Sprintf("P%d", first+i), each), nil))
			texts = append(texts, bursts[i].texts...)
		}
		for i, b := range bursts {
			if n := len(b.acknowledged()); n != each {
				t.Fatalf("P%d: %d of %d messages were acknowledged: %s", first+i, n, each, b.errors.String())
			}
		}
	}
	t.Logf("%d messages written in %s", len(texts), time.Since(since).Round(time.Millisecond))
	for i, n := range nodes {
		c := talkTo(t, n)
		until(t, fmt.Sprintf("P%d has all", i), func() bool { return len(everything(t, c)) == len(texts) })
	}
	t.Logf("everybody has all after %s", time.Since(since).Round(time.Millisecond))
	until(t, "the super-peer has all", func() bool { return s.metric(t, "stored_objects") >= int64(len(texts)) })
	peak, now := s.memory(t)
	t.Logf("the super-peer holds %d objects for %d devices; memory: %d MB, at most %d MB", s.metric(t, "stored_objects"), s.metric(t, "peers"), now/1e6, peak/1e6)
	if peak > 256e6 {
		t.Errorf("the super-peer took %d MB", peak/1e6)
	}
}
