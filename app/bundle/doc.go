// Package bundle is the file that carries what one device has of a workspace to
// another one by hand: records, sealed under the log key in pieces of one size, and
// at the end the signature of the device that made it. To a stranger it is a name
// and noise. The rules K60 to K64 are those of app/workspace/SPEC.md.
//
// It knows the file, not the workspace: what the records are worth, and whether the
// device belongs to the workspace, is for who reads them to say.
package bundle

import (
	"encoding/binary"
	"errors"

	"parvis/crdt/seal"
)

// Magic is how every bundle of this version begins.
const Magic = magicName + "1\n"

const magicName = "parvis bundle "

// Sizes in bytes (rules K60 and K61).
const (
	saltSize   = 32
	markSize   = 16
	headerSize = len(Magic) + saltSize + markSize
	pieceSize  = 64 << 10 // plaintext of every piece but the last
	recordHead = 5        // kind and length

	// MaxRecord bounds the body of a record.
	MaxRecord = 2 << 20
)

// What a piece is: the kind in its place.
const (
	pieceInside = 0
	pieceLast   = 1
)

const (
	labelSignature = "parvis1/bundle"
	labelKey       = "parvis1/bundle/key"
	labelMark      = "parvis1/bundle/for"
	labelRun       = "parvis1/bundle/run"
)

// Kind says what a record is.
type Kind byte

// The kinds of records; the first four are those of objects at a super-peer (K21).
// Unknown ones are for later versions.
const (
	Entry    Kind = 0 // a log entry as it travels
	Blob     Kind = 1 // a blob as it travels, its own kind byte in front
	Envelope Kind = 2 // an envelope as it was received
	Block    Kind = 3 // space ‖ root of the file ‖ a block of it
	Held     Kind = 4 // how far the author has chains
	kindHead Kind = 8
	kindTail Kind = 9
)

// What callers tell apart. Whatever else a reader fails with comes from the file
// below it.
var (
	// ErrNotThis reports a file that is no bundle at all.
	ErrNotThis = errors.New("not a bundle")
	// ErrVersion reports a bundle of another version.
	ErrVersion = errors.New("a bundle of another version")
	// ErrDamaged reports a bundle that was cut off or changed.
	ErrDamaged = errors.New("a damaged or incomplete bundle")
	// ErrSignature reports a bundle that the device it names did not sign.
	ErrSignature = errors.New("a bundle with a wrong signature")
)

// Workspace is what opens the bundles of a workspace: every member has it.
type Workspace struct {
	ID     seal.ID
	LogKey seal.Key
}

// mark lets members, and nobody else, see which workspace a bundle is for.
func (w Workspace) mark(salt []byte) []byte {
	hash := seal.Hash(labelMark, w.LogKey[:], w.ID[:], salt)
	return hash[:markSize]
}

// key serves one bundle, because salt is random.
func (w Workspace) key(salt []byte) seal.Key {
	return seal.KDF(w.LogKey[:], append(w.ID[:], salt...), labelKey)
}

// Head is the first record.
type Head struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	WS     seal.ID
	Author seal.ID // the device that made and signed it
	MadeMs int64   // its clock, Unix milliseconds: a label only
	For    seal.ID // whom it was made for, a person or a device; zero: for everybody
}

const version = 1

// run goes on with the hash over everything before the tail.
func run(before seal.ID, kind Kind, body []byte) seal.ID {
	return seal.Hash(labelRun, before[:], []byte{byte(kind)}, body)
}

// begin is that hash after the header.
func begin(header []byte) seal.ID { return seal.Hash(labelRun, header) }

func recordHeader(kind Kind, length int) []byte {
	return binary.BigEndian.AppendUint32([]byte{byte(kind)}, uint32(length))
}
