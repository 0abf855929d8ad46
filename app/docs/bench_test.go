package docs_test

import (
	"testing"

	"parvis/crdt/doc/doctest"
)

// BenchmarkApply is a page's batch until it is committed.
func BenchmarkApply(b *testing.B) {
	r := newWorld(1).replica(b, 0)
	e := r.editor(b, r.create(b, "Report").ID)
	for b.Loop() {
		e.edit(b, 20)
	}
}

// BenchmarkReceive is a change of somebody else, in batches of 256.
func BenchmarkReceive(b *testing.B) {
	w := newWorld(2)
	ana, ben := w.replica(b, 0), w.replica(b, 1)
	e := ana.editor(b, ana.create(b, "Report").ID)
	for range 2048 {
		e.edit(b, 20)
	}
	n := 0
	for b.Loop() {
		if n == len(ana.Sent) {
			b.StopTimer()
			ben, n = w.replica(b, 1), 0
			b.StartTimer()
		}
		end := min(n+256, len(ana.Sent))
		ben.Deliver(b, ana.Sent[n:end]...)
		b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/256, "µs/change")
		n = end
	}
}

// BenchmarkPaint is the picture of the recorded paper, made by an engine that was not
// started yet.
func BenchmarkPaint(b *testing.B) {
	newEngine(b) // compiled
	for b.Loop() {
		engine := newEngine(b)
		paintOf(b, engine, doctest.Paper())
		if err := engine.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
