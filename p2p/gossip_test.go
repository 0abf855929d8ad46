package p2p_test

import (
	"fmt"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
)

func TestW12ABurstOfGossipArrivesWhole(t *testing.T) {
	nodes := p2ptest.Connected(t, 3)
	ctx := testContext(t)
	topics := make([]*p2p.Topic, len(nodes))
	heard := make(chan p2p.PeerID, 64)
	for i, n := range nodes {
		topic, err := n.JoinTopic("parvis/test", func(g p2p.Gossip) p2p.Verdict {
			if i == 2 {
				select {
				case heard <- g.Author:
				default:
				}
			}
			if string(g.Data) == "bad" {
				return p2p.VerdictReject
			}
			return p2p.VerdictAccept
		})
		if err != nil {
			t.Fatal(err)
		}
		topics[i] = topic
		t.Cleanup(topic.Close)
	}
	// Say something until the last node has heard both others: then all know
	// each other's subscription.
	known := make(map[p2p.PeerID]bool)
	for len(known) < 2 {
		for _, topic := range topics[:2] {
			if err := topic.Publish(ctx, []byte("hello")); err != nil {
				t.Fatal(err)
			}
		}
		select {
		case p := <-heard:
			known[p] = true
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			t.Fatal("gossip never started")
		}
	}
	if err := topics[0].Publish(ctx, []byte("bad")); err != nil {
		t.Fatal(err)
	}
	const burst = 200
	for i := range burst {
		if err := topics[0].Publish(ctx, []byte{'n', byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	seen := make(map[byte]bool)
	for len(seen) < burst {
		g, err := topics[2].Next(ctx)
		if err != nil {
			t.Fatalf("%d of %d arrived: %v", len(seen), burst, err)
		}
		switch {
		case string(g.Data) == "bad":
			t.Error("a rejected message was delivered")
		case len(g.Data) == 2:
			seen[g.Data[1]] = true
			if g.Author != nodes[0].ID() {
				t.Errorf("author %s", g.Author)
			}
		}
	}
	if _, err := nodes[0].JoinTopic("parvis/test", nil); err == nil {
		t.Error("joined a topic twice")
	}
	t.Run("W12 a topic can be left and joined again", func(t *testing.T) {
		for range 20 {
			topic, err := nodes[0].JoinTopic("parvis/again", func(p2p.Gossip) p2p.Verdict { return p2p.VerdictAccept })
			if err != nil {
				t.Fatal(err)
			}
			topic.Close()
		}
	})
	t.Run("W12 at most 64 topics", func(t *testing.T) {
		for i := range 64 {
			topic, err := nodes[1].JoinTopic(fmt.Sprintf("parvis/many/%d", i), func(p2p.Gossip) p2p.Verdict { return p2p.VerdictAccept })
			if err == nil {
				t.Cleanup(topic.Close)
			}
			if (err == nil) != (i < 63) {
				t.Errorf("topic %d: %v", i+2, err)
			}
		}
	})
}
