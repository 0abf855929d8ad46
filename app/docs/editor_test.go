package docs_test

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"parvis/app/docs"
	"parvis/crdt/doc"
	"parvis/crdt/doc/change"
	"parvis/crdt/seal"
)

// clock is what an Automerge replica knows of a document besides its content.
type clock struct {
	heads map[seal.ID]bool
	top   uint64               // the greatest operation
	seqs  map[doc.Actor]uint64 // changes of each actor
	have  map[seal.ID]bool
}

func newClock() *clock {
	root, err := change.Parse(doc.RootChange())
	if err != nil {
		panic(err)
	}
	return &clock{
		heads: map[seal.ID]bool{root.Hash: true}, top: root.NOps, seqs: map[doc.Actor]uint64{}, have: map[seal.ID]bool{root.Hash: true},
	}
}

// take applies a change that is causally ready, and reports whether it was.
func (c *clock) take(h change.Header) bool {
	for _, dep := range h.Deps {
		if !c.have[dep] {
			return false
		}
	}
	if c.have[h.Hash] {
		return true
	}
	for _, dep := range h.Deps {
		delete(c.heads, dep)
	}
	c.heads[h.Hash], c.have[h.Hash] = true, true
	c.top = max(c.top, h.StartOp+h.NOps-1)
	c.seqs[h.Actor] = h.Seq
	return true
}

// next makes the next change of an actor: ops operations that set root keys to null.
func (c *clock) next(actor doc.Actor, ops int) []byte {
	deps := slices.SortedFunc(maps.Keys(c.heads), seal.ID.Compare)
	return encodeChange(actor, c.seqs[actor]+1, c.top+1, deps, ops)
}

// editor is a page with a document open, without an engine.
type editor struct {
	*replica
	*clock
	id      doc.ID
	session docs.Session
}

// load reads the document as a page does.
func (e *editor) load(t testing.TB) {
	t.Helper()
	data, err := e.docs.Content(t.Context(), e.ws, e.id)
	if err != nil {
		t.Fatal(err)
	}
	chunks, err := change.Split(data)
	if err != nil {
		t.Fatal(err)
	}
	for i, chunk := range chunks {
		h, err := change.Parse(chunk.Data)
		if err != nil {
			t.Fatal(err)
		}
		if !e.take(h) {
			t.Fatalf("change %d of %d comes before what it builds on", i, len(chunks))
		}
	}
}

// edit makes a change and hands it in.
func (e *editor) edit(t testing.TB, ops int) []byte {
	t.Helper()
	data := e.write(ops)
	if err := e.apply(t, data); err != nil {
		t.Fatal(err)
	}
	return data
}

// write makes a change without handing it in.
func (e *editor) write(ops int) []byte {
	data := e.next(e.session.Actor, ops)
	h, err := change.Parse(data)
	if err != nil || !e.take(h) {
		panic(err)
	}
	return data
}

func (e *editor) apply(t testing.TB, changes ...[]byte) error {
	return e.docs.Apply(t.Context(), e.ws, e.id, e.session.Token, changes)
}

func hashOf(data []byte) seal.ID {
	h, err := change.Parse(data)
	if err != nil {
		panic(err)
	}
	return h.Hash
}

// encodeChange writes an Automerge change whose operations put null under the
// root key "k".
func encodeChange(actor doc.Actor, seq, start uint64, deps []seal.ID, ops int) []byte {
	return encodeOps(actor, seq, start, deps, ops, 0)
}

// encodeOps is encodeChange for keys of the object that the actor's own operation
// of that number made; 0 is the root.
func encodeOps(actor doc.Actor, seq, start uint64, deps []seal.ID, ops int, object byte) []byte {
	body := binary.AppendUvarint(nil, uint64(len(deps)))
	for _, dep := range deps {
		body = append(body, dep[:]...)
	}
	body = append(append(body, byte(len(actor))), actor[:]...)
	body = binary.AppendUvarint(body, seq)
	body = binary.AppendUvarint(body, start)
	body = append(body, 0, 0, 0) // time, message, other actors
	run := func(value ...byte) []byte {
		if ops == 1 {
			return append([]byte{0x7f}, value...) // a literal run of one
		}
		return append(sleb(int64(ops)), value...)
	}
	type column struct {
		spec byte
		data []byte
	}
	columns := []column{
		{0x15, run(1, 'k')}, {0x34, binary.AppendUvarint(nil, uint64(ops))}, {0x42, run(1)}, {0x56, run(0)}, {0x70, run(0)},
	}
	switch {
	case ops == 0:
		columns = nil
	case object > 0:
		columns = append([]column{{0x01, run(0)}, {0x02, run(object)}}, columns...)
	}
	body = append(body, byte(len(columns)))
	for _, c := range columns {
		body = binary.AppendUvarint(append(body, c.spec), uint64(len(c.data)))
	}
	for _, c := range columns {
		body = append(body, c.data...)
	}
	head := append([]byte{1}, binary.AppendUvarint(nil, uint64(len(body)))...)
	hash := seal.Sum(append(slices.Clone(head), body...))
	chunk := append([]byte{0x85, 0x6f, 0x4a, 0x83}, hash[:4]...)
	return append(append(chunk, head...), body...)
}

func sleb(n int64) (out []byte) {
	for {
		b := byte(n & 0x7f)
		n >>= 7
		if n == 0 && b&0x40 == 0 {
			return append(out, b)
		}
		out = append(out, b|0x80)
	}
}
