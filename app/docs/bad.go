package docs

import (
	"context"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// maxReason bounds the text of a report, in bytes.
const maxReason = 200

// ReportBad sets changes aside that a replica's engine refused (rule D14): they
// and what builds on them are no longer handed out, and every open replica of the
// document opens it again.
func (s *Service) ReportBad(ctx context.Context, ws seal.ID, id doc.ID, hashes []seal.ID, reason string) error {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return err
	}
	reason = "the document engine refused it: " + reason[:min(len(reason), maxReason)]
	var authors []string
	err = v.write(ctx, func(ctx context.Context, f *fold, c *changes) error {
		p := place{d.row.Space, id}
		t, err := f.tip(ctx, p, c)
		if err != nil {
			return err
		}
		for _, hash := range hashes {
			row, found, err := v.storage().Change(ctx, t.row.N, hash)
			if err != nil {
				return err
			}
			if !found || row.State == Refused || row.State == Bad {
				continue
			}
			e, err := v.entryOf(ctx, t, row)
			if err != nil {
				return err
			}
			if err := v.refuse(ctx, e, reason); err != nil {
				return err
			}
			authors = append(authors, s.config.People.Name(ws, e.actor.Person))
		}
		if len(authors) == 0 {
			return nil
		}
		c.reload(id)
		return f.again(ctx, p, c)
	})
	if err != nil {
		return fmt.Errorf("set changes of document %s aside: %w", id, err)
	}
	for _, author := range authors {
		v.trouble("A change by %s in “%s” could not be used and was set aside.", author, d.content.Title.Text)
	}
	return nil
}

// refuse keeps a change for good, without ever handing it out.
func (v *view) refuse(ctx context.Context, e *entry, reason string) error {
	row := e.row
	row.State, row.Place = Refused, 0
	if err := v.storage().PutChange(ctx, row); err != nil {
		return err
	}
	return v.storage().SetEnvelopeState(ctx, v.ws, []seal.ID{row.Envelope}, workspace.EnvelopeQuarantined, reason)
}
