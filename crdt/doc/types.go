package doc

import (
	"bytes"
	"math"
	"strings"
	"unicode/utf16"
)

// ValueKind tells which field of a [Value] counts.
type ValueKind uint8

// The kinds of scalar values. KindOther is one of Automerge's that Parvis does not
// write (a type of the future, an object where a scalar is expected).
const (
	KindNull ValueKind = iota
	KindString
	KindInt
	KindUint // in Int
	KindFloat
	KindBool
	KindBytes
	KindCounter // in Int
	KindTime    // in Int, milliseconds since 1970
	KindOther
)

// Value is a scalar value of a map, a mark or a block's attribute.
type Value struct {
	Kind  ValueKind
	Str   string
	Int   int64
	Float float64
	Bool  bool
	Bytes []byte
}

// String, Int, Bool make the values that Parvis writes.
func String(s string) Value { return Value{Kind: KindString, Str: s} }

// Int makes an integer value.
func Int(i int64) Value { return Value{Kind: KindInt, Int: i} }

// Bool makes a truth value.
func Bool(b bool) Value { return Value{Kind: KindBool, Bool: b} }

// Mark is a named property of a range of characters.
type Mark struct {
	Name  string
	Value Value
}

// Block is a marker in a text: the beginning of a block, or, when Embed is set, a
// leaf such as an image inside one. It takes one position of the text.
type Block struct {
	Type    string
	Parents []string         // types of the enclosing blocks, outermost first
	Attrs   map[string]Value // strings, integers and truth values
	Embed   bool
}

// Span is a run of text with the same marks, or, when Block is not nil, one marker.
type Span struct {
	Block *Block
	Text  string
	Marks []Mark // sorted by name; of an embed those that lie over it, which SetSpans leaves alone
}

// Expand tells whether what is typed at the edge of a mark gets the mark too.
type Expand uint8

// The ways a mark grows at its two edges.
const (
	ExpandNone Expand = iota
	ExpandBefore
	ExpandAfter
	ExpandBoth
)

// MarkRange is a mark on the characters from Start up to, not including, End. A null
// value takes the mark away.
type MarkRange struct {
	Mark
	Start, End uint32
	Expand     Expand
}

// PatchAction is what a [Patch] does.
type PatchAction uint8

// What a patch does.
const (
	PatchPut       PatchAction = iota // Path now has Value (KindOther: an empty object)
	PatchDelete                       // Path is gone, or Length positions of a text at Index
	PatchSplice                       // Text with Marks was inserted into a text at Index
	PatchInsert                       // a marker, or a list's element, was inserted at Index
	PatchMark                         // Marks cover Length positions at Index
	PatchUnmark                       // Marks (names only) left Length positions at Index
	PatchIncrement                    // the counter at Path grew by Value
	PatchConflict                     // Path has more than one value now
)

// Patch is one step from an earlier state of a document to a later one.
type Patch struct {
	Action PatchAction
	Path   []string // keys from the root; what is inside a marker goes on with the marker's position in decimal
	Index  uint32
	Length uint32
	Text   string
	Value  Value
	Marks  []Mark
}

// Width is how many positions text takes: UTF-16 code units, as in the page.
func Width(text string) uint32 {
	width := uint32(0)
	for _, r := range text {
		width += uint32(utf16.RuneLen(r))
	}
	return width
}

// Length is how many positions spans take: the width of their text, and one for each marker.
func Length(spans []Span) uint32 {
	length := uint32(0)
	for _, span := range spans {
		if span.Block != nil {
			length++
			continue
		}
		length += Width(span.Text)
	}
	return length
}

// ExpandOf is how Parvis's marks grow: what one types at the edge of bold text is bold,
// and after an insertion it is part of the insertion; links, code, comments, proposed
// deletions and marks of other programs do not grow.
func ExpandOf(m Mark) Expand {
	switch m.Name {
	case "strong", "em", "underline", "strike", "color", "highlight":
		return ExpandBoth
	}
	if strings.HasPrefix(m.Name, "suggestion:") && m.Value.Str == "insert" {
		return ExpandAfter
	}
	return ExpandNone
}

// Equal reports whether two values are the same, of the same kind.
func (v Value) Equal(other Value) bool {
	return v.Kind == other.Kind && v.Str == other.Str && v.Int == other.Int && v.Bool == other.Bool &&
		math.Float64bits(v.Float) == math.Float64bits(other.Float) && bytes.Equal(v.Bytes, other.Bytes)
}
