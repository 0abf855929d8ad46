package docs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"parvis/crdt/doc"
	"parvis/crdt/doc/format"
	"parvis/crdt/doc/rich"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// automergeFormat is the format that needs no converter.
const automergeFormat = "automerge"

// maxPart is how many positions of text one change of an import holds at most,
// where blocks allow it.
const maxPart = 40_000

// maxPicture bounds a picture that is exported, in bytes.
const maxPicture = 32 << 20

// Files keeps the pictures of documents.
type Files interface {
	// Learn notes that a space refers to a file, inside the transaction that
	// stores the reference.
	Learn(ctx context.Context, ws seal.ID, space seal.SpaceID, ref file.Ref) error
	Put(ctx context.Context, ws seal.ID, space seal.SpaceID, r io.Reader, name, mime string) (file.Ref, error)
	Read(ctx context.Context, ws seal.ID, space seal.SpaceID, ref file.Ref) (io.ReadCloser, error)
}

// ExportAs is how a document is written to a file.
type ExportAs struct {
	Format   string
	Lang     string // "en" or "fr", for the words that a format itself writes
	Comments bool   // in a format that is for reading only
}

// Export writes a document in a file format.
func (s *Service) Export(ctx context.Context, ws seal.ID, id doc.ID, as ExportAs) (Exported, error) {
	formatName := as.Format
	chosen, known := s.config.Formats[formatName]
	if formatName != automergeFormat && (!known || chosen.Export == nil) {
		return Exported{}, fmt.Errorf("export as %.20q: %w", formatName, ErrFormat)
	}
	out := Exported{Mime: chosen.Mime}
	var tree rich.Document
	var authors map[doc.Actor]Author
	err := s.atDesk(ctx, ws, id, func(v *view, row DocRow, x *sheet) (err error) {
		if formatName == automergeFormat {
			out.Mime = "application/octet-stream"
			if out.Data, err = x.document.Save(ctx); err != nil {
				return err
			}
		} else if authors, err = v.authorsOf(ctx, row); err != nil {
			return err
		}
		tree, err = rich.Load(ctx, x.document)
		return err
	})
	if err != nil {
		return Exported{}, fmt.Errorf("export document %s: %w", id, err)
	}
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return Exported{}, err
	}
	title := d.content.Title.Text
	if out.Name = fileName(title) + "." + formatName; formatName == automergeFormat {
		out.Report.Add(format.LossImage, tree.DropImages()) // they are files beside the document
		return out, nil
	}
	var written bytes.Buffer
	options := format.Options{Title: title, Lang: as.Lang, Comments: as.Comments, Names: func(actor doc.Actor) string {
		if author, ok := authors[actor]; ok {
			return s.config.People.Name(ws, author.Person)
		}
		return ""
	}}
	if s.config.Files != nil {
		options.Images = pictures{v, d.row}
	}
	if out.Report, err = chosen.Export(ctx, &written, tree, options); err != nil {
		return Exported{}, fmt.Errorf("export document %s as %s: %w", id, formatName, err)
	}
	out.Data = written.Bytes()
	return out, nil
}

// authorsOf are the authors of a document by actor.
func (v *view) authorsOf(ctx context.Context, row DocRow) (map[doc.Actor]Author, error) {
	actors, err := v.actorsOf(ctx, row)
	if err != nil {
		return nil, err
	}
	authors := make(map[doc.Actor]Author, len(actors))
	for _, a := range actors {
		authors[a.Actor] = Author{a.Person, a.Device}
	}
	return authors, nil
}

// fileName makes a title usable as the name of a file on every system.
func fileName(title string) string {
	cleaned := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '-'
		}
		return r
	}, title)
	if cleaned = strings.Trim(cutText(cleaned, 120), " ."); cleaned == "" {
		return "document"
	}
	return cleaned
}

// pictures reads the pictures of a document.
type pictures struct {
	v   *view
	row DocRow
}

// Image implements [rich.Images].
func (p pictures) Image(ctx context.Context, index string) (data []byte, mime string, err error) {
	ref, err := p.v.service.File(ctx, p.v.ws, p.row.ID, index)
	if err != nil {
		return nil, "", err
	}
	if ref.Size > maxPicture {
		return nil, "", fmt.Errorf("a picture of %d bytes: %w", ref.Size, ErrTooLarge)
	}
	r, err := p.v.service.config.Files.Read(ctx, p.v.ws, p.row.Space, ref)
	if err != nil {
		return nil, "", err
	}
	data, err = io.ReadAll(io.LimitReader(r, maxPicture))
	return data, ref.Mime, errors.Join(err, r.Close())
}

// attachments stores the pictures of an import.
type attachments struct {
	s     *Service
	ws    seal.ID
	space seal.SpaceID
	refs  []file.Ref
}

// Attach implements [rich.Files].
func (a *attachments) Attach(ctx context.Context, data []byte, mime, name string) (string, error) {
	if name = strings.Map(nameRune, name); name == "" {
		name = "picture"
	}
	ref, err := a.s.config.Files.Put(ctx, a.ws, a.space, bytes.NewReader(data), cutText(name, file.MaxName), cutText(mime, file.MaxMime))
	if err != nil {
		return "", err
	}
	a.refs = append(a.refs, ref)
	return fmt.Sprintf("%x", ref.Index), nil
}

// nameRune drops what a file name may not hold.
func nameRune(r rune) rune {
	if r == '/' || r == '\\' || r == 0 {
		return -1
	}
	return r
}
