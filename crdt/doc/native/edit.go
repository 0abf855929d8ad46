//go:build automerge_native && cgo

package native

// #include "automerge.h"
import "C"

import (
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
	*scope
	c *C.AMdoc
}

func (e *edit) read() reader { return reader{e.scope, e.c} }

// object finds the text of a name, and makes a note that is missing.
func (e *edit) object(name string) (*C.AMobjId, error) {
	id, err := e.read().text(name)
	note, isNote := strings.CutPrefix(name, "notes/")
	if err == nil || !isNote || note == "" || !errors.Is(err, doc.ErrNoObject) {
		return id, err
	}
	notes, err := e.makeMaps([]string{"notes"})
	if err != nil {
		return nil, err
	}
	return e.put(C.AMmapPutObject(e.c, notes, e.string(note), C.AM_OBJ_TEXT))
}

func (e *edit) put(r *C.AMresult) (*C.AMobjId, error) {
	item, err := e.item(r)
	if err != nil {
		return nil, err
	}
	return C.AMitemObjId(item), nil
}

// makeMaps follows keys from the root and makes the maps that are missing.
func (e *edit) makeMaps(path []string) (at *C.AMobjId, err error) {
	for _, key := range path {
		next, ok := e.read().object(at, key, C.AM_OBJ_MAP)
		if !ok {
			if next, err = e.put(C.AMmapPutObject(e.c, at, e.string(key), C.AM_OBJ_MAP)); err != nil {
				return nil, err
			}
		}
		at = next
	}
	return at, nil
}

// index turns a position into the number of elements before it, which are code points
// here.
func index(spans []doc.Span, pos uint32) (int, error) {
	at := 0
	for _, span := range spans {
		if pos == 0 {
			return at, nil
		}
		if span.Block != nil {
			pos, at = pos-1, at+1
			continue
		}
		for _, char := range span.Text {
			if pos == 0 {
				return at, nil
			}
			pos -= min(pos, doc.Width(string(char)))
			at++
		}
	}
	if pos > 0 {
		return 0, errors.New("position beyond the end of the text")
	}
	return at, nil
}

// Splice implements [doc.Edit].
func (e *edit) Splice(object string, pos, del uint32, text string) error {
	id, err := e.object(object)
	if err == nil {
		err = e.step(id, rewrite.Step{Pos: pos, Del: del, Text: strings.ToValidUTF8(text, "\uFFFD")})
	}
	return err
}

func (e *edit) step(id *C.AMobjId, step rewrite.Step) error {
	spans, err := e.read().spans(id)
	if err != nil {
		return err
	}
	at, err := index(spans, step.Pos)
	if err != nil {
		return err
	}
	end, err := index(spans, step.Pos+step.Del)
	if err != nil {
		return err
	}
	if step.Block == nil {
		return e.done(C.AMspliceText(e.c, id, C.size_t(at), C.ptrdiff_t(end-at), e.string(step.Text)))
	}
	var block *C.AMobjId
	if step.Del == 0 {
		block, err = e.put(C.AMlistPutObject(e.c, id, C.size_t(at), true, C.AM_OBJ_MAP))
	} else {
		block, err = e.put(C.AMlistGet(e.c, id, C.size_t(at), nil))
	}
	if err != nil {
		return err
	}
	return e.fill(block, *step.Block)
}

// fill writes a marker's content.
func (e *edit) fill(at *C.AMobjId, b doc.Block) error {
	parents, err := e.put(C.AMmapPutObject(e.c, at, e.string("parents"), C.AM_OBJ_LIST))
	if err != nil {
		return err
	}
	for i, parent := range b.Parents {
		if err := e.done(C.AMlistPutStr(e.c, parents, C.size_t(i), true, e.string(parent))); err != nil {
			return err
		}
	}
	attrs, err := e.put(C.AMmapPutObject(e.c, at, e.string("attrs"), C.AM_OBJ_MAP))
	if err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(b.Attrs)) {
		if err := e.set(attrs, key, b.Attrs[key]); err != nil {
			return err
		}
	}
	return errors.Join(e.set(at, "type", doc.String(b.Type)), e.set(at, "isEmbed", doc.Bool(b.Embed)))
}

// SetSpans implements [doc.Edit].
func (e *edit) SetSpans(object string, spans []doc.Span) error {
	id, err := e.object(object)
	if err != nil {
		return err
	}
	spans = rewrite.Normalize(spans)
	before, err := e.read().spans(id)
	if err != nil {
		return err
	}
	for _, step := range rewrite.Text(before, spans) {
		if err := e.step(id, step); err != nil {
			return err
		}
	}
	now, err := e.read().spans(id)
	if err != nil {
		return err
	}
	for _, m := range rewrite.Marks(now, spans) {
		if err := e.Mark(object, m); err != nil {
			return err
		}
	}
	return nil
}

// Put implements [doc.Edit].
func (e *edit) Put(path []string, v doc.Value) error {
	if len(path) == 0 {
		return fmt.Errorf("put: %w: no key", doc.ErrNoObject)
	}
	last := len(path) - 1
	at, err := e.makeMaps(path[:last])
	if err != nil {
		return err
	}
	return e.set(at, path[last], v)
}

func (e *edit) set(at *C.AMobjId, key string, v doc.Value) error {
	k := e.string(key)
	switch v.Kind {
	case doc.KindString:
		return e.done(C.AMmapPutStr(e.c, at, k, e.string(v.Str)))
	case doc.KindInt:
		return e.done(C.AMmapPutInt(e.c, at, k, C.int64_t(v.Int)))
	case doc.KindUint:
		return e.done(C.AMmapPutUint(e.c, at, k, C.uint64_t(v.Int)))
	case doc.KindFloat:
		return e.done(C.AMmapPutF64(e.c, at, k, C.double(v.Float)))
	case doc.KindBool:
		return e.done(C.AMmapPutBool(e.c, at, k, C.bool(v.Bool)))
	case doc.KindBytes:
		return e.done(C.AMmapPutBytes(e.c, at, k, e.bytes(v.Bytes)))
	case doc.KindCounter:
		return e.done(C.AMmapPutCounter(e.c, at, k, C.int64_t(v.Int)))
	case doc.KindTime:
		return e.done(C.AMmapPutTimestamp(e.c, at, k, C.int64_t(v.Int)))
	}
	return e.done(C.AMmapPutNull(e.c, at, k))
}

// Delete implements [doc.Edit].
func (e *edit) Delete(path []string) error {
	if len(path) == 0 {
		return fmt.Errorf("delete: %w: no key", doc.ErrNoObject)
	}
	var at *C.AMobjId
	last := len(path) - 1
	for _, key := range path[:last] {
		next, ok := e.read().object(at, key, C.AM_OBJ_MAP)
		if !ok {
			return nil
		}
		at = next
	}
	if e.read().get(at, path[last]) == nil {
		return nil
	}
	return e.done(C.AMmapDelete(e.c, at, e.string(path[last])))
}

// Mark implements [doc.Edit].
func (e *edit) Mark(object string, m doc.MarkRange) error {
	if m.Start >= m.End {
		return fmt.Errorf("a mark from %d to %d", m.Start, m.End)
	}
	id, err := e.object(object)
	if err != nil {
		return err
	}
	spans, err := e.read().spans(id)
	if err != nil {
		return err
	}
	start, err := index(spans, m.Start)
	if err != nil {
		return err
	}
	end, err := index(spans, m.End)
	if err != nil {
		return err
	}
	expand := [...]C.uint8_t{doc.ExpandNone: C.AM_EXPAND_NONE, doc.ExpandBefore: C.AM_EXPAND_BEFORE, doc.ExpandAfter: C.AM_EXPAND_AFTER, doc.ExpandBoth: C.AM_EXPAND_BOTH}[m.Expand&3]
	if m.Value.Kind == doc.KindNull {
		return e.done(C.AMmarkClear(e.c, id, C.size_t(start), C.size_t(end), expand, e.string(m.Name)))
	}
	v, err := e.mark(m.Value)
	if err != nil {
		return err
	}
	return e.done(C.AMmarkCreate(e.c, id, C.size_t(start), C.size_t(end), expand, e.string(m.Name), v))
}
