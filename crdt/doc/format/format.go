// Package format is what the file formats of documents have in common: how an
// exporter and an importer are called, and how they name what got lost. Each
// format lies in a folder below.
package format

import (
	"context"
	"errors"
	"io"

	"parvis/crdt/doc"
	"parvis/crdt/doc/rich"
)

// MaxFile is the most bytes that an importer reads.
const MaxFile = 64 << 20

// MaxContents is how many tables of contents of a document are filled; each is as
// long as all its headings.
const MaxContents = 16

// Errors of importers; they wrap the reason.
var (
	ErrTooLarge = errors.New("the file is too large")
	ErrNotThis  = errors.New("the file is not of this format")
)

// Options is what an exporter or importer needs besides the document.
type Options struct {
	Title string
	Lang  string // "en" or "fr", for the words that a format itself writes
	// Images gives the pictures of an export; nil leaves them out and reports it.
	Images rich.Images
	// Files takes the pictures of an import; nil leaves them out and reports it.
	Files rich.Files
	// Comments adds the comments to a format that is read on paper, where they are
	// no part of the text. Formats that are worked with hold them anyway.
	Comments bool
	// Names gives the name of an author; nil or an empty name means unknown.
	Names func(doc.Actor) string
}

// Name is the name of an author, or what o's language says for an unknown one.
func (o Options) Name(actor doc.Actor, author string) string {
	if author != "" {
		return author
	}
	if o.Names != nil && actor != (doc.Actor{}) {
		if name := o.Names(actor); name != "" {
			return name
		}
	}
	if o.Lang == "fr" {
		return "Inconnu"
	}
	return "Unknown"
}

// Exporter writes a document in one format. What the format cannot hold is in
// the report. An error is the writer's, the context's or that of an image.
type Exporter func(ctx context.Context, w io.Writer, d rich.Document, o Options) (Report, error)

// Importer reads a document in one format. What the document model cannot hold
// is in the report. It accepts any bytes: what is not of the format gives
// ErrNotThis, never a panic.
type Importer func(ctx context.Context, data []byte, o Options) (rich.Document, Report, error)
