package api

import (
	"context"
	"fmt"
	"io"

	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/doc/format"
	"parvis/crdt/seal"
)

// MaxDocTitle is the length of a document's title that is kept, in characters.
const MaxDocTitle = docs.MaxTitle

// Limits of what a page hands in over HTTP, in bytes.
const (
	MaxPicture  = 25 << 20
	MaxSnapshot = docs.MaxSnapshot
	MaxImport   = format.MaxFile
)

// BytesService is documents as bytes.
type BytesService interface {
	Content(ctx context.Context, ws seal.ID, id doc.ID) ([]byte, error)
	PutSnapshot(ctx context.Context, ws seal.ID, id doc.ID, heads []seal.ID, data []byte) error
	Paint(ctx context.Context, ws seal.ID, id doc.ID) (docs.Paint, error)
	PutPaint(ctx context.Context, ws seal.ID, id doc.ID, heads []seal.ID, data []byte) error
}

// PictureService keeps the pictures of documents.
type PictureService interface {
	// Add stores a picture and tells the others of it. What is not a picture that a
	// page may show is refused with docs.ErrInvalid.
	Add(ctx context.Context, ws seal.ID, id doc.ID, name string, r io.Reader) (DocFile, error)
	// Open reads a picture, fetching it from others where it is not here.
	Open(ctx context.Context, ws seal.ID, id doc.ID, file string) (Picture, error)
}

// Picture is a picture of a document. The caller closes Bytes.
type Picture struct {
	Mime  string // image/png, image/jpeg, image/gif or image/webp
	Size  int64
	Bytes io.ReadCloser
}

// Content serves the bytes of documents and pictures, which travel by HTTP in the
// window and in the browser. Its methods fail like bound ones, with an [*Error].
type Content struct {
	edge    *edge
	parts   Documents
	exports *exports
	bundles BundleService
}

// inDoc runs one request about one document.
func inDoc[T any](c *Content, method, ws, id string, do func(ctx context.Context, ws seal.ID, id doc.ID) (T, error)) (T, error) {
	return runFor(c.edge, method, engineLimit, func(ctx context.Context) (none T, err error) {
		var ids parser
		ws, id := ids.doc(ws, id)
		if ids.err != nil {
			return none, ids.err
		}
		return do(ctx, ws, id)
	})
}

// Document is a document as one Automerge file.
func (c *Content) Document(ws, id string) ([]byte, error) {
	return inDoc(c, "Content.Document", ws, id, func(ctx context.Context, ws seal.ID, id doc.ID) ([]byte, error) {
		return c.parts.Bytes.Content(ctx, ws, id)
	})
}

// KeepSnapshot keeps the saved state of a replica with these heads.
func (c *Content) KeepSnapshot(ws, id string, heads []string, data []byte) error {
	return c.keep("Content.KeepSnapshot", ws, id, heads, data, c.parts.Bytes.PutSnapshot)
}

// Paint is what a page shows until it has loaded a document, and its heads. Without
// a picture there is no data.
func (c *Content) Paint(ws, id string) (data []byte, heads []string, err error) {
	data, err = inDoc(c, "Content.Paint", ws, id, func(ctx context.Context, ws seal.ID, id doc.ID) ([]byte, error) {
		paint, err := c.parts.Bytes.Paint(ctx, ws, id)
		heads = translateAll(paint.Heads, seal.ID.String)
		return paint.Data, err
	})
	return data, heads, err
}

// KeepPaint keeps what Paint gives.
func (c *Content) KeepPaint(ws, id string, heads []string, data []byte) error {
	return c.keep("Content.KeepPaint", ws, id, heads, data, c.parts.Bytes.PutPaint)
}

func (c *Content) keep(method, ws, id string, heads []string, data []byte, put func(context.Context, seal.ID, doc.ID, []seal.ID, []byte) error) error {
	_, err := inDoc(c, method, ws, id, func(ctx context.Context, ws seal.ID, id doc.ID) (bool, error) {
		var ids parser
		hashes := ids.all(heads)
		if ids.err != nil {
			return false, ids.err
		}
		return true, put(ctx, ws, id, hashes, data)
	})
	return err
}

// AddPicture stores a picture of a document.
func (c *Content) AddPicture(ws, id, name string, r io.Reader) (DocFile, error) {
	return inDoc(c, "Content.AddPicture", ws, id, func(ctx context.Context, ws seal.ID, id doc.ID) (DocFile, error) {
		return c.parts.Pictures.Add(ctx, ws, id, name, &capped{r, MaxPicture})
	})
}

// capped fails where a picture goes beyond its limit.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.left -= int64(n); c.left < 0 {
		return 0, errInvalid{fmt.Sprintf("The picture is larger than %d MiB. Use a smaller one.", MaxPicture>>20)}
	}
	return n, err
}

// Picture copies a picture of a document: begin is told its type and size before
// the first byte is written.
func (c *Content) Picture(ws, id, file string, begin func(mime string, size int64) io.Writer) error {
	_, err := inDoc(c, "Content.Picture", ws, id, func(ctx context.Context, ws seal.ID, id doc.ID) (bool, error) {
		picture, err := c.parts.Pictures.Open(ctx, ws, id, file)
		if err != nil {
			return false, err
		}
		defer picture.Bytes.Close()
		if _, err := io.Copy(begin(picture.Mime, picture.Size), picture.Bytes); err != nil {
			return false, fmt.Errorf("read picture: %w", err)
		}
		return true, nil
	})
	return err
}

// Import makes a document of a file; the ending of name says its format.
func (c *Content) Import(workspace, folder, name string, data []byte) (DocImported, error) {
	return runFor(c.edge, "Content.Import", engineLimit, func(ctx context.Context) (DocImported, error) {
		var ids parser
		ws := ids.id(workspace)
		if ids.err != nil {
			return DocImported{}, ids.err
		}
		made, report, err := c.parts.Texts.Import(ctx, ws, folder, name, data)
		return DocImported{Doc: docDTO(made), Report: translateAll(report, lossDTO)}, err
	})
}

// Exported is a finished export by its token.
func (c *Content) Exported(token string) (name, mime string, data []byte, err error) {
	made, ok := c.exports.find(token)
	if !ok {
		return "", "", nil, &Error{CodeNotFound, "This export is no longer here. Export the document again."}
	}
	return made.Name, made.Mime, made.Data, nil
}
