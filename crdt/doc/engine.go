package doc

import (
	"context"
	"time"

	"parvis/crdt/seal"
)

// Engine makes documents. It may be used from any goroutine, and so may the documents
// it makes: each does one thing at a time. A call that is still running when its
// context ends fails with [ErrEngine].
//
// Positions in a text are UTF-16 code units, markers counting one. A text is named by
// its path: "text" is the document's, "notes/<id>" a footnote's.
type Engine interface {
	// New is a document with nothing but the root change in it. What it writes, it
	// writes as actor.
	New(ctx context.Context, actor Actor) (Document, error)
	// Load opens an Automerge file: a saved document, changes in causal order, or both
	// one after the other.
	Load(ctx context.Context, data []byte, actor Actor) (Document, error)
	// Close frees what the engine holds. Its documents are closed with it.
	Close() error
}

// Document is one replica of one document. A failed call leaves it as it was.
type Document interface {
	Reader
	Writer
	// Close frees the document's memory. Only errors come from it afterwards.
	Close() error
}

// Reader is a state of a document.
type Reader interface {
	// Heads are the hashes of the changes that no other builds on, in ascending order.
	Heads() []seal.ID
	// Spans is the text of that name in full. Neighbours that could be one are one.
	Spans(ctx context.Context, object string) ([]Span, error)
	// Text is the text of that name without its markers and marks.
	Text(ctx context.Context, object string) (string, error)
	// Root is everything beside the texts.
	Root(ctx context.Context) (Root, error)
	// Save is the state with its history as one Automerge file.
	Save(ctx context.Context) ([]byte, error)
}

// Writer changes a document and compares its states.
type Writer interface {
	// Apply takes changes, those that others build on first. Those the document has
	// already are skipped. All of them are taken or none.
	Apply(ctx context.Context, changes [][]byte) error
	// Change runs edit and returns the change made of it, written at the given time
	// (in whole seconds); nil when nothing is different. When edit fails, nothing is.
	// The edit must not call the document, which waits for its end.
	Change(ctx context.Context, at time.Time, edit func(Edit) error) (change []byte, err error)
	// Changes are all that the state of these heads does not have, in causal order;
	// without heads all, the root change first.
	Changes(ctx context.Context, since []seal.ID) ([][]byte, error)
	// At is the state that had these heads. It is valid until the document is closed.
	At(ctx context.Context, heads []seal.ID) (Reader, error)
	// Diff is what leads from one state to another.
	Diff(ctx context.Context, from, to []seal.ID) ([]Patch, error)
}

// Edit is how one change is made. It is valid inside the function it was given to.
type Edit interface {
	// Splice removes del positions at pos and inserts text there, which takes the
	// marks that grow over it. A "notes/<id>" that does not exist is made.
	Splice(object string, pos, del uint32, text string) error
	// SetSpans makes the text read so, by the least change it finds. A "notes/<id>"
	// that does not exist is made.
	SetSpans(object string, spans []Span) error
	// Put sets a key such as ["comments", id, "resolved"]. Maps that are missing on
	// the way are made.
	Put(path []string, v Value) error
	// Delete removes a key. One that is not there is no error.
	Delete(path []string) error
	// Mark sets or removes a mark on at least one position.
	Mark(object string, m MarkRange) error
}
