package rich

import (
	"slices"

	"parvis/crdt/doc"
)

// The types of markers (rules R3, R8) and the two containers that have none.
const (
	typeParagraph = "paragraph"
	typeHeading   = "heading"
	typeCode      = "code-block"
	typeBullet    = "unordered-list-item"
	typeOrdered   = "ordered-list-item"
	typeTask      = "task-list-item"
	typeBreak     = "page-break"
	typeContents  = "table-of-contents"
	typeImage     = "image"
	typeFootnote  = "footnote"
	inQuote       = "blockquote"
	inCell        = "table-cell"
)

// MaxColumns is how many columns a table can have (rule R18).
const MaxColumns = 64

const (
	maxLevel = 4
	maxStart = 99999
	maxPixel = 1 << 31
	maxDepth = 24 // parents of a block
)

// listKind is the kind of list that a type makes an item of.
func listKind(name string) (ListKind, bool) {
	switch name {
	case typeBullet:
		return Bullets, true
	case typeOrdered:
		return Numbered, true
	case typeTask:
		return Tasks, true
	}
	return "", false
}

// itemType is the other way round.
func itemType(kind ListKind) string {
	switch kind {
	case Numbered:
		return typeOrdered
	case Tasks:
		return typeTask
	}
	return typeBullet
}

// pathOf is the containers around a block, and whether all of them are known
// (rule R10). Inside a cell the path begins behind table-cell.
func pathOf(b *doc.Block) (path []string, known bool) {
	parents := b.Parents
	if len(parents) > maxDepth {
		return nil, false
	}
	if len(parents) > 0 && parents[0] == inCell {
		if placeOf(b) == (place{}) {
			return nil, false
		}
		parents = parents[1:]
	}
	for i, parent := range parents {
		if _, list := listKind(parent); !list && parent != inQuote {
			return parents[:i], false
		}
	}
	return parents, true
}

// place is the cell that a block lies in; the zero value is none.
type place struct {
	table, row, column string
}

// placeOf follows rule R15.
func placeOf(b *doc.Block) place {
	p := place{b.Attrs["table"].Str, b.Attrs["row"].Str, b.Attrs["col"].Str}
	inside := len(b.Parents) > 0 && len(b.Parents) <= maxDepth && b.Parents[0] == inCell
	if !inside || p.table == "" || p.row == "" || p.column == "" {
		return place{}
	}
	return p
}

func alignOf(b *doc.Block) Align {
	align := Align(b.Attrs["align"].Str)
	if !slices.Contains([]Align{AlignLeft, AlignCenter, AlignRight, AlignJustify}, align) {
		return ""
	}
	return align
}

func trueOf(v doc.Value) bool { return v.Kind == doc.KindBool && v.Bool }

// intOf is an int between two limits; anything else is none.
func intOf(v doc.Value, low, high int64) (int, bool) {
	if v.Kind != doc.KindInt && v.Kind != doc.KindUint || v.Int < low || v.Int > high {
		return 0, false
	}
	return int(v.Int), true
}

// levelOf follows rule R6.
func levelOf(v doc.Value) int {
	if v.Kind != doc.KindInt && v.Kind != doc.KindUint {
		return 1
	}
	return int(min(max(v.Int, 1), maxLevel))
}

// embedOf follows rule R8.
func embedOf(b *doc.Block) Inline {
	switch id := b.Attrs["id"]; {
	case b.Type == typeImage:
		image := &Image{File: b.Attrs["file"].Str, Name: b.Attrs["name"].Str, Alt: b.Attrs["alt"].Str}
		image.Width, _ = intOf(b.Attrs["width"], 1, maxPixel)
		image.Height, _ = intOf(b.Attrs["height"], 1, maxPixel)
		return image
	case b.Type == typeFootnote && id.Kind == doc.KindString:
		return &Footnote{ID: id.Str}
	}
	return &Unknown{Marker: *b}
}
