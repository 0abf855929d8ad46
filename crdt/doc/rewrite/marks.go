package rewrite

import (
	"cmp"
	"maps"
	"slices"

	"parvis/crdt/doc"
)

// Marks lists the marks to set, and with a null value to remove, on a text that has the
// characters and markers of after already, for it to have after's marks too.
func Marks(now, after []doc.Span) []doc.MarkRange {
	changes := map[string][]doc.MarkRange{}
	now, after = slices.Clone(now), slices.Clone(after) // skip cuts the first ones
	at := uint32(0)
	for len(now) > 0 && len(after) > 0 {
		if now[0].Block != nil || after[0].Block != nil {
			at++
			now, after = now[1:], after[1:]
			continue
		}
		length := min(doc.Width(now[0].Text), doc.Width(after[0].Text))
		for name, wanted := range changed(now[0].Marks, after[0].Marks) {
			changes[name] = extend(changes[name], doc.MarkRange{Mark: wanted, Start: at, End: at + length, Expand: doc.ExpandOf(wanted)})
		}
		at += length
		now, after = skip(now, length), skip(after, length)
	}
	var all []doc.MarkRange
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		all = append(all, changes[name]...)
	}
	slices.SortStableFunc(all, func(a, b doc.MarkRange) int { return cmp.Compare(a.Start, b.Start) })
	return all
}

// changed are the marks that must be set or, with a null value, removed, by name.
func changed(now, after []doc.Mark) map[string]doc.Mark {
	differ := map[string]doc.Mark{}
	for _, m := range now {
		differ[m.Name] = doc.Mark{Name: m.Name}
	}
	for _, m := range after {
		differ[m.Name] = m
	}
	for _, m := range now {
		if m.Value.Equal(differ[m.Name].Value) {
			delete(differ, m.Name)
		}
	}
	return differ
}

// extend adds a range to those of one name, in one with the last where they touch.
func extend(ranges []doc.MarkRange, one doc.MarkRange) []doc.MarkRange {
	if last := len(ranges) - 1; last >= 0 && ranges[last].End == one.Start && ranges[last].Value.Equal(one.Value) {
		ranges[last].End = one.End
		return ranges
	}
	return append(ranges, one)
}

// skip cuts so many positions off the first span, and drops it when nothing is left.
func skip(spans []doc.Span, positions uint32) []doc.Span {
	text := spans[0].Text
	for i, char := range text {
		if positions == 0 {
			spans[0].Text = text[i:]
			return spans
		}
		positions -= min(positions, doc.Width(string(char)))
	}
	return spans[1:]
}
