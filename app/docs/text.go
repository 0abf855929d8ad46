package docs

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// maxAppend bounds the text of one call, in bytes: what one change can carry.
const maxAppend = 256 << 10

// Text is what a document says, and the state that says it. Every position of the
// document is one UTF-16 code unit of the text: a block begins with a line break,
// a picture or footnote is U+FFFC.
func (s *Service) Text(ctx context.Context, ws seal.ID, id doc.ID) (text string, heads []seal.ID, err error) {
	err = s.atDesk(ctx, ws, id, func(_ *view, _ DocRow, x *sheet) error {
		spans, err := x.document.Spans(ctx, "text")
		if err != nil {
			return err
		}
		text, heads = textOf(spans), x.document.Heads()
		return nil
	})
	if err != nil {
		return "", nil, fmt.Errorf("text of document %s: %w", id, err)
	}
	return text, heads, nil
}

func textOf(spans []doc.Span) string {
	var text strings.Builder
	for _, span := range spans {
		switch {
		case span.Block == nil:
			text.WriteString(span.Text)
		case span.Block.Embed:
			text.WriteRune('\ufffc')
		default:
			text.WriteByte('\n')
		}
	}
	return text.String()
}

// atDesk works on a document with the node's engine.
func (s *Service) atDesk(ctx context.Context, ws seal.ID, id doc.ID, fn func(v *view, row DocRow, x *sheet) error) error {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return err
	}
	return s.desk.use(ctx, v, d.row, func(x *sheet) error { return fn(v, d.row, x) })
}

// Append adds paragraphs at the end of a document, one per line of text.
func (s *Service) Append(ctx context.Context, ws seal.ID, id doc.ID, text string) error {
	if err := checkText(text); err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), "\n")
	return s.change(ctx, ws, id, func(x *sheet) (func(doc.Edit) error, error) {
		spans, err := x.document.Spans(ctx, "text")
		if err != nil {
			return nil, err
		}
		begin := append(spans, doc.Span{Block: &doc.Block{Type: "paragraph"}})
		whole := slices.Clone(begin)
		for i, line := range lines {
			if i > 0 {
				whole = append(whole, doc.Span{Block: &doc.Block{Type: "paragraph"}})
			}
			if line != "" {
				whole = append(whole, doc.Span{Text: line})
			}
		}
		// The first marker first: what follows then hangs on it, and paragraphs that
		// somebody else appends at the same time stand before or after, not between.
		return func(e doc.Edit) error {
			return errors.Join(e.SetSpans("text", begin), e.SetSpans("text", whole))
		}, nil
	})
}

// Edit removes del positions at pos and inserts text there. Positions are UTF-16
// code units; block markers count one.
func (s *Service) Edit(ctx context.Context, ws seal.ID, id doc.ID, pos, del uint32, text string) error {
	if err := checkText(text); err != nil {
		return err
	}
	return s.change(ctx, ws, id, func(x *sheet) (func(doc.Edit) error, error) {
		spans, err := x.document.Spans(ctx, "text")
		if err != nil {
			return nil, err
		}
		if length := doc.Width(textOf(spans)); pos > length || del > length-pos {
			return nil, fmt.Errorf("%d positions at %d of %d: %w", del, pos, length, ErrInvalid)
		}
		return func(e doc.Edit) error { return e.Splice("text", pos, del, text) }, nil
	})
}

func checkText(text string) error {
	switch {
	case len(text) > maxAppend:
		return fmt.Errorf("a text of %d bytes: %w", len(text), ErrTooLarge)
	case !utf8.ValidString(text):
		return fmt.Errorf("a text that is not UTF-8: %w", ErrInvalid)
	}
	return nil
}

// change makes one change with the node's engine.
func (s *Service) change(ctx context.Context, ws seal.ID, id doc.ID, prepare func(x *sheet) (func(doc.Edit) error, error)) error {
	err := s.atDesk(ctx, ws, id, func(v *view, row DocRow, x *sheet) error {
		if !v.team.CanWrite(row.Space) {
			return ErrReadOnly
		}
		edit, err := prepare(x)
		if err != nil {
			return err
		}
		return s.desk.edit(ctx, v, row, x, edit)
	})
	if err != nil {
		return fmt.Errorf("change document %s: %w", id, err)
	}
	return nil
}
