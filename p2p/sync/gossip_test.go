package sync_test

import (
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/gossip"
	"parvis/p2p/p2ptest"
	"parvis/p2p/sync"
)

// line connects each member with the next one.
func line(t *testing.T, tm *sync.Team) {
	for i, m := range tm.Members()[1:] {
		p2ptest.Connect(t, m.Node(), tm.Members()[i].Node())
	}
}

// Without gossip everything arrives all the same, hop by hop.
func TestG1WithoutGossipEverythingArrives(t *testing.T) {
	tm := sync.NewTeam(t, 5, nil)
	line(t, tm)
	for _, m := range tm.Members() {
		for range 50 {
			m.Write(1, []byte("hello"))
		}
	}
	tm.Wait("all hold the same", tm.Same)
}

// gossips gives every member gossip that starts soon, and slow relaying.
func gossips(t *testing.T, tm *sync.Team, relay time.Duration) {
	t.Helper()
	topics := func() []gossip.Topic {
		return []gossip.Topic{{Name: "parvis/one", Space: [16]byte{0: 1}}, {Name: "parvis/two", Space: [16]byte{0: 2}}}
	}
	for _, m := range tm.Members() {
		if err := m.Syncer().Close(); err != nil {
			t.Fatal(err)
		}
		tm.Start(m, func(c *sync.Config) {
			c.RelayDelay, c.GossipAfter = relay, 50*time.Millisecond
			c.Gossip = gossip.New(gossip.Config{Node: m.Node().Node, Topics: topics,
				Check: func([16]byte, []byte) p2p.Verdict { return p2p.VerdictAccept }})
		})
	}
}

// Gossip brings it before anybody relays. The first messages may be lost
// while the routers find each other.
func TestG1GossipIsFasterThanRelaying(t *testing.T) {
	const relay = 800 * time.Millisecond
	tm := sync.NewTeam(t, 5, nil)
	gossips(t, tm, relay)
	line(t, tm)
	tm.Wait("gossip runs", func() bool {
		for _, m := range tm.Members() {
			if !m.Gossiping() {
				return false
			}
		}
		return true
	})
	fastest := time.Hour
	for k := 0; k < 10 && fastest > relay/2; k++ {
		start := time.Now()
		tm.Members()[0].Write(byte(1+k%2), []byte("hello"))
		tm.Members()[4].Write(byte(1+k%2), []byte("hello"))
		tm.Wait("all hold the same", tm.Same)
		fastest = min(fastest, time.Since(start))
	}
	t.Logf("from end to end in %v", fastest)
	if fastest > relay/2 {
		t.Errorf("took %v, relaying takes %v for each member on the way", fastest, relay)
	}
}

// An envelope above 64 KiB is not gossiped but announced, and relayed at once.
func TestG3LargeEnvelopesAreRelayed(t *testing.T) {
	const relay = 2 * time.Second
	tm := sync.NewTeam(t, 3, nil)
	gossips(t, tm, relay)
	line(t, tm)
	tm.Wait("gossip runs", func() bool { return tm.Members()[0].Gossiping() && tm.Members()[1].Gossiping() })
	fastest := time.Hour
	for k := 0; k < 5 && fastest > relay/2; k++ {
		start := time.Now()
		tm.Members()[0].Write(1, make([]byte, 100<<10))
		tm.Wait("all hold the same", tm.Same)
		fastest = min(fastest, time.Since(start))
	}
	if fastest > relay/2 {
		t.Errorf("took %v", fastest)
	}
}
