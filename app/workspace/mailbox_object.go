package workspace

import (
	"slices"

	"parvis/crdt/seal"
)

// The kinds of objects at a super-peer: one byte in front, inside the seal.
const (
	objectEntry    = 0 // a log entry as it travels
	objectBlob     = 1 // a blob as it travels, its own kind byte in front
	objectEnvelope = 2 // an envelope as it was received
	objectBlock    = 3 // a block of a file, under the tag of blocks
)

// MaxObject bounds an object at a super-peer in bytes.
const MaxObject = 2 << 20

// objectCode seals and opens the objects of one workspace under its log key, so
// that a super-peer sees neither headers nor kinds (rules K20, K21).
type objectCode struct {
	ws  seal.ID
	lk  seal.Key
	key seal.Key
}

func newObjectCode(ws seal.ID, lk seal.Key) objectCode {
	return objectCode{ws: ws, lk: lk, key: seal.Key(seal.KDF(lk[:], ws[:], "parvis1/box"))}
}

// tag is where the objects of a space lie; the zero space is the membership log.
func (o objectCode) tag(space seal.SpaceID) (tag Tag) {
	hash := seal.Hash("parvis1/tag", o.lk[:], space[:])
	copy(tag[:], hash[:])
	return tag
}

// blockTag is where the blocks of the files of a space lie: apart, because they are
// asked for by name and never read through (rule K33).
func (o objectCode) blockTag(space seal.SpaceID) (tag Tag) {
	hash := seal.Hash("parvis1/tag/blocks", o.lk[:], space[:])
	copy(tag[:], hash[:])
	return tag
}

func (o objectCode) aad(tag Tag, id seal.ID) []byte { return slices.Concat(o.ws[:], tag[:], id[:]) }

// seal makes an object. Its name stands in what is authenticated, so that a
// super-peer cannot give one object for another.
func (o objectCode) seal(tag Tag, kind byte, id seal.ID, raw []byte) Object {
	plain := append(append(make([]byte, 0, 1+len(raw)), kind), raw...)
	return Object{ID: id, Bytes: o.key.Seal(plain, o.aad(tag, id))}
}

// open gives back what seal was given.
func (o objectCode) open(tag Tag, object Object) (kind byte, raw []byte, err error) {
	if len(object.Bytes) > MaxObject {
		return 0, nil, &seal.Fault{Outcome: seal.Reject, Reason: "an object that is too long"}
	}
	plain, err := o.key.Open(object.Bytes, o.aad(tag, object.ID))
	if err != nil || len(plain) == 0 {
		return 0, nil, &seal.Fault{Outcome: seal.Reject, Reason: "an object that does not open"}
	}
	return plain[0], plain[1:], nil
}

// blobObject is the name of a blob at a super-peer: the hash of the blob as it
// travels, because a box that was sealed again is another object.
func blobObject(raw []byte) seal.ID { return seal.Sum(raw) }
