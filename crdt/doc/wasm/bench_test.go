package wasm

import (
	"testing"
	"time"

	"parvis/crdt/doc"
	"parvis/crdt/doc/doctest"
)

// paper is the document of the trace in an engine of its own.
func paper(b *testing.B) (*Engine, doc.Document) {
	b.Helper()
	e := newEngine(b)
	d, err := e.Load(b.Context(), doctest.Paper(), doc.Actor{2})
	if err != nil {
		b.Fatal(err)
	}
	return e, d
}

// write is one key at a place of the document.
func write(b *testing.B, d doc.Document) []byte {
	b.Helper()
	change, err := d.Change(b.Context(), time.Unix(1, 0), func(e doc.Edit) error { return e.Splice("text", 5000, 0, "x") })
	if err != nil {
		b.Fatal(err)
	}
	return change
}

func BenchmarkLoadPaper(b *testing.B) {
	e, _ := paper(b)
	for b.Loop() {
		d, err := e.Load(b.Context(), doctest.Paper(), doc.Actor{3})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(d.(*document).in.engine.Memory().Size()>>20), "MiB-wasm")
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkApplyPaper(b *testing.B) {
	e, source := paper(b)
	changes, err := source.Changes(b.Context(), nil)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		d, err := e.New(b.Context(), doc.Actor{3})
		if err != nil {
			b.Fatal(err)
		}
		if err := d.Apply(b.Context(), changes); err != nil {
			b.Fatal(err)
		}
		if err := d.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSavePaper(b *testing.B) {
	_, d := paper(b)
	for b.Loop() {
		if _, err := d.Save(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSpansPaper(b *testing.B) {
	_, d := paper(b)
	for b.Loop() {
		if _, err := d.Spans(b.Context(), "text"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLocalEditPaper(b *testing.B) {
	_, d := paper(b)
	for b.Loop() {
		write(b, d)
	}
}

func BenchmarkRemoteEditPaper(b *testing.B) {
	e, d := paper(b)
	other, err := e.Load(b.Context(), doctest.Paper(), doc.Actor{3})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		b.StopTimer()
		change := write(b, other)
		b.StartTimer()
		if err := d.Apply(b.Context(), [][]byte{change}); err != nil {
			b.Fatal(err)
		}
	}
}
