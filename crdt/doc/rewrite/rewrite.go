// Package rewrite finds how little of a text must change for it to read as wanted.
// Engines use it for [doc.Edit.SetSpans]; Automerge's own updateSpans removes too little
// where a character has several code points.
package rewrite

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parvis/crdt/doc"
)

// Step is one change of a text. Without Block it is a splice. With Block it inserts the
// marker at Pos, or, when Del is 1, gives the marker that is there this content.
type Step struct {
	Pos, Del uint32
	Text     string
	Block    *doc.Block
}

// Normalize returns spans as an engine would: neighbours that could be one are one,
// marks are sorted and none is null, and nothing is empty.
func Normalize(spans []doc.Span) []doc.Span {
	var out []doc.Span
	var text strings.Builder // of the last of out, when that is no marker
	flush := func() {
		if text.Len() > 0 {
			out[len(out)-1].Text = text.String()
			text.Reset()
		}
	}
	for _, span := range spans {
		if span.Block != nil {
			flush()
			out = append(out, doc.Span{Block: span.Block})
			continue
		}
		if span.Text == "" {
			continue
		}
		marks := slices.DeleteFunc(slices.Clone(span.Marks), func(m doc.Mark) bool { return m.Value.Kind == doc.KindNull })
		slices.SortFunc(marks, func(a, b doc.Mark) int { return cmp.Compare(a.Name, b.Name) })
		if text.Len() == 0 || !sameMarks(out[len(out)-1].Marks, marks) {
			flush()
			out = append(out, doc.Span{Marks: marks})
		}
		text.WriteString(span.Text)
	}
	flush()
	return out
}

func sameMarks(a, b []doc.Mark) bool {
	return slices.EqualFunc(a, b, func(a, b doc.Mark) bool { return a.Name == b.Name && a.Value.Equal(b.Value) })
}

// item is one character, or one marker by what it says.
type item struct {
	char   rune
	marker string
	block  *doc.Block
}

// key is an item without what cannot be compared.
type key struct {
	char   rune
	marker string
}

func (i item) key() key { return key{i.char, i.marker} }

// splits tells whether a group of items ends before this one.
func (i item) splits() bool { return i.block != nil && !i.block.Embed }

func (i item) width() uint32 {
	if i.block == nil && i.char >= 0x10000 {
		return 2
	}
	return 1
}

func width(items []item) (sum uint32) {
	for _, i := range items {
		sum += i.width()
	}
	return sum
}

// items flattens spans, without their marks.
func items(spans []doc.Span) []item {
	var out []item
	for _, span := range spans {
		if span.Block != nil {
			out = append(out, item{marker: describe(*span.Block), block: span.Block})
			continue
		}
		for _, char := range span.Text {
			out = append(out, item{char: char})
		}
	}
	return out
}

// describe writes a marker as a string that is equal for equal markers. It is never empty.
func describe(b doc.Block) string {
	var out strings.Builder
	fmt.Fprintf(&out, "%q %q %t", b.Type, b.Parents, b.Embed)
	for _, name := range slices.Sorted(maps.Keys(b.Attrs)) {
		fmt.Fprintf(&out, " %q=%+v", name, b.Attrs[name])
	}
	return out.String()
}

// Text lists the steps that make the characters and markers of before those of after,
// the last place first, so that each is right when those before it have been done.
func Text(before, after []doc.Span) []Step {
	a, b := items(before), items(after)
	var steps []Step
	startsA, startsB := groups(a), groups(b)
	names := map[string]int{}
	at, from := uint32(0), 0 // the width of a[:from]
	for _, coarse := range differences(keys(a, startsA, names), keys(b, startsB, names)) {
		partA := a[startsA[coarse.a0]:startsA[coarse.a1]]
		partB := b[startsB[coarse.b0]:startsB[coarse.b1]]
		for _, fine := range differences(itemKeys(partA), itemKeys(partB)) {
			to := startsA[coarse.a0] + fine.a0
			at, from = at+width(a[from:to]), to
			steps = append(steps, replace(at, partA[fine.a0:fine.a1], partB[fine.b0:fine.b1])...)
		}
	}
	slices.Reverse(steps)
	return steps
}

// groups are the indices at which blocks begin, the first at 0, and the length: a change
// in one block is looked for in that block only.
func groups(all []item) []int {
	starts := []int{0}
	for i := range all {
		if i > 0 && all[i].splits() {
			starts = append(starts, i)
		}
	}
	return append(starts, len(all))
}

// keys numbers groups by their content; names is shared by the sides of a comparison.
func keys(all []item, starts []int, names map[string]int) []int {
	var out []int
	for i, start := range starts[:len(starts)-1] {
		var content strings.Builder
		for _, item := range all[start:starts[i+1]] {
			content.WriteRune(item.char)
			content.WriteString(item.marker)
		}
		if _, ok := names[content.String()]; !ok {
			names[content.String()] = len(names)
		}
		out = append(out, names[content.String()])
	}
	return out
}

func itemKeys(all []item) []key {
	out := make([]key, len(all))
	for i, item := range all {
		out[i] = item.key()
	}
	return out
}

// replace turns the items at a position into others, first place first; [Text] turns
// the order around. A marker that was there and one that is wanted are one that changes.
func replace(at uint32, old, wanted []item) []Step {
	var steps []Step
	for {
		i, j := marker(old), marker(wanted)
		if i == len(old) || j == len(wanted) || old[i].block.Embed != wanted[j].block.Embed {
			return append(steps, exchange(at, old, wanted)...)
		}
		steps = append(steps, exchange(at, old[:i], wanted[:j])...)
		at += width(old[:i])
		if old[i].marker != wanted[j].marker {
			steps = append(steps, Step{Pos: at, Del: 1, Block: wanted[j].block})
		}
		at++
		old, wanted = old[i+1:], wanted[j+1:]
	}
}

// marker is the index of the first marker, or the length.
func marker(all []item) int {
	if i := slices.IndexFunc(all, func(i item) bool { return i.block != nil }); i >= 0 {
		return i
	}
	return len(all)
}

// exchange removes items at a position and inserts others, in the reverse order.
func exchange(at uint32, old, wanted []item) []Step {
	var steps []Step
	for start := 0; start < len(wanted); {
		if wanted[start].block != nil {
			steps = append(steps, Step{Pos: at, Block: wanted[start].block})
			start++
			continue
		}
		end := start + marker(wanted[start:])
		var text strings.Builder
		for _, item := range wanted[start:end] {
			text.WriteRune(item.char)
		}
		steps = append(steps, Step{Pos: at, Text: text.String()})
		start = end
	}
	del := width(old)
	if last := len(steps) - 1; last >= 0 && steps[last].Block == nil {
		steps[last].Del = del
	} else if del > 0 {
		steps = append(steps, Step{Pos: at, Del: del})
	}
	return steps
}
