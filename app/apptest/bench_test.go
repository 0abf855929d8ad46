package apptest

import (
	"testing"
	"time"
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
