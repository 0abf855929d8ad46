package docs

import (
	"context"

	"parvis/app/workspace"
)

// Hide implements [workspace.Hider]: what was written beyond the fences of a removal
// does not count, except for changes that others built on before they knew (rule
// D21). Each document concerned is judged again as a whole.
func (v *view) Hide(ctx context.Context, batch []workspace.Opened) (workspace.Result, error) {
	f, err := v.writer(ctx)
	if err != nil {
		return workspace.Result{}, err
	}
	c := newChanges()
	touched := map[place]bool{}
	for _, o := range batch {
		body, err := Decode(o.Body, o.Space, o.Device)
		if err != nil {
			continue // kept as unreadable
		}
		p := place{o.Space, body.Doc}
		if err := f.judgeNote(ctx, o, body); err != nil {
			return workspace.Result{}, err
		}
		if _, known := f.rows[p]; known {
			touched[p] = true
		}
	}
	for p := range touched {
		c.reload(p.doc)
		if err := f.again(ctx, p, c); err != nil {
			return workspace.Result{}, err
		}
	}
	if err := f.save(ctx, c); err != nil {
		return workspace.Result{}, err
	}
	return workspace.Result{Bad: c.bad, After: func() { v.tell(ctx, c) }}, nil
}

// judgeNote writes what hiding means for an envelope that has a note.
func (f *fold) judgeNote(ctx context.Context, o workspace.Opened, b Body) error {
	row, found, err := f.v.storage().Note(ctx, o.ID)
	if err != nil || !found {
		return err
	}
	n, err := f.v.noteContent(ctx, row)
	if err != nil {
		return nil // damaged and reported: its envelope says later whether it is hidden
	}
	row.Flags = f.v.noteFlags(o, b, n.Reason)
	if err := f.v.storage().PutNote(ctx, row); err != nil || o.Hidden {
		return err
	}
	return f.learnFiles(ctx, o, b)
}

// noteFlags are the facts about a note that counting needs.
func (v *view) noteFlags(o workspace.Opened, b Body, reason string) NoteFlags {
	switch {
	case o.Hidden:
		return Hidden
	case reason != "":
		return Unusable
	case b.Op == OpMention && b.Mention != nil && v.mentionsMe(o, *b.Mention):
		return MentionsMe
	}
	return 0
}

// rescue lets a hidden change count when one that waits for it was written by
// somebody who did not know of the removal, and is not hidden itself (rule D21).
func (t *tip) rescue(ctx context.Context, e, hidden *entry) error {
	if e.hidden && !e.kept {
		return nil
	}
	knew, err := t.v.team.Knew(ctx, e.row.Envelope, hidden.actor.Device)
	hidden.kept = err == nil && !knew
	return err
}

// refold folds the cards again. A document that somebody uses stays, though its
// creation is hidden.
func (t *tip) refold() {
	t.folded = foldCards(t.cards, t.place > 0)
	t.content.apply(t.folded)
}
