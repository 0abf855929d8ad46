package apptest

import (
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/superpeer"
)

// BenchmarkSustained sends messages from one node into a channel of three and
// counts until the last one is on all.
func BenchmarkSustained(b *testing.B) {
	nodes, ws := trio(b)
	count := 10_000
	for b.Loop() {
		start := time.Now()
		before := nodes[0].count(ws)
		nodes[0].burst(ws, "bench", count, 64)
		b.Logf("sent in %v", time.Since(start))
		for _, n := range nodes {
			n.Until("all messages are there", func() bool { return n.count(ws) >= before+count })
		}
		b.ReportMetric(float64(count)/time.Since(start).Seconds(), "messages/s")
	}
}

// count is how many messages general has, by the number in the author's chain.
func (n *Node) count(ws string) int { return len(n.Texts(ws)) }

// BenchmarkCatchUp measures how fast a node that was away takes everything from a
// super-peer, signature checks and the commit included.
func BenchmarkCatchUp(b *testing.B) {
	count := 20_000
	fast := func(c *superpeer.Config) {
		c.Limits = superpeer.Limits{Stored: 1 << 40, Daily: 1 << 40, PerSecond: 1e6, Burst: 1e6}
	}
	for b.Loop() {
		b.StopTimer()
		s := NewSuperPeer(b, fast)
		ana, ben := New(b), New(b)
		ws := ana.Found("Atelier", "Ana")
		ben.Join(ana.Invite(ws), "Ben")
		ana.Attach(ws, s)
		ana.Up(ws, 1)
		ben.Up(ws, 1)
		ben.Stop()
		ana.burst(ws, "bench", count, 64)
		start := time.Now()
		ana.Until("all is held", func() bool { return ana.Workspace(ws).Queued == 0 })
		b.Logf("uploaded %v after the last was sent", time.Since(start))
		ana.Stop()
		ben.Start()
		b.StartTimer()
		start = time.Now()
		ben.Until("all messages are there", func() bool { return ben.newest(ws) >= count })
		b.ReportMetric(float64(count)/time.Since(start).Seconds(), "messages/s")
	}
}

// newest is the number of the newest message of general in its device's chain.
func (n *Node) newest(ws string) int {
	page, err := n.API().Chat.Messages(api.MessageQuery{Workspace: ws, Channel: n.General(ws), Limit: 1})
	if err != nil || len(page.Messages) == 0 {
		return 0
	}
	return int(page.Messages[0].Seq)
}
