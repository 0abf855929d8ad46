package change

import (
	"bytes"
	"fmt"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// Document is the head of a saved document: who wrote in it and up to where. It
// says what the file claims; only an engine can tell whether the rest agrees.
type Document struct {
	Actors []doc.Actor // ascending
	Heads  []seal.ID   // ascending
}

// ReadDocument reads the head of a document chunk that Split gave.
func ReadDocument(chunk Chunk) (Document, error) {
	p, _, err := cut(chunk.Data)
	if err != nil {
		return Document{}, fmt.Errorf("read document: %w", err)
	}
	if p.kind != TypeDocument {
		return Document{}, fmt.Errorf("read document: %w: a chunk of another type", ErrInvalid)
	}
	var d Document
	r := reader{data: p.body}
	for range r.upTo(maxDocumentActors, "the number of actors") {
		actor := readActor(&r)
		if n := len(d.Actors); n > 0 && bytes.Compare(d.Actors[n-1][:], actor[:]) >= 0 {
			r.fail("actors that are not in order")
		}
		if r.err != nil {
			break
		}
		d.Actors = append(d.Actors, actor)
	}
	for range r.upTo(MaxActors, "the number of heads") {
		head := readID(&r)
		if n := len(d.Heads); n > 0 && d.Heads[n-1].Compare(head) >= 0 {
			r.fail("heads that are not in order")
		}
		if r.err != nil {
			break
		}
		d.Heads = append(d.Heads, head)
	}
	if r.err != nil {
		return Document{}, fmt.Errorf("read document: %w", r.err)
	}
	return d, nil
}
