//go:build automerge_native && cgo

package native

// #include "automerge.h"
import "C"

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"parvis/crdt/doc"
	"parvis/crdt/doc/rewrite"
	"parvis/crdt/seal"
)

// reader reads the current state of a document.
type reader struct {
	*scope
	c *C.AMdoc
}

// get is the item of a key, nil for none.
func (r reader) get(at *C.AMobjId, key string) *C.AMitem {
	item, err := r.item(C.AMmapGet(r.c, at, r.string(key), nil))
	if err != nil {
		return nil
	}
	return item
}

// object is the object of a key when it is of that type.
func (r reader) object(at *C.AMobjId, key string, kind C.uint8_t) (*C.AMobjId, bool) {
	item := r.get(at, key)
	if item == nil || C.AMitemValType(item) != C.AM_OBJ {
		return nil, false
	}
	id := C.AMitemObjId(item)
	return id, C.AMobjObjType(r.c, id) == kind
}

// text finds the text of a name.
func (r reader) text(name string) (*C.AMobjId, error) {
	var at *C.AMobjId // the root
	key, found := name, name == "text"
	if id, ok := strings.CutPrefix(name, "notes/"); ok && id != "" {
		key = id
		at, found = r.object(nil, "notes", C.AM_OBJ_MAP)
	}
	if found {
		at, found = r.object(at, key, C.AM_OBJ_TEXT)
	}
	if !found {
		return nil, fmt.Errorf("%w: %q", doc.ErrNoObject, name)
	}
	return at, nil
}

// spans reads a text, without its marks. Automerge 0.5 knows no blocks: it sees maps
// among the characters.
func (r reader) spans(id *C.AMobjId) ([]doc.Span, error) {
	items, err := r.items(C.AMobjItems(r.c, id, nil))
	if err != nil {
		return nil, err
	}
	var spans []doc.Span
	for _, item := range items {
		if C.AMitemValType(item) == C.AM_OBJ {
			spans = append(spans, doc.Span{Block: r.block(C.AMitemObjId(item))})
			continue
		}
		spans = append(spans, doc.Span{Text: value(item).Str})
	}
	return rewrite.Normalize(spans), nil
}

func (r reader) block(id *C.AMobjId) *doc.Block {
	block := &doc.Block{Type: r.scalar(id, "type").Str, Embed: r.scalar(id, "isEmbed").Bool}
	if parents, ok := r.object(id, "parents", C.AM_OBJ_LIST); ok {
		items, err := r.items(C.AMobjItems(r.c, parents, nil))
		if err != nil {
			return block
		}
		for _, item := range items {
			if name := r.plain(item); name.Kind == doc.KindString {
				block.Parents = append(block.Parents, name.Str)
			}
		}
	}
	if attrs, ok := r.object(id, "attrs", C.AM_OBJ_MAP); ok {
		for _, key := range r.keys(attrs) {
			if block.Attrs == nil {
				block.Attrs = map[string]doc.Value{}
			}
			block.Attrs[key] = r.scalar(attrs, key)
		}
	}
	return block
}

// scalar is a value of a map; a text counts as the string that it reads.
func (r reader) scalar(at *C.AMobjId, key string) doc.Value { return r.plain(r.get(at, key)) }

func (r reader) plain(item *C.AMitem) doc.Value {
	if item == nil || C.AMitemValType(item) != C.AM_OBJ || C.AMobjObjType(r.c, C.AMitemObjId(item)) != C.AM_OBJ_TEXT {
		return value(item)
	}
	var all strings.Builder
	items, err := r.items(C.AMobjItems(r.c, C.AMitemObjId(item), nil))
	if err != nil {
		return doc.Value{Kind: doc.KindOther}
	}
	for _, part := range items {
		all.WriteString(value(part).Str)
	}
	return doc.String(all.String())
}

func (r reader) keys(at *C.AMobjId) []string {
	items, err := r.items(C.AMkeys(r.c, at, nil))
	if err != nil {
		return nil
	}
	var keys []string
	for _, item := range items {
		keys = append(keys, value(item).Str)
	}
	slices.Sort(keys)
	return keys
}

// each visits the objects of a type in a map.
func (r reader) each(at *C.AMobjId, key string, kind C.uint8_t, visit func(id string, author doc.Actor, at *C.AMobjId)) {
	in, ok := r.object(at, key, C.AM_OBJ_MAP)
	if !ok {
		return
	}
	for _, id := range r.keys(in) {
		if object, ok := r.object(in, id, kind); ok {
			visit(id, author(object), object)
		}
	}
}

func author(id *C.AMobjId) (actor doc.Actor) {
	if name := data(C.AMactorIdBytes(C.AMobjIdActorId(id))); len(name) == len(actor) {
		copy(actor[:], name)
	}
	return actor
}

func (r reader) root() doc.Root {
	root := doc.Root{Version: r.scalar(nil, "parvis").Int}
	r.each(nil, "notes", C.AM_OBJ_TEXT, func(id string, _ doc.Actor, _ *C.AMobjId) { root.Notes = append(root.Notes, id) })
	r.each(nil, "comments", C.AM_OBJ_MAP, func(id string, author doc.Actor, at *C.AMobjId) {
		comment := doc.Comment{ID: id, Author: author, Resolved: r.scalar(at, "resolved").Bool}
		r.each(at, "messages", C.AM_OBJ_MAP, func(id string, author doc.Actor, at *C.AMobjId) {
			comment.Messages = append(comment.Messages, doc.Message{
				ID: id, Author: author, Text: r.scalar(at, "text").Str, AtMs: r.scalar(at, "at").Int, Mentions: ids(r.scalar(at, "mentions").Str),
			})
		})
		slices.SortStableFunc(comment.Messages, func(a, b doc.Message) int { return cmp.Compare(a.AtMs, b.AtMs) })
		root.Comments = append(root.Comments, comment)
	})
	r.each(nil, "suggestions", C.AM_OBJ_MAP, func(id string, author doc.Actor, at *C.AMobjId) {
		root.Suggestions = append(root.Suggestions, doc.Suggestion{ID: id, Author: author, AtMs: r.scalar(at, "at").Int})
	})
	r.each(nil, "versions", C.AM_OBJ_MAP, func(id string, author doc.Actor, at *C.AMobjId) {
		root.Versions = append(root.Versions, doc.Version{ID: id, Author: author, Name: r.scalar(at, "name").Str, Heads: ids(r.scalar(at, "heads").Str), AtMs: r.scalar(at, "at").Int})
	})
	if page, ok := r.object(nil, "page", C.AM_OBJ_MAP); ok {
		root.Page = doc.Page{
			Size: r.scalar(page, "size").Str, Landscape: r.scalar(page, "landscape").Bool, Margins: r.scalar(page, "margins").Str,
			Header: r.scalar(page, "header").Str, Footer: r.scalar(page, "footer").Str, Numbers: r.scalar(page, "numbers").Bool,
		}
	}
	return root
}

func ids(text string) []seal.ID {
	var all []seal.ID
	for part := range strings.SplitSeq(text, ",") {
		if id, err := seal.ParseID(part); err == nil {
			all = append(all, id)
		}
	}
	return all
}

// Spans implements [doc.Reader].
func (d *document) Spans(ctx context.Context, object string) (spans []doc.Span, err error) {
	err = d.do(ctx, func(s *scope) error {
		r := reader{s, d.c}
		id, err := r.text(object)
		if err != nil {
			return err
		}
		spans, err = r.spans(id)
		return err
	})
	return spans, err
}

// Text implements [doc.Reader].
func (d *document) Text(ctx context.Context, object string) (string, error) {
	spans, err := d.Spans(ctx, object)
	var all strings.Builder
	for _, span := range spans {
		all.WriteString(span.Text)
	}
	return all.String(), err
}

// Root implements [doc.Reader].
func (d *document) Root(ctx context.Context) (root doc.Root, err error) {
	err = d.do(ctx, func(s *scope) error {
		root = reader{s, d.c}.root()
		return nil
	})
	return root, err
}
