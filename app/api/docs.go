package api

import (
	"context"
	"encoding/base64"

	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// DocumentService lists and names documents.
type DocumentService interface {
	List(ctx context.Context, ws seal.ID) ([]docs.Document, error)
	// Create makes an empty document; the zero space is the main one.
	Create(ctx context.Context, ws seal.ID, space seal.SpaceID, title, folder string) (docs.Document, error)
	Rename(ctx context.Context, ws seal.ID, id doc.ID, title string) error
	Move(ctx context.Context, ws seal.ID, id doc.ID, folder string) error
	SetTrashed(ctx context.Context, ws seal.ID, id doc.ID, trashed bool) error
}

// ReplicaService serves the replicas that pages edit.
type ReplicaService interface {
	Open(ctx context.Context, ws seal.ID, id doc.ID) (docs.Session, error)
	Resume(ctx context.Context, ws seal.ID, id doc.ID, token string, number uint32) (docs.Session, error)
	Apply(ctx context.Context, ws seal.ID, id doc.ID, token string, changes [][]byte) error
	CloseSession(ctx context.Context, ws seal.ID, id doc.ID, token string) error
	Cursor(ctx context.Context, ws seal.ID, id doc.ID, token, anchor, head string) error
}

// RemarkService is what is said about documents.
type RemarkService interface {
	Star(ctx context.Context, ws seal.ID, id doc.ID, starred bool) error
	MarkSeen(ctx context.Context, ws seal.ID, id doc.ID) error
	Mention(ctx context.Context, ws seal.ID, id doc.ID, comment string, people []seal.ID, text string) error
	ReportBad(ctx context.Context, ws seal.ID, id doc.ID, hashes []seal.ID, reason string) error
	History(ctx context.Context, ws seal.ID, id doc.ID) ([]docs.ChangeInfo, error)
}

// Docs is the bound struct for documents. Bytes of documents and pictures travel
// by [Content].
type Docs struct {
	edge *edge
	docs Documents

	exports *exports
}

// Documents is all that serves documents.
type Documents struct {
	List     DocumentService
	Replicas ReplicaService
	Remarks  RemarkService
	Texts    TextService
	Bytes    BytesService
	Pictures PictureService
}

// doc parses the names of a document.
func (p *parser) doc(ws, id string) (seal.ID, doc.ID) {
	parsed, err := doc.ParseID(id)
	if err != nil {
		p.fail("document", id)
	}
	return p.id(ws), parsed
}

// onDoc is act for a call about one document.
func onDoc(d *Docs, method string, ref DocRef, do func(ctx context.Context, ws seal.ID, id doc.ID) error) error {
	return act(d.edge, method, func(ctx context.Context) error {
		var ids parser
		ws, id := ids.doc(ref.Workspace, ref.ID)
		if ids.err != nil {
			return ids.err
		}
		return do(ctx, ws, id)
	})
}

// ofDoc is run for a call about one document.
func ofDoc[T any](d *Docs, method string, ref DocRef, do func(ctx context.Context, ws seal.ID, id doc.ID) (T, error)) (T, error) {
	return run(d.edge, method, func(ctx context.Context) (none T, err error) {
		var ids parser
		ws, id := ids.doc(ref.Workspace, ref.ID)
		if ids.err != nil {
			return none, ids.err
		}
		return do(ctx, ws, id)
	})
}

// List lists the documents of a workspace, the last changed first.
func (d *Docs) List(workspace string) ([]Doc, error) {
	return run(d.edge, "Docs.List", func(ctx context.Context) ([]Doc, error) {
		var ids parser
		ws := ids.id(workspace)
		if ids.err != nil {
			return nil, ids.err
		}
		found, err := d.docs.List.List(ctx, ws)
		return translateAll(found, docDTO), err
	})
}

// Create makes an empty document.
func (d *Docs) Create(n NewDoc) (Doc, error) {
	return run(d.edge, "Docs.Create", func(ctx context.Context) (Doc, error) {
		var ids parser
		ws, space := ids.id(n.Workspace), ids.optionalSpace(n.Space)
		if ids.err != nil {
			return Doc{}, ids.err
		}
		made, err := d.docs.List.Create(ctx, ws, space, n.Title, n.Folder)
		return docDTO(made), err
	})
}

// Rename gives a document another title.
func (d *Docs) Rename(n DocName) error {
	return onDoc(d, "Docs.Rename", DocRef{n.Workspace, n.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		return d.docs.List.Rename(ctx, ws, id, n.Title)
	})
}

// Move puts a document into a folder.
func (d *Docs) Move(n DocFolder) error {
	return onDoc(d, "Docs.Move", DocRef{n.Workspace, n.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		return d.docs.List.Move(ctx, ws, id, n.Folder)
	})
}

// Star marks a document on this device alone.
func (d *Docs) Star(n DocStar) error {
	return onDoc(d, "Docs.Star", DocRef{n.Workspace, n.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		return d.docs.Remarks.Star(ctx, ws, id, n.On)
	})
}

// Trash puts a document into the trash.
func (d *Docs) Trash(ref DocRef) error {
	return onDoc(d, "Docs.Trash", ref, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		return d.docs.List.SetTrashed(ctx, ws, id, true)
	})
}

// Restore takes a document out of the trash.
func (d *Docs) Restore(ref DocRef) error {
	return onDoc(d, "Docs.Restore", ref, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		return d.docs.List.SetTrashed(ctx, ws, id, false)
	})
}

// MarkSeen remembers that the mentions in a document were seen.
func (d *Docs) MarkSeen(ref DocRef) error {
	return onDoc(d, "Docs.MarkSeen", ref, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		return d.docs.Remarks.MarkSeen(ctx, ws, id)
	})
}

// Mention tells people that a comment names them.
func (d *Docs) Mention(m DocMention) error {
	return onDoc(d, "Docs.Mention", DocRef{m.Workspace, m.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		var ids parser
		people := ids.all(m.People)
		if ids.err != nil {
			return ids.err
		}
		return d.docs.Remarks.Mention(ctx, ws, id, m.Comment, people, m.Text)
	})
}

// Report sets changes aside that a replica's engine refused.
func (d *Docs) Report(b DocBad) error {
	return onDoc(d, "Docs.Report", DocRef{b.Workspace, b.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		var ids parser
		hashes := ids.all(b.Hashes)
		if ids.err != nil {
			return ids.err
		}
		return d.docs.Remarks.ReportBad(ctx, ws, id, hashes, b.Reason)
	})
}

// History lists the changes of a document in causal order.
func (d *Docs) History(ref DocRef) ([]DocChange, error) {
	return ofDoc(d, "Docs.History", ref, func(ctx context.Context, ws seal.ID, id doc.ID) ([]DocChange, error) {
		all, err := d.docs.Remarks.History(ctx, ws, id)
		return translateAll(all, docChangeDTO), err
	})
}

// Open leases a session to a replica.
func (d *Docs) Open(ref DocRef) (DocSession, error) {
	return ofDoc(d, "Docs.Open", ref, func(ctx context.Context, ws seal.ID, id doc.ID) (DocSession, error) {
		s, err := d.docs.Replicas.Open(ctx, ws, id)
		return docSessionDTO(s), err
	})
}

// Resume gives a replica its session again after a lost connection.
func (d *Docs) Resume(r DocResume) (DocSession, error) {
	return ofDoc(d, "Docs.Resume", DocRef{r.Workspace, r.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) (DocSession, error) {
		if r.Session < 0 || r.Session > docs.MaxSession {
			return DocSession{}, errInvalid{"That session does not exist. Reload the page and try again."}
		}
		s, err := d.docs.Replicas.Resume(ctx, ws, id, r.Token, uint32(r.Session))
		return docSessionDTO(s), err
	})
}

// Apply stores changes of a replica and returns once they are durable.
func (d *Docs) Apply(c DocChanges) error {
	return onDoc(d, "Docs.Apply", DocRef{c.Workspace, c.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		changes := make([][]byte, len(c.Changes))
		for i, text := range c.Changes {
			var err error
			if changes[i], err = base64.StdEncoding.DecodeString(text); err != nil {
				return errInvalid{"A change has the wrong form. Reload the page and try again."}
			}
		}
		return d.docs.Replicas.Apply(ctx, ws, id, c.Token, changes)
	})
}

// Close ends the session of a replica.
func (d *Docs) Close(l DocLease) error {
	return onDoc(d, "Docs.Close", DocRef{l.Workspace, l.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		return d.docs.Replicas.CloseSession(ctx, ws, id, l.Token)
	})
}

// Cursor tells the connected people where the selection of a replica stands.
func (d *Docs) Cursor(c DocCursor) error {
	return onDoc(d, "Docs.Cursor", DocRef{c.Workspace, c.ID}, func(ctx context.Context, ws seal.ID, id doc.ID) error {
		return d.docs.Replicas.Cursor(ctx, ws, id, c.Token, c.Anchor, c.Head)
	})
}
