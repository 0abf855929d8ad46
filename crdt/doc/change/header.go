package change

import (
	"bytes"
	"fmt"
	"slices"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// Header is what replication needs to know of a change.
type Header struct {
	Hash    seal.ID
	Actor   doc.Actor
	Seq     uint64 // 1 + that of the actor's change before
	StartOp uint64 // number of the first operation
	NOps    uint64
	Time    int64 // Unix seconds, the author's clock
	Message string
	Deps    []seal.ID // ascending
}

// Parse reads a change, compressed or not, and checks everything that can be
// checked without the document it belongs to. Errors wrap ErrInvalid.
func Parse(chunk []byte) (Header, error) {
	header, err := parse(chunk)
	if err != nil {
		return Header{}, fmt.Errorf("read change: %w", err)
	}
	return header, nil
}

func parse(chunk []byte) (Header, error) {
	if len(chunk) > MaxChange {
		return Header{}, fmt.Errorf("%w: more than %d bytes", ErrInvalid, MaxChange)
	}
	p, rest, err := cut(chunk)
	switch {
	case err != nil:
		return Header{}, err
	case len(rest) > 0:
		return Header{}, fmt.Errorf("%w: bytes after the change", ErrInvalid)
	case p.kind == TypeCompressed:
		p, err = p.inflate()
	case p.kind == TypeChange:
		err = p.check()
	default:
		err = fmt.Errorf("%w: a chunk of another type", ErrInvalid)
	}
	if err != nil {
		return Header{}, err
	}
	r := reader{data: p.body}
	header := Header{Hash: p.hash()}
	others := header.read(&r)
	columns := columnsOf(&r) // what follows them are bytes of later versions, kept by engines
	if r.err != nil {
		return Header{}, r.err
	}
	header.NOps, err = countOps(columns, append([]doc.Actor{header.Actor}, others...), header.StartOp)
	return header, err
}

// read takes the fields in front of the columns and gives the other actors.
func (h *Header) read(r *reader) []doc.Actor {
	for range r.upTo(MaxDeps, "the number of dependencies") {
		dep := readID(r)
		if n := len(h.Deps); n > 0 && h.Deps[n-1].Compare(dep) >= 0 {
			r.fail("dependencies that are not in order")
		}
		if r.err != nil {
			return nil
		}
		h.Deps = append(h.Deps, dep)
	}
	h.Actor = readActor(r)
	h.Seq = r.upTo(maxValue, "the sequence number")
	h.StartOp = r.upTo(maxCounter, "the number of the first operation")
	if r.err == nil && (h.Seq == 0 || h.StartOp == 0) {
		r.fail("a number that may not be 0")
	}
	h.Time = r.int()
	h.Message = string(r.text())
	var others []doc.Actor
	for range r.upTo(MaxActors-1, "the number of actors") {
		actor := readActor(r)
		if n := len(others); actor == h.Actor || n > 0 && bytes.Compare(others[n-1][:], actor[:]) >= 0 {
			r.fail("actors that are not in order")
		}
		if r.err != nil {
			return nil
		}
		others = append(others, actor)
	}
	return others
}

func readID(r *reader) seal.ID {
	var id seal.ID
	copy(id[:], r.bytes(uint64(len(id))))
	return id
}

func readActor(r *reader) doc.Actor {
	var actor doc.Actor
	if r.uint() != uint64(len(actor)) {
		r.fail("an actor that is not of 16 bytes")
	}
	copy(actor[:], r.bytes(uint64(len(actor))))
	return actor
}

// column is one column of operations: what it is and its bytes.
type column struct {
	spec uint64
	data []byte
}

// columnsOf takes the directory of the columns and the columns.
func columnsOf(r *reader) []column {
	count := r.upTo(maxColumns, "the number of columns")
	columns := make([]column, 0, count)
	lengths := make([]uint64, 0, count)
	for range count {
		spec := r.upTo(1<<32-1, "a column")
		if n := len(columns); n > 0 && columns[n-1].spec >= spec {
			r.fail("columns that are not in order")
		}
		columns = append(columns, column{spec: spec})
		lengths = append(lengths, r.uint())
	}
	for i, length := range lengths {
		columns[i].data = r.bytes(length)
		if length == 0 {
			r.fail("an empty column")
		}
	}
	return columns
}

// take removes a column from the list and gives its bytes.
func take(columns []column, spec uint64) ([]column, []byte) {
	at := slices.IndexFunc(columns, func(c column) bool { return c.spec == spec })
	if at < 0 {
		return columns, nil
	}
	data := columns[at].data
	return slices.Delete(columns, at, at+1), data
}
