package api

import (
	"context"
	"math"
	"time"

	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/doc/format"
	"parvis/crdt/seal"
)

// engineLimit bounds the calls that need a document engine, whose first start
// compiles for some seconds, and big files.
const engineLimit = 5 * time.Minute

// TextService reads, writes and converts documents without a page.
type TextService interface {
	Text(ctx context.Context, ws seal.ID, id doc.ID) (text string, heads []seal.ID, err error)
	Append(ctx context.Context, ws seal.ID, id doc.ID, text string) error
	Edit(ctx context.Context, ws seal.ID, id doc.ID, pos, del uint32, text string) error
	Export(ctx context.Context, ws seal.ID, id doc.ID, as docs.ExportAs) (docs.Exported, error)
	Import(ctx context.Context, ws seal.ID, folder, name string, data []byte) (docs.Document, format.Report, error)
}

// slow is ofDoc with the engine's time limit.
func slow[T any](d *Docs, method string, ref DocRef, do func(ctx context.Context, ws seal.ID, id doc.ID) (T, error)) (T, error) {
	return runFor(d.edge, method, engineLimit, func(ctx context.Context) (none T, err error) {
		var ids parser
		ws, id := ids.doc(ref.Workspace, ref.ID)
		if ids.err != nil {
			return none, ids.err
		}
		return do(ctx, ws, id)
	})
}

// Text is what a document says, without marks.
func (d *Docs) Text(ref DocRef) (DocText, error) {
	return slow(d, "Docs.Text", ref, func(ctx context.Context, ws seal.ID, id doc.ID) (DocText, error) {
		text, heads, err := d.docs.Texts.Text(ctx, ws, id)
		return DocText{text, translateAll(heads, seal.ID.String)}, err
	})
}

// Append adds a paragraph at the end of a document.
func (d *Docs) Append(a DocAppend) error {
	_, err := slow(d, "Docs.Append", DocRef{a.Workspace, a.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) (bool, error) {
		return true, d.docs.Texts.Append(ctx, ws, id, a.Text)
	})
	return err
}

// Edit removes and inserts text at a position.
func (d *Docs) Edit(e DocEdit) error {
	_, err := slow(d, "Docs.Edit", DocRef{e.Workspace, e.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) (bool, error) {
		if e.At < 0 || e.At > math.MaxUint32 || e.Delete < 0 || e.Delete > math.MaxUint32 {
			return false, errInvalid{"That position does not exist. Positions and lengths are whole numbers from 0."}
		}
		return true, d.docs.Texts.Edit(ctx, ws, id, uint32(e.At), uint32(e.Delete), e.Text)
	})
	return err
}

// Export writes a document in a file format; the file waits under its token.
func (d *Docs) Export(e DocExport) (DocExported, error) {
	return slow(d, "Docs.Export", DocRef{e.Workspace, e.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) (DocExported, error) {
		made, err := d.docs.Texts.Export(ctx, ws, id, docs.ExportAs{Format: e.Format, Lang: e.Lang, Comments: e.Comments})
		if err != nil {
			return DocExported{}, err
		}
		return DocExported{
			Token: d.exports.keep(made), Name: made.Name, Size: int64(len(made.Data)), Report: translateAll(made.Report, lossDTO),
		}, nil
	})
}
