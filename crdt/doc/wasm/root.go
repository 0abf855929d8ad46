package wasm

import (
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// Root implements [doc.Reader].
func (s state) Root(ctx context.Context) (root doc.Root, err error) {
	err = s.document.do(ctx, func(ctx context.Context) error {
		r := rootReader{ctx: ctx, state: s}
		root = r.root()
		return r.err
	})
	if err != nil {
		return doc.Root{}, fmt.Errorf("read document: %w", err)
	}
	return root, nil
}

// rootReader reads what is beside the texts. Whatever has another type than it should
// reads as if it were not there; err is the first failure of the engine.
type rootReader struct {
	ctx   context.Context
	state state
	err   error
}

func (r *rootReader) root() doc.Root {
	root := doc.Root{Version: r.fields("_root").number("parvis")}
	r.each("notes", "text", func(id string, _ value) { root.Notes = append(root.Notes, id) })
	r.each("comments", "map", func(id string, at value) { root.Comments = append(root.Comments, r.comment(id, at)) })
	r.each("suggestions", "map", func(id string, at value) {
		root.Suggestions = append(root.Suggestions, doc.Suggestion{ID: id, Author: authorOf(at), AtMs: r.fields(at).number("at")})
	})
	r.each("versions", "map", func(id string, at value) {
		f := r.fields(at)
		root.Versions = append(root.Versions, doc.Version{ID: id, Author: authorOf(at), Name: f.text("name"), Heads: idList(f.text("heads")), AtMs: f.number("at")})
	})
	if id, kind, err := r.state.find(r.ctx, []string{"page"}); r.ok(err) && kind == "map" {
		f := r.fields(id)
		root.Page = doc.Page{
			Size: f.text("size"), Landscape: f.truth("landscape"), Margins: f.text("margins"),
			Header: f.text("header"), Footer: f.text("footer"), Numbers: f.truth("numbers"),
		}
	}
	return root
}

func (r *rootReader) comment(id string, at value) doc.Comment {
	comment := doc.Comment{ID: id, Author: authorOf(at), Resolved: r.fields(at).truth("resolved")}
	kind, messages, err := r.state.get(r.ctx, at, "messages")
	if !r.ok(err) || kind != "map" {
		return comment
	}
	r.eachOf(messages, "map", func(id string, at value) {
		f := r.fields(at)
		comment.Messages = append(comment.Messages, doc.Message{
			ID: id, Author: authorOf(at), Text: f.text("text"), AtMs: f.number("at"), Mentions: idList(f.text("mentions")),
		})
	})
	slices.SortStableFunc(comment.Messages, func(a, b doc.Message) int { return cmp.Compare(a.AtMs, b.AtMs) })
	return comment
}

// each visits the objects of one kind in a map of the root, by their keys.
func (r *rootReader) each(name, kind string, visit func(id string, at value)) {
	if at, found, err := r.state.find(r.ctx, []string{name}); r.ok(err) && found == "map" {
		r.eachOf(at, kind, visit)
	}
}

func (r *rootReader) eachOf(at value, kind string, visit func(id string, at value)) {
	keys, err := r.state.keys(r.ctx, at)
	if !r.ok(err) {
		return
	}
	for _, key := range keys {
		found, v, err := r.state.get(r.ctx, at, key)
		if r.ok(err) && found == kind {
			visit(key, v)
		}
	}
}

func (r *rootReader) ok(err error) bool {
	if r.err == nil {
		r.err = err
	}
	return r.err == nil
}

func (r *rootReader) fields(at value) fields { return fields{r, at} }

// fields reads the scalar values of a map.
type fields struct {
	reader *rootReader
	at     value
}

func (f fields) get(key string) value {
	if f.reader.err != nil {
		return undefined{}
	}
	_, v, err := f.reader.state.get(f.reader.ctx, f.at, key)
	f.reader.ok(err)
	return v
}

func (f fields) text(key string) string { return toValue(f.get(key)).Str }

func (f fields) truth(key string) bool { return toValue(f.get(key)).Bool }

func (f fields) number(key string) int64 { return toValue(f.get(key)).Int }

// authorOf is the actor in an object's id, which reads counter@actor. It is zero for
// actors that are not Parvis's.
func authorOf(id value) doc.Actor {
	_, actor, _ := strings.Cut(toString(id), "@")
	var author doc.Actor
	if data, err := hex.DecodeString(actor); err == nil && len(data) == len(author) {
		copy(author[:], data)
	}
	return author
}

// idList reads ids with commas between them, and leaves out what is none.
func idList(text string) []seal.ID {
	var ids []seal.ID
	for part := range strings.SplitSeq(text, ",") {
		if id, err := seal.ParseID(part); err == nil {
			ids = append(ids, id)
		}
	}
	return ids
}
