package calls

import (
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// Note is a note on the wire.
type Note struct {
	V    uint
	Call call.ID
	What uint
	Of   seal.ID
}

// Encode writes a note.
func (n Note) Encode() ([]byte, error) {
	return seal.Encode(note{V: n.V, Call: n.Call, What: n.What, Of: n.Of})
}

// DecodeNote reads a note.
func DecodeNote(data []byte) (Note, error) {
	n, err := decodeNote(data)
	return Note{n.V, n.Call, n.What, n.Of}, err
}
