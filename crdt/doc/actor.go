package doc

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"parvis/crdt/seal"
)

// ID names a document, 16 bytes.
type ID [16]byte

// ParseID reads the 32 lower-case hexadecimal digits that [ID.String] writes.
func ParseID(text string) (ID, error) {
	var id ID
	if err := parseHex(id[:], text); err != nil {
		return ID{}, fmt.Errorf("parse document id: %w", err)
	}
	return id, nil
}

// String returns 32 lower-case hexadecimal digits.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether all bytes are zero, which stands for "none".
func (id ID) IsZero() bool { return id == ID{} }

// Actor is the name under which one replica writes changes into one document.
type Actor [16]byte

// ActorOf is the only actor that device dev may write with into document id during
// its session of that number: H("parvis1/actor", dev, id, session)[:16]. Automerge
// does not authenticate actors; whoever takes a change checks this.
func ActorOf(dev seal.ID, id ID, session uint32) Actor {
	hash := seal.Hash("parvis1/actor", dev[:], id[:], binary.BigEndian.AppendUint32(nil, session))
	return Actor(hash[:len(Actor{})])
}

// ParseActor reads the 32 lower-case hexadecimal digits that [Actor.String] writes.
func ParseActor(text string) (Actor, error) {
	var actor Actor
	if err := parseHex(actor[:], text); err != nil {
		return Actor{}, fmt.Errorf("parse actor: %w", err)
	}
	return actor, nil
}

// String returns 32 lower-case hexadecimal digits.
func (a Actor) String() string { return hex.EncodeToString(a[:]) }

// IsZero reports whether this is the actor of the root change.
func (a Actor) IsZero() bool { return a == Actor{} }

func parseHex(into []byte, text string) error {
	if len(text) != hex.EncodedLen(len(into)) {
		return fmt.Errorf("%d characters, want %d", len(text), hex.EncodedLen(len(into)))
	}
	for _, c := range []byte(text) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return fmt.Errorf("character %q is not a lower-case hexadecimal digit", c)
		}
	}
	_, err := hex.Decode(into, []byte(text))
	return err
}
