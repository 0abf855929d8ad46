package rich

import (
	"strings"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// Inline is a piece of a line: *Text, *Break, *Image, *Footnote or *Unknown, and
// nothing else.
type Inline interface{ inline() }

// Text is a run of characters with the same marks. It is never empty and holds
// no line break.
type Text struct {
	Text  string
	Marks Marks
	// grow holds Text while a line is being read, so that adding to it costs what is
	// added and not what is there.
	grow *strings.Builder
}

// Break is a line break inside a block.
type Break struct{ Marks Marks }

// Image is a picture in the line. Sizes are CSS pixels, 0 when not known.
type Image struct {
	File          string // id of the stored file, in hex (Images)
	Name, Alt     string
	Width, Height int
}

// Footnote refers to a note of the document by its id.
type Footnote struct{ ID string }

// Unknown is an embed that this version does not know. It is not shown and written
// back as it was (rule R7).
type Unknown struct{ Marker doc.Block }

func (*Text) inline()     {}
func (*Break) inline()    {}
func (*Image) inline()    {}
func (*Footnote) inline() {}
func (*Unknown) inline()  {}

// Marks is how text looks and what it belongs to. The zero value is plain text.
type Marks struct {
	Strong, Em, Underline, Strike, Code bool

	Link             Link
	Color, Highlight string      // "#rrggbb" in lower case, or empty
	Comments         []string    // ids of the comments on this text, ascending
	Suggested        []Suggested // by id, ascending
	Other            []doc.Mark  // marks that this version does not know (rule R7)
}

// Link is where text leads to; no link has an empty Href. Its address begins
// with http:, https:, mailto: or parvis:, everything else is not a link.
type Link struct{ Href, Title string }

// Suggested says that text is proposed to be inserted, or to be deleted.
type Suggested struct {
	ID     string
	Delete bool
}

// Comment is a thread about the text that carries its mark.
type Comment struct {
	ID       string
	Resolved bool
	Messages []Message // by time
}

// Message is one message of a comment. Who wrote it is an actor of the document;
// in a message from a file, which has no actors, it is a name.
type Message struct {
	ID       string
	Author   doc.Actor
	Name     string // of the author; only from files
	AtMs     int64  // Unix milliseconds, the author's clock; 0 when not known
	Text     string
	Mentions []seal.ID // persons
}

// Suggestion is a proposal to change the text; what it proposes is marks.
type Suggestion struct {
	ID     string
	Author doc.Actor
	Name   string // as in Message
	AtMs   int64
}

// The paper sizes.
const (
	A4     = "A4"
	Letter = "letter"
)

// Page is the paper. Lengths are millimetres.
type Page struct {
	Size                     string // A4 or Letter; empty is A4
	Landscape                bool
	Top, Right, Bottom, Left int // all 0: the usual margins (rule R28)
	Header, Footer           string
	Numbers                  bool // page numbers
}
