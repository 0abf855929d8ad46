package docs

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// When the node makes a picture for a page that asks for one and finds none.
const (
	largeFrom = 1000                    // changes; a document of fewer is loaded at once
	paintWait = 1200 * time.Millisecond // how long the page waits for it
)

// PutPaint keeps what the page shows until it has loaded the document.
func (s *Service) PutPaint(ctx context.Context, ws seal.ID, id doc.ID, heads []seal.ID, data []byte) error {
	if len(data) > MaxSnapshot {
		return fmt.Errorf("a picture of %d bytes: %w", len(data), ErrTooLarge)
	}
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return err
	}
	return v.storage().Write(ctx, func(ctx context.Context) error {
		return v.storage().PutCache(ctx, d.row.N, Cache{Kind: PaintCache, Heads: sorted(heads), Data: data})
	})
}

// Paint is the picture that was kept last; it has no data when there is none. Of a
// large document the node then makes one: when that takes too long for the page, it
// is there the next time (rule D22).
func (s *Service) Paint(ctx context.Context, ws seal.ID, id doc.ID) (Paint, error) {
	v, d, err := s.find(ctx, ws, id)
	if err != nil {
		return Paint{}, err
	}
	kept, found, err := v.keptPaint(ctx, d.row)
	if err != nil || found {
		return Paint{Heads: kept.Heads, Data: kept.Data}, err
	}
	late, err := v.storage().Later(ctx, d.row.N, largeFrom-1, 1)
	if err != nil || len(late) == 0 {
		return Paint{}, err
	}
	select {
	case <-s.compactor.want(deskKey{ws, id}):
	case <-time.After(paintWait):
	case <-ctx.Done():
	}
	kept, _, err = v.keptPaint(ctx, d.row)
	return Paint{Heads: kept.Heads, Data: kept.Data}, err
}

// keptPaint is the picture that was kept last, unless it is of a state that this
// device does not know, or no more.
func (v *view) keptPaint(ctx context.Context, row DocRow) (kept Cache, found bool, err error) {
	if kept, found, err = v.storage().Cache(ctx, row.N, PaintCache); err != nil || !found {
		return Cache{}, false, err
	}
	if kept.Place, err = v.reached(ctx, row, kept.Heads); err != nil {
		return Cache{}, false, nil
	}
	return kept, true, nil
}

// want asks for a picture of a document. What it returns is closed when the picture
// was kept, or could not be made.
func (c *compactor) want(key deskKey) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	made, asked := c.wanted[key]
	if !asked {
		made = make(chan struct{})
		c.wanted[key] = made
		c.look()
	}
	return made
}

// firstWanted is a document of which a picture is wanted.
func (c *compactor) firstWanted() (key deskKey, found bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.wanted {
		return key, true
	}
	return key, false
}

// paintWanted makes the pictures that are wanted.
func (c *compactor) paintWanted(ctx context.Context) {
	for key, found := c.firstWanted(); found; key, found = c.firstWanted() {
		if err := c.paint(ctx, key); err != nil && ctx.Err() == nil {
			c.s.config.Log.Warn("make a picture", "document", key.id.String(), "err", err)
		}
		c.mu.Lock()
		close(c.wanted[key])
		delete(c.wanted, key)
		c.mu.Unlock()
	}
}

// paint makes a picture of a document.
func (c *compactor) paint(ctx context.Context, key deskKey) error {
	v, d, err := c.s.find(ctx, key.ws, key.id)
	if err != nil {
		return err
	}
	var paint Cache
	err = c.s.desk.use(ctx, v, d.row, func(x *sheet) (err error) {
		paint, err = x.paint(ctx)
		return err
	})
	if err != nil {
		return err
	}
	return v.keepPaint(ctx, d.row, paint)
}

// keepPaint stores a picture that the node made, unless a page kept one that is at
// least as young.
func (v *view) keepPaint(ctx context.Context, row DocRow, paint Cache) error {
	if len(paint.Data) > MaxSnapshot {
		return nil
	}
	return v.storage().Write(ctx, func(ctx context.Context) error {
		kept, found, err := v.keptPaint(ctx, row)
		if err != nil || found && kept.Place >= paint.Place {
			return err
		}
		return v.storage().PutCache(ctx, row.N, paint)
	})
}

// paint is a picture of the document as it is loaded.
func (x *sheet) paint(ctx context.Context) (Cache, error) {
	spans, err := x.document.Spans(ctx, "text")
	if err != nil {
		return Cache{}, err
	}
	data, err := encodePaint(spans)
	return Cache{Kind: PaintCache, Heads: x.document.Heads(), Place: x.at, Data: data}, err
}

// paintSpan is a span as the page's engine gives it, with the marks of embeds as well.
type paintSpan struct {
	Type  string         `json:"type"`  // "text" or "block"
	Value any            `json:"value"` // a string or a paintMarker
	Marks map[string]any `json:"marks,omitempty"`
}

type paintMarker struct {
	Type    string         `json:"type"`
	Parents []string       `json:"parents,omitempty"`
	Attrs   map[string]any `json:"attrs,omitempty"`
	Embed   bool           `json:"isEmbed,omitempty"`
}

// encodePaint writes a text as a picture (rule D22).
func encodePaint(spans []doc.Span) ([]byte, error) {
	list := make([]paintSpan, len(spans))
	for i, span := range spans {
		marks := map[string]any{}
		for _, m := range span.Marks {
			setScalar(marks, m.Name, m.Value)
		}
		list[i] = paintSpan{"text", span.Text, marks}
		if b := span.Block; b != nil {
			attrs := map[string]any{}
			for name, value := range b.Attrs {
				setScalar(attrs, name, value)
			}
			list[i] = paintSpan{"block", paintMarker{b.Type, b.Parents, attrs, b.Embed}, marks}
		}
	}
	return json.Marshal(map[string]any{"spans": list})
}

// setScalar sets what the page reads: texts, numbers and truth values.
func setScalar(to map[string]any, name string, v doc.Value) {
	switch v.Kind {
	case doc.KindString:
		to[name] = v.Str
	case doc.KindInt, doc.KindUint:
		to[name] = v.Int
	case doc.KindBool:
		to[name] = v.Bool
	case doc.KindFloat:
		if !math.IsNaN(v.Float) && !math.IsInf(v.Float, 0) { // JSON has no others
			to[name] = v.Float
		}
	}
}
