package store

import (
	"encoding/binary"
	"fmt"

	"parvis/crdt/seal"
)

// sumSize is the length of a row's own hash: 128 bits of SHA-256. It finds
// damage; it does not stop somebody who can write to the file.
const sumSize = 16

// rowSum is a row's own hash over its other columns. The first part is the
// table's name; numbers go in as [number]. Parts carry their lengths, so ("ab",
// "c") and ("a", "bc") differ.
func rowSum(parts ...[]byte) []byte {
	sum := seal.Hash("parvis1/row", parts...)
	return append([]byte(nil), sum[:sumSize]...)
}

// sumOK says whether a stored hash is the one its row should have.
func sumOK(sum []byte, parts ...[]byte) bool {
	want := seal.Hash("parvis1/row", parts...)
	return string(sum) == string(want[:sumSize])
}

// number encodes an integer column for rowSum and for the key of sealValue.
func number(n int64) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(n))
}

// sealValue encrypts a readable value of a row under the storage key. The
// result opens only in the same table, column and row: key is the primary key,
// its columns joined in order (fixed lengths, or [number]).
func (db *DB) sealValue(table, column string, key []byte, plain []byte) []byte {
	return db.key.Seal(plain, valueAAD(table, column, key))
}

// openValue reverses sealValue. An error means damage, or a storage key of
// another folder.
func (db *DB) openValue(table, column string, key []byte, sealed []byte) ([]byte, error) {
	plain, err := db.key.Open(sealed, valueAAD(table, column, key))
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", table, column, err)
	}
	return plain, nil
}

// valueAAD joins with zero bytes: names of tables and columns hold none.
func valueAAD(table, column string, key []byte) []byte {
	aad := make([]byte, 0, len(table)+len(column)+len(key)+2)
	aad = append(aad, table...)
	aad = append(aad, 0)
	aad = append(aad, column...)
	aad = append(aad, 0)
	return append(aad, key...)
}
