package docs

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parvis/app/workspace"
	"parvis/crdt/doc"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// List lists the documents that this device can read, the last changed first.
func (s *Service) List(ctx context.Context, ws seal.ID) ([]Document, error) {
	v, err := s.view(ws)
	if err != nil {
		return nil, err
	}
	return v.list.all(ctx)
}

// SpaceOf is the space that a document lies in.
func (s *Service) SpaceOf(ctx context.Context, ws seal.ID, id doc.ID) (seal.SpaceID, error) {
	_, d, err := s.find(ctx, ws, id)
	return d.row.Space, err
}

// Create makes an empty document in a space; the zero space is the main one. Title
// and folder are cleaned, and may be empty.
func (s *Service) Create(ctx context.Context, ws seal.ID, space seal.SpaceID, title, folder string) (Document, error) {
	v, err := s.view(ws)
	if err != nil {
		return Document{}, err
	}
	if space.IsZero() {
		space = v.team.MainSpace()
	}
	if !v.team.CanRead(space) {
		return Document{}, fmt.Errorf("space %s: %w", space, ErrNotFound)
	}
	if err := v.mayFile(space); err != nil {
		return Document{}, err
	}
	_, device := v.team.Self()
	nonce := seal.ID(seal.Random(32))
	id := NewID(space, device, nonce)
	c := Card{Field: FieldCreated, Lamport: 1, Nonce: &nonce, Title: CleanTitle(title), Folder: CleanFolder(folder)}
	err = v.append(ctx, space, Body{Doc: id, Op: OpCard, Card: &c})
	if err != nil {
		return Document{}, fmt.Errorf("create document: %w", err)
	}
	d, ok := v.list.document(ctx, id)
	if !ok {
		return Document{}, fmt.Errorf("new document %s: %w", id, ErrNotFound)
	}
	return d, nil
}

// mayFile reports whether the own person may make, name, move and trash documents
// of a space.
func (v *view) mayFile(space seal.SpaceID) error {
	switch {
	case v.team.Standing().Guest:
		return ErrGuest
	case !v.team.CanWrite(space):
		return ErrReadOnly
	}
	return nil
}

// append writes an envelope that needs nothing of what is here.
func (v *view) append(ctx context.Context, space seal.SpaceID, b Body) error {
	body, err := b.Encode()
	if err != nil {
		return err
	}
	_, err = v.team.Append(ctx, space, workspace.KindDocument, func(context.Context) (workspace.Draft, error) {
		return workspace.Draft{Body: body}, nil
	})
	return err
}

// Rename gives a document another title.
func (s *Service) Rename(ctx context.Context, ws seal.ID, id doc.ID, title string) error {
	return s.setCard(ctx, ws, id, Card{Field: FieldTitle, Title: CleanTitle(title)})
}

// Move puts a document into another folder; an empty one is none.
func (s *Service) Move(ctx context.Context, ws seal.ID, id doc.ID, folder string) error {
	return s.setCard(ctx, ws, id, Card{Field: FieldFolder, Folder: CleanFolder(folder)})
}

// SetTrashed puts a document into the trash or takes it out.
func (s *Service) SetTrashed(ctx context.Context, ws seal.ID, id doc.ID, trashed bool) error {
	return s.setCard(ctx, ws, id, Card{Field: FieldTrashed, Trashed: trashed})
}

// setCard writes a card operation that follows all that are known here. One that
// changes nothing is not written.
func (s *Service) setCard(ctx context.Context, ws seal.ID, id doc.ID, c Card) error {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return err
	}
	if err := v.mayFile(d.row.Space); err != nil {
		return err
	}
	now := d.content
	if c.Field == FieldTitle && c.Title == now.Title.Text || c.Field == FieldFolder && c.Folder == now.Folder.Text ||
		c.Field == FieldTrashed && c.Trashed == (now.Trashed.Text == inTrash) {
		return nil
	}
	_, err = v.team.Append(ctx, d.row.Space, workspace.KindDocument, func(ctx context.Context) (draft workspace.Draft, err error) {
		err = v.compose(ctx, d.row, func(t *tip) (err error) {
			draft.Deps = t.folded.heads[:min(len(t.folded.heads), maxDeps)]
			c.Lamport = 1 + topOf(t.cards, draft.Deps)
			draft.Body, err = Body{Doc: id, Op: OpCard, Card: &c}.Encode()
			return err
		})
		return draft, err
	})
	if err != nil {
		return fmt.Errorf("change the card of document %s: %w", id, err)
	}
	return nil
}

// Star marks a document on this device alone.
func (s *Service) Star(ctx context.Context, ws seal.ID, id doc.ID, starred bool) error {
	return s.setLocal(ctx, ws, id, func(_ context.Context, _ *tip, l *Local) error {
		l.Starred = starred
		return nil
	})
}

// MarkSeen remembers that the mentions in a document were seen.
func (s *Service) MarkSeen(ctx context.Context, ws seal.ID, id doc.ID) error {
	return s.setLocal(ctx, ws, id, func(ctx context.Context, t *tip, l *Local) error {
		notes, err := t.v.storage().Notes(ctx, t.row.N, OpMention)
		if len(notes) > 0 {
			l.Seen = notes[len(notes)-1].N
		}
		t.counted = false
		return err
	})
}

// setLocal changes what this device alone remembers of a document.
func (s *Service) setLocal(ctx context.Context, ws seal.ID, id doc.ID, change func(ctx context.Context, t *tip, l *Local) error) error {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return err
	}
	local := d.local
	err = v.write(ctx, func(ctx context.Context, f *fold, c *changes) error {
		t, err := f.tip(ctx, place{d.row.Space, id}, c)
		if err != nil {
			return err
		}
		locals, err := v.storage().Locals(ctx, ws)
		if err != nil {
			return err
		}
		local = locals[t.row.N]
		if err := change(ctx, t, &local); err != nil {
			return err
		}
		c.tips[t] = true
		c.locals = append(c.locals, ownFact{id, local})
		return v.storage().PutLocal(ctx, t.row.N, local)
	})
	if err != nil {
		return fmt.Errorf("document %s: %w", id, err)
	}
	return nil
}

// Mention tells people that a comment names them.
func (s *Service) Mention(ctx context.Context, ws seal.ID, id doc.ID, comment string, people []seal.ID, text string) error {
	m := Mention{Comment: comment, People: sorted(people), Text: cutText(text, MaxMention)}
	if err := checkMention(m); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return s.tellAll(ctx, ws, id, Body{Doc: id, Op: OpMention, Mention: &m})
}

// Attach tells the others of a file that a document shows, so that they can read it.
func (s *Service) Attach(ctx context.Context, ws seal.ID, id doc.ID, ref file.Ref) error {
	if err := ref.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return s.tellAll(ctx, ws, id, Body{Doc: id, Op: OpFiles, Files: []file.Ref{ref}})
}

func (s *Service) tellAll(ctx context.Context, ws seal.ID, id doc.ID, b Body) error {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return err
	}
	if !v.team.CanWrite(d.row.Space) {
		return ErrReadOnly
	}
	if err := v.append(ctx, d.row.Space, b); err != nil {
		return fmt.Errorf("write to document %s: %w", id, err)
	}
	return nil
}

// File finds a file that was attached to a document by the content id of its index
// block, in hexadecimal.
func (s *Service) File(ctx context.Context, ws seal.ID, id doc.ID, index string) (file.Ref, error) {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return file.Ref{}, err
	}
	notes, err := v.storage().Notes(ctx, d.row.N, OpFiles)
	if err != nil {
		return file.Ref{}, fmt.Errorf("read the files of %s: %w", id, err)
	}
	for _, row := range slices.Backward(notes) {
		n, err := v.noteContent(ctx, row)
		if err != nil {
			continue // reported
		}
		for _, ref := range n.Files {
			if fmt.Sprintf("%x", ref.Index) == index {
				return ref, nil
			}
		}
	}
	return file.Ref{}, fmt.Errorf("file %.80s of document %s: %w", index, id, ErrNotFound)
}

// cutText shortens a text to at most so many bytes, between characters.
func cutText(text string, most int) string {
	text = strings.ToValidUTF8(text, "")
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
