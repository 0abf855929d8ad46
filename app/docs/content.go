package docs

import (
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/doc"
	"parvis/crdt/doc/change"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// naming is what the winning operation on one field of a card set.
type naming struct {
	_       struct{} `cbor:",toarray"`
	Text    string
	Lamport uint64 // 0: none
	Writer  seal.ID
}

// docContent is what the store seals of a document.
type docContent struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Title     naming
	Folder    naming
	Trashed   naming // "1": in the trash
	Author    seal.ID
	CreatedMs int64
	ChangedMs int64 // the greatest of all its envelopes that count
	ChangedBy seal.ID
	OwnSeq    uint64 // of this device's last envelope about it
}

// content opens what encode wrote.
func (d DocRow) content() (docContent, error) {
	c, err := seal.Decode[docContent](d.Content)
	if err != nil {
		return docContent{}, fmt.Errorf("row of document %s: %w", d.ID, err)
	}
	return c, nil
}

func (c docContent) encode() ([]byte, error) {
	c.V = version
	return seal.Encode(c)
}

// actorContent is what the store seals of an actor.
type actorContent struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Actor   doc.Actor
	Device  seal.ID
	Person  seal.ID
	Session uint32
}

// changeContent is what the store seals of a change.
type changeContent struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	ChainSeq uint64 // of the envelope
	HintMs   int64
	Start    uint64 // its first operation
	Ops      uint64
	Deps     []seal.ID
}

// changeRow makes the row of a change. Doc, Actor, Place and State are set by the
// caller.
func changeRow(o workspace.Opened, h change.Header, bytes []byte) (ChangeRow, error) {
	data, err := seal.Encode(changeContent{V: version, ChainSeq: o.Seq, HintMs: o.HintMs, Start: h.StartOp, Ops: h.NOps, Deps: h.Deps})
	if err != nil {
		return ChangeRow{}, fmt.Errorf("row of %s: %w", o.ID.Short(), err)
	}
	return ChangeRow{Seq: h.Seq, Hash: h.Hash, Envelope: o.ID, Content: data, Bytes: bytes}, nil
}

// content opens what changeRow wrote.
func (r ChangeRow) content() (changeContent, error) {
	c, err := seal.Decode[changeContent](r.Content)
	if err != nil {
		return changeContent{}, fmt.Errorf("row of change %s: %w", r.Hash.Short(), err)
	}
	return c, nil
}

// noteContent is what the store seals of a note. Of Card, Mention, Files and
// Reason at most one is there.
type noteContent struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	Person   seal.ID
	Device   seal.ID
	ChainSeq uint64
	HintMs   int64
	Deps     []seal.ID // of the envelope
	Card     *Card
	Mention  *Mention
	Files    []file.Ref
	Reason   string // why a change is unusable
}

// noteRow makes the row of an envelope that is no usable change.
func noteRow(o workspace.Opened, b Body, reason string, flags NoteFlags) (NoteRow, error) {
	content := noteContent{
		V: version, Person: o.Person, Device: o.Device, ChainSeq: o.Seq, HintMs: o.HintMs,
		Deps: o.Deps, Card: b.Card, Mention: b.Mention, Files: b.Files, Reason: reason,
	}
	data, err := seal.Encode(content)
	if err != nil {
		return NoteRow{}, fmt.Errorf("row of %s: %w", o.ID.Short(), err)
	}
	return NoteRow{Envelope: o.ID, Op: b.Op, Flags: flags, Content: data}, nil
}

// content opens what noteRow wrote.
func (r NoteRow) content() (noteContent, error) {
	c, err := seal.Decode[noteContent](r.Content)
	if err != nil {
		return noteContent{}, fmt.Errorf("row of %s: %w", r.Envelope.Short(), err)
	}
	return c, nil
}
