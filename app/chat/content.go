package chat

import (
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// content is what the store seals in a row.
type content struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	Author   seal.ID
	Device   seal.ID
	Seq      uint64
	LateMs   int64
	Parents  []seal.ID
	Text     string
	Mentions []seal.ID
}

// rowOf makes the row of an envelope. Channel and State are set by the caller.
func rowOf(o workspace.Opened, b Body, flags Flags) (Row, error) {
	data, err := seal.Encode(content{
		V: version, Author: o.Person, Device: o.Device, Seq: o.Seq, LateMs: o.LateMs,
		Parents: b.Parents, Text: b.Text, Mentions: b.Mentions,
	})
	if err != nil {
		return Row{}, fmt.Errorf("row of %s: %w", o.ID.Short(), err)
	}
	row := Row{Lamport: b.Lamport, ID: o.ID, Op: b.Op, Flags: flags, SentMs: o.HintMs, Content: data}
	if b.Target != nil && b.Op != OpCreate {
		row.Target = *b.Target
	}
	return row, nil
}

// content opens what rowOf wrote.
func (r Row) content() (content, error) {
	c, err := seal.Decode[content](r.Content)
	if err != nil {
		return content{}, fmt.Errorf("row of %s: %w", r.ID.Short(), err)
	}
	return c, nil
}
