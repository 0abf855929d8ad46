package store

import (
	"bytes"

	"parvis/crdt/seal"
)

// The column types below take whatever a damaged row holds, so that a wrong type
// shows as a wrong hash instead of an error that hides all other rows.

// blobColumn scans a BLOB; anything else becomes nil.
type blobColumn []byte

// Scan implements sql.Scanner.
func (c *blobColumn) Scan(src any) error {
	v, _ := src.([]byte)
	*c = bytes.Clone(v)
	return nil
}

// id reads 32 bytes, or zero for any other length.
func (c blobColumn) id() seal.ID {
	if len(c) != len(seal.ID{}) {
		return seal.ID{}
	}
	return seal.ID(c)
}

// space reads 16 bytes, or zero for any other length.
func (c blobColumn) space() seal.SpaceID {
	if len(c) != len(seal.SpaceID{}) {
		return seal.SpaceID{}
	}
	return seal.SpaceID(c)
}

// intColumn scans an INTEGER; anything else, NULL included, becomes 0.
type intColumn int64

// Scan implements sql.Scanner.
func (c *intColumn) Scan(src any) error {
	v, _ := src.(int64)
	*c = intColumn(v)
	return nil
}

// textColumn scans a TEXT; anything else becomes "".
type textColumn string

// Scan implements sql.Scanner.
func (c *textColumn) Scan(src any) error {
	v, _ := src.(string)
	*c = textColumn(v)
	return nil
}
