package wasm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"parvis/crdt/doc"
	"parvis/crdt/doc/rewrite"
)

// edit implements [doc.Edit].
type edit struct {
	ctx      context.Context
	document *document
}

// object finds the text of a name, and makes a note that is missing.
func (e *edit) object(name string) (value, error) {
	id, err := e.document.now().text(e.ctx, name)
	if err == nil || name == "text" || !errors.Is(err, doc.ErrNoObject) {
		return id, err
	}
	path, err := textPath(name)
	if err != nil {
		return nil, err
	}
	notes, err := e.makeMaps(path[:1])
	if err != nil {
		return nil, err
	}
	return e.document.invoke(e.ctx, "putObject", notes, path[1], "")
}

// Splice implements [doc.Edit].
func (e *edit) Splice(object string, pos, del uint32, text string) error {
	id, err := e.object(object)
	if err == nil {
		err = e.step(id, rewrite.Step{Pos: pos, Del: del, Text: valid(text)})
	}
	if err != nil {
		return fmt.Errorf("splice %q at %d: %w", object, pos, err)
	}
	return nil
}

// SetSpans implements [doc.Edit].
func (e *edit) SetSpans(object string, spans []doc.Span) error {
	id, err := e.object(object)
	if err != nil {
		return fmt.Errorf("set spans of %q: %w", object, err)
	}
	spans = normalize(spans)
	before, err := e.spans(id)
	if err != nil {
		return fmt.Errorf("set spans of %q: %w", object, err)
	}
	for _, step := range rewrite.Text(before, spans) {
		if err := e.step(id, step); err != nil {
			return fmt.Errorf("set spans of %q at %d: %w", object, step.Pos, err)
		}
	}
	now, err := e.spans(id)
	if err != nil {
		return fmt.Errorf("set spans of %q: %w", object, err)
	}
	for _, m := range rewrite.Marks(now, spans) {
		if err := e.mark(id, m); err != nil {
			return fmt.Errorf("set spans of %q: mark %q at %d: %w", object, m.Name, m.Start, err)
		}
	}
	return nil
}

func (e *edit) spans(id value) ([]doc.Span, error) {
	v, err := e.document.invoke(e.ctx, "spans", id, undefined{})
	return toSpans(v), err
}

// step does one step of a rewrite.
func (e *edit) step(id value, step rewrite.Step) error {
	in := e.document.in
	object := in.heap.add(id)
	var err error
	switch {
	case step.Block == nil:
		_, err = in.invoke(e.ctx, "automerge_splice", e.document.self, object, float(float64(step.Pos)), float(float64(step.Del)), in.heap.add(step.Text))
	case step.Del == 0:
		_, err = in.invoke(e.ctx, "automerge_splitBlock", e.document.self, object, float(float64(step.Pos)), in.heap.add(fromBlock(*step.Block)))
	default:
		_, err = in.invoke(e.ctx, "automerge_updateBlock", e.document.self, object, uint64(step.Pos), in.heap.add(fromBlock(*step.Block)))
	}
	return err
}

// Put implements [doc.Edit].
func (e *edit) Put(path []string, v doc.Value) error {
	if len(path) == 0 {
		return fmt.Errorf("put: %w: no key", doc.ErrNoObject)
	}
	last := len(path) - 1
	at, err := e.makeMaps(path[:last])
	if err != nil {
		return fmt.Errorf("put %s: %w", strings.Join(path, "/"), err)
	}
	scalar, kind := fromValue(v)
	if _, err := e.document.invoke(e.ctx, "put", at, path[last], markValue(scalar), kind); err != nil {
		return fmt.Errorf("put %s: %w", strings.Join(path, "/"), err)
	}
	return nil
}

// makeMaps follows keys from the root and makes the maps that are missing.
func (e *edit) makeMaps(path []string) (value, error) {
	var at value = "_root"
	for _, key := range path {
		kind, v, err := e.document.now().get(e.ctx, at, key)
		if err != nil {
			return nil, err
		}
		if kind != "map" {
			if v, err = e.document.invoke(e.ctx, "putObject", at, key, newObject()); err != nil {
				return nil, err
			}
		}
		at = v
	}
	return at, nil
}

// Delete implements [doc.Edit].
func (e *edit) Delete(path []string) error {
	if len(path) == 0 {
		return fmt.Errorf("delete: %w: no key", doc.ErrNoObject)
	}
	last := len(path) - 1
	at, kind, err := e.document.now().find(e.ctx, path[:last])
	if err != nil || kind != "map" {
		return err
	}
	if kind, _, err := e.document.now().get(e.ctx, at, path[last]); err != nil || kind == "" {
		return err
	}
	if _, err := e.document.invoke(e.ctx, "delete", at, path[last]); err != nil {
		return fmt.Errorf("delete %s: %w", strings.Join(path, "/"), err)
	}
	return nil
}

// Mark implements [doc.Edit].
func (e *edit) Mark(object string, m doc.MarkRange) error {
	id, err := e.object(object)
	if err == nil {
		err = e.mark(id, m)
	}
	if err != nil {
		return fmt.Errorf("mark %q: %w", object, err)
	}
	return nil
}

func (e *edit) mark(id value, m doc.MarkRange) error {
	if m.Start >= m.End {
		return fmt.Errorf("a mark from %d to %d", m.Start, m.End)
	}
	where := newObject().with("start", float64(m.Start)).with("end", float64(m.End)).with("expand", expandText(m.Expand))
	v, kind := fromValue(m.Value)
	if m.Value.Kind == doc.KindNull {
		_, err := e.document.invoke(e.ctx, "unmark", id, where, valid(m.Name))
		return err
	}
	_, err := e.document.invoke(e.ctx, "mark", id, where, valid(m.Name), markValue(v), kind)
	return err
}

func expandText(e doc.Expand) string {
	return [...]string{doc.ExpandNone: "none", doc.ExpandBefore: "before", doc.ExpandAfter: "after", doc.ExpandBoth: "both"}[e&3]
}

// normalize is what the engine will read when it has been given spans.
func normalize(spans []doc.Span) []doc.Span {
	clean := make([]doc.Span, len(spans))
	for i, span := range spans {
		clean[i] = doc.Span{Block: span.Block, Text: valid(span.Text), Marks: span.Marks}
	}
	return rewrite.Normalize(clean)
}

// valid is text that can be passed on: Automerge takes UTF-8 only.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }

func sortedKeys(attrs map[string]doc.Value) []string { return slices.Sorted(maps.Keys(attrs)) }
