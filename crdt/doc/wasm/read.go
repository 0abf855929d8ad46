package wasm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// state reads a document as it was at some heads; nil means now.
type state struct {
	document *document
	heads    []seal.ID
}

// at is the argument that says when.
func (s state) at() value {
	if s.heads == nil {
		return undefined{}
	}
	return hashes(s.heads)
}

// Heads implements [doc.Reader].
func (s state) Heads() []seal.ID { return slices.Clone(s.heads) }

// Spans implements [doc.Reader].
func (s state) Spans(ctx context.Context, object string) (spans []doc.Span, err error) {
	err = s.document.do(ctx, func(ctx context.Context) error {
		id, err := s.text(ctx, object)
		if err != nil {
			return err
		}
		v, err := s.document.invoke(ctx, "spans", id, s.at())
		if err != nil {
			return err
		}
		spans = toSpans(v)
		return s.markEmbeds(ctx, id, spans)
	})
	if err != nil {
		return nil, fmt.Errorf("spans of %q: %w", object, err)
	}
	return spans, nil
}

// markEmbeds adds the marks of embeds, which the engine's spans do not tell. (Its
// marksAt does not count in UTF-16 units.)
func (s state) markEmbeds(ctx context.Context, id value, spans []doc.Span) error {
	var embeds []*doc.Span
	var places []uint32
	at := uint32(0)
	for i, span := range spans {
		if span.Block != nil && span.Block.Embed {
			embeds, places = append(embeds, &spans[i]), append(places, at)
		}
		at += doc.Length(spans[i : i+1])
	}
	if len(embeds) == 0 {
		return nil
	}
	v, err := s.document.invoke(ctx, "marks", id, s.at())
	if err != nil {
		return err
	}
	list, _ := v.(*array)
	for i := range lengthOf(v) {
		o, _ := list.items[i].(*object)
		mark := doc.Mark{Name: toString(o.get("name")), Value: toValue(o.get("value"))}
		if mark.Value.Kind == doc.KindNull {
			continue
		}
		start, length := span(o)
		first, _ := slices.BinarySearch(places, start)
		for n := first; n < len(places) && places[n] < start+length; n++ {
			embeds[n].Marks = append(embeds[n].Marks, mark)
		}
	}
	for _, embed := range embeds {
		slices.SortFunc(embed.Marks, func(a, b doc.Mark) int { return cmp.Compare(a.Name, b.Name) })
	}
	return nil
}

// Text implements [doc.Reader].
func (s state) Text(ctx context.Context, object string) (text string, err error) {
	spans, err := s.Spans(ctx, object)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for _, span := range spans {
		all.WriteString(span.Text)
	}
	return all.String(), nil
}

// Save implements [doc.Reader].
func (s state) Save(ctx context.Context) (data []byte, err error) {
	d := s.document
	err = d.do(ctx, func(ctx context.Context) error {
		self := d.self
		if s.heads != nil {
			forked, err := d.in.call(ctx, "automerge_fork", d.self, 0, 0, d.in.heap.add(s.at()))
			if err != nil {
				return err
			}
			self = forked[0]
			defer func() { _, _ = d.in.call(ctx, "__wbg_automerge_free", self, 0) }() // only memory; a trap shows in what follows
		}
		data, err = d.file(ctx, self)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("save document: %w", err)
	}
	return data, nil
}

// file saves one of the engine's documents as a file that can be loaded. There are
// changes that Automerge applies and cannot load again once they are saved (marks that
// end before they begin; @automerge/automerge 2 writes them): such a document is saved
// as its changes, which every Automerge loads too.
func (d *document) file(ctx context.Context, self uint64) ([]byte, error) {
	v, err := d.in.invoke(ctx, "automerge_saveAndVerify", self)
	if _, thrown := errors.AsType[*exception](err); thrown {
		v, err = d.in.invoke(ctx, "automerge_getChanges", self, d.in.heap.add(&array{}))
	}
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *byteArray:
		return v.data, nil
	case *array:
		var all []byte
		for _, item := range v.items {
			if change, ok := item.(*byteArray); ok {
				all = append(all, change.data...)
			}
		}
		return all, nil
	}
	return nil, fmt.Errorf("%w: no bytes", doc.ErrEngine)
}

// text finds the text of a name.
func (s state) text(ctx context.Context, object string) (value, error) {
	path, err := textPath(object)
	if err != nil {
		return nil, err
	}
	id, kind, err := s.find(ctx, path)
	if err != nil {
		return nil, err
	}
	if kind != "text" {
		return nil, fmt.Errorf("%w: %q", doc.ErrNoObject, object)
	}
	return id, nil
}

// textPath is the path of a text's name.
func textPath(object string) ([]string, error) {
	if object == "text" {
		return []string{"text"}, nil
	}
	if id, ok := strings.CutPrefix(object, "notes/"); ok && id != "" {
		return []string{"notes", id}, nil
	}
	return nil, fmt.Errorf("%w: %q", doc.ErrNoObject, object)
}

// find follows keys from the root. The kind is "" when there is no object there.
func (s state) find(ctx context.Context, path []string) (id value, kind string, err error) {
	id, kind = "_root", "map"
	for _, key := range path {
		if kind != "map" {
			return nil, "", nil
		}
		var v value
		if kind, v, err = s.get(ctx, id, key); err != nil {
			return nil, "", err
		}
		switch kind {
		case "map", "text", "list", "table":
			id = v
		default:
			return nil, "", nil
		}
	}
	return id, kind, nil
}

// get is the type and value of a key: for an object its id. The type is "" when there
// is no such key.
func (s state) get(ctx context.Context, id value, key string) (kind string, v value, err error) {
	v, err = s.document.invoke(ctx, "getWithType", id, key, s.at())
	if err != nil {
		return "", nil, err
	}
	pair, ok := v.(*array)
	if !ok || len(pair.items) < 2 {
		return "", nil, nil
	}
	return toString(pair.items[0]), pair.items[1], nil
}

// keys are the keys of a map, sorted.
func (s state) keys(ctx context.Context, id value) ([]string, error) {
	v, err := s.document.invoke(ctx, "keys", id, s.at())
	if err != nil {
		return nil, err
	}
	var keys []string
	if list, ok := v.(*array); ok {
		for _, item := range list.items {
			keys = append(keys, toString(item))
		}
	}
	slices.Sort(keys)
	return keys, nil
}

func (d *document) now() state { return state{document: d} }

// Heads implements [doc.Reader].
func (d *document) Heads() []seal.ID {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.heads)
}

// Spans implements [doc.Reader].
func (d *document) Spans(ctx context.Context, object string) ([]doc.Span, error) {
	return d.now().Spans(ctx, object)
}

// Text implements [doc.Reader].
func (d *document) Text(ctx context.Context, object string) (string, error) {
	return d.now().Text(ctx, object)
}

// Root implements [doc.Reader].
func (d *document) Root(ctx context.Context) (doc.Root, error) { return d.now().Root(ctx) }

// Save implements [doc.Reader].
func (d *document) Save(ctx context.Context) ([]byte, error) { return d.now().Save(ctx) }
