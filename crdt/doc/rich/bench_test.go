package rich_test

import (
	"strings"
	"testing"

	"parvis/crdt/doc"
	"parvis/crdt/doc/rich"
)

// BenchmarkFromSpans reads and writes a document of 300 pages.
func BenchmarkFromSpans(b *testing.B) {
	var spans []doc.Span
	for range 2560 {
		spans = append(spans, doc.Span{Block: &doc.Block{Type: "paragraph"}}, doc.Span{Text: strings.Repeat("words ", 20)},
			doc.Span{Text: strings.Repeat("bold ", 15), Marks: []doc.Mark{{Name: "strong", Value: doc.Bool(true)}}})
	}
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			rich.FromSpans(spans, nil, doc.Root{})
		}
	})
	d := rich.FromSpans(spans, nil, doc.Root{})
	b.Run("write", func(b *testing.B) {
		for b.Loop() {
			d.Spans()
		}
	})
}
