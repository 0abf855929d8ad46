package rich

import "parvis/crdt/doc"

// Document is a whole document. The zero value is an empty one.
type Document struct {
	Blocks      []Node
	Notes       map[string][]Inline // footnotes by id: the text, without images and footnotes
	Comments    []Comment           // in the order of their place in the text, then those without one
	Suggestions []Suggestion        // likewise
	Page        Page
}

// Node is a block: *Paragraph, *Heading, *Code, *List, *Quote, *Table,
// *PageBreak or *Contents, and nothing else.
type Node interface{ node() }

// Align is how the lines of a block lie; empty is the start of the line.
type Align string

// The alignments.
const (
	AlignLeft    Align = "left"
	AlignCenter  Align = "center"
	AlignRight   Align = "right"
	AlignJustify Align = "justify"
)

// Paragraph is a block of text.
type Paragraph struct {
	Align Align
	Text  []Inline
	// Ghost: the text has no marker of its own (rule R4).
	Ghost bool
	// Unknown is the marker of a block that this version does not know. It is
	// shown as a paragraph and written back as it was (rule R7).
	Unknown *doc.Block
}

// Heading is a title of level 1 to 4.
type Heading struct {
	Level int
	Align Align
	Text  []Inline
}

// Code is a block of program text; "\n" breaks its lines.
type Code struct {
	Language string
	Text     string
}

// ListKind says what stands in front of the items of a list.
type ListKind string

// The kinds of lists.
const (
	Bullets  ListKind = "bullet"
	Numbered ListKind = "ordered"
	Tasks    ListKind = "task"
)

// List is a sequence of items. It may stand inside an item of another list.
type List struct {
	Kind  ListKind
	Start int // number of the first item of a numbered list, from 1
	Items []Item
}

// Item is one item. Its first block is a paragraph, the item's own text, unless
// the item is Implicit.
type Item struct {
	Checked bool // tasks only
	Blocks  []Node
	// Implicit: no marker of its own, only blocks that name an item that is not
	// there (rule R12).
	Implicit bool
}

// Quote is a block quotation.
type Quote struct{ Blocks []Node }

// Table is a table; it stands at the top of the document only. Every row has
// exactly one cell per column.
type Table struct {
	ID      string
	Columns []string // ids
	Rows    []Row
}

// Row is a row of a table.
type Row struct {
	ID    string
	Cells []Cell // one per column of the table
}

// Cell is a cell of a table. A cell that nobody has written in has no blocks.
type Cell struct {
	Header bool
	Blocks []Node
}

// PageBreak begins a new page. It stands at the top of the document only.
type PageBreak struct{}

// Contents is the table of contents, made of the headings when it is shown. It
// stands at the top of the document only.
type Contents struct{}

func (*Paragraph) node() {}
func (*Heading) node()   {}
func (*Code) node()      {}
func (*List) node()      {}
func (*Quote) node()     {}
func (*Table) node()     {}
func (*PageBreak) node() {}
func (*Contents) node()  {}
