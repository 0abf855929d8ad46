package docs

import (
	"context"
	"fmt"

	"parvis/crdt/seal"
)

// scrubPage is how many rows a scrub reads at a time.
const scrubPage = 256

// Scrub reads every row of a workspace's documents and makes damaged ones again
// from their envelopes; each is reported.
func (s *Service) Scrub(ctx context.Context, ws seal.ID) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	if _, err := v.list.all(ctx); err != nil {
		return fmt.Errorf("scrub documents: %w", err)
	}
	x := scrub{v: v, numbers: map[place]int64{}, ours: map[int64]bool{}, actors: map[int64]bool{}, again: map[int64]bool{}}
	if err := x.run(ctx); err != nil {
		return fmt.Errorf("scrub documents: %w", err)
	}
	return nil
}

// scrub is one look at everything stored of a workspace's documents.
type scrub struct {
	v       *view
	numbers map[place]int64
	ours    map[int64]bool // numbers of this workspace's documents
	actors  map[int64]bool // numbers of their actors
	again   map[int64]bool // those to read again: that restores their changes
}

func (x *scrub) run(ctx context.Context) error {
	rows, err := x.v.storage().DocRows(ctx, x.v.ws)
	if err != nil {
		return err
	}
	for _, row := range rows {
		x.numbers[place{row.Space, row.ID}] = row.N
		x.ours[row.N] = true
		actors, err := x.v.storage().Actors(ctx, row.N)
		if err != nil {
			return err
		}
		for _, a := range actors {
			x.actors[a.N] = true
		}
	}
	if err := x.notes(ctx); err != nil {
		return err
	}
	if err := x.changes(ctx); err != nil {
		return err
	}
	return x.v.write(ctx, func(ctx context.Context, f *fold, c *changes) error {
		for p, row := range f.rows {
			if x.again[row.N] {
				if err := f.again(ctx, p, c); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// home is the document that an envelope belongs to, if it is one of this
// workspace. Where the envelope is not here it is the one that the row names.
func (x *scrub) home(ctx context.Context, envelope seal.ID, named int64) (n int64, ours bool) {
	if o, b, err := x.v.reopen(ctx, envelope); err == nil {
		n, ours = x.numbers[place{o.Space, b.Doc}]
		return n, ours
	}
	return named, x.ours[named]
}

// notes restores damaged notes.
func (x *scrub) notes(ctx context.Context) error {
	for last := int64(0); ; {
		rows, err := x.v.storage().NotesAfter(ctx, last, scrubPage)
		if err != nil {
			return err
		}
		for _, row := range rows {
			last = row.N
			if !row.Damaged {
				continue
			}
			if home, ours := x.home(ctx, row.Envelope, row.Doc); ours {
				x.again[home], x.again[row.Doc] = true, true
				_, _ = x.v.noteContent(ctx, row) // reports what it finds
			}
		}
		if len(rows) < scrubPage {
			return nil
		}
	}
}

// changes notes which documents have damaged changes, and gives those back that
// seem to belong to another document.
func (x *scrub) changes(ctx context.Context) error {
	for last := int64(0); ; {
		rows, err := x.v.storage().ChangesAfter(ctx, last, scrubPage)
		if err != nil {
			return err
		}
		for _, row := range rows {
			last = row.N
			if x.ours[row.Doc] && !x.actors[row.Actor] {
				x.again[row.Doc] = true // its actor's row was lost
			}
			if !row.Damaged {
				continue
			}
			if err := x.settle(ctx, row); err != nil {
				return err
			}
		}
		if len(rows) < scrubPage {
			return nil
		}
	}
}

// settle puts a damaged change where it belongs.
func (x *scrub) settle(ctx context.Context, row ChangeRow) error {
	home, ours := x.home(ctx, row.Envelope, row.Doc)
	if !ours {
		return nil
	}
	x.again[home], x.again[row.Doc] = true, true
	if home == row.Doc {
		return nil
	}
	row.Doc = home
	x.v.restored("A stored change of a document", row.Envelope)
	return x.v.storage().Write(ctx, func(ctx context.Context) error { return x.v.storage().MoveChange(ctx, row) })
}
