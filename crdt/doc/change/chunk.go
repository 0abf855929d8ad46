package change

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"io"

	"parvis/crdt/seal"
)

// Type says what a chunk holds.
type Type byte

// The types of chunks. A bundle holds several changes; engines from 3.4 write it.
const (
	TypeDocument   Type = 0
	TypeChange     Type = 1
	TypeCompressed Type = 2 // a change, compressed
	TypeBundle     Type = 3
)

// Chunk is one part of an Automerge file.
type Chunk struct {
	Type Type
	Data []byte // the whole chunk with its head; part of the input
}

var magic = []byte{0x85, 0x6f, 0x4a, 0x83}

// Split lists the chunks of a file and checks the checksum of each. It does not
// look into them. The memory it needs is proportional to the number of chunks.
func Split(file []byte) ([]Chunk, error) {
	var chunks []Chunk
	for len(file) > 0 {
		chunk, rest, err := cut(file)
		if err != nil {
			return nil, fmt.Errorf("split file: chunk %d: %w", len(chunks), err)
		}
		whole := file[:len(file)-len(rest)]
		if chunk.kind == TypeCompressed {
			_, err = chunk.inflate()
		} else {
			err = chunk.check()
		}
		if err != nil {
			return nil, fmt.Errorf("split file: chunk %d: %w", len(chunks), err)
		}
		chunks = append(chunks, Chunk{chunk.kind, whole})
		file = rest
	}
	return chunks, nil
}

// parts is a chunk whose head was read.
type parts struct {
	kind     Type
	checksum []byte
	body     []byte
}

// cut reads the first chunk and gives what follows it.
func cut(file []byte) (chunk parts, rest []byte, err error) {
	r := reader{data: file}
	if !bytes.Equal(r.bytes(uint64(len(magic))), magic) {
		r.fail("no chunk of Automerge")
	}
	chunk.checksum = r.bytes(4)
	chunk.kind = Type(r.byte())
	if chunk.kind > TypeBundle {
		r.fail("a chunk of an unknown type")
	}
	chunk.body = r.bytes(r.uint())
	return chunk, r.data, r.err
}

// hash is the SHA-256 of a chunk's type, length and content; of a compressed
// change, what it would be if it were not compressed.
func (p parts) hash() seal.ID {
	head := binary.AppendUvarint([]byte{byte(p.kind)}, uint64(len(p.body)))
	return seal.Sum(append(head, p.body...))
}

// check compares the hash with the checksum in the head.
func (p parts) check() error {
	hash := p.hash()
	if !bytes.Equal(hash[:4], p.checksum) {
		return fmt.Errorf("%w: the checksum is wrong", ErrInvalid)
	}
	return nil
}

// inflate unpacks a compressed change and checks its checksum, which is that of
// the change.
func (p parts) inflate() (parts, error) {
	source := bytes.NewReader(p.body)
	unpacked, err := io.ReadAll(io.LimitReader(flate.NewReader(source), MaxInflated+1))
	switch {
	case err != nil:
		return parts{}, fmt.Errorf("%w: unpack: %w", ErrInvalid, err)
	case len(unpacked) > MaxInflated:
		return parts{}, fmt.Errorf("%w: more than %d bytes when unpacked", ErrInvalid, MaxInflated)
	case source.Len() > 0:
		return parts{}, fmt.Errorf("%w: bytes after the packed ones", ErrInvalid)
	}
	plain := parts{kind: TypeChange, checksum: p.checksum, body: unpacked}
	return plain, plain.check()
}
