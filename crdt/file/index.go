package file

import (
	"encoding/binary"
	"errors"
	"fmt"

	"parvis/crdt/seal"
)

// Sizes of a file's parts in bytes (rules F2 and F4).
const (
	ChunkSize  = 256 << 10                          // plaintext of every chunk but the last
	MaxEntries = 4096                               // names in one index block
	MaxBlock   = ChunkSize + seal.PlaceOverhead     // any block
	partSize   = uint64(MaxEntries) * ChunkSize     // plaintext below one index of level 1
	maxIndex   = 64 + MaxEntries*(2+len(seal.ID{})) // its encoding
)

// What a place holds: the kind in its nonce.
const (
	kindChunk = 0
	kindLast  = 1
	kindRoot  = 2
	kindPart  = 3
)

// The levels of an index: it names chunks, or indexes of level 1.
const (
	levelChunks = 1
	levelParts  = 2
)

// ErrDamaged reports a block that has the right hash and yet is not what the
// reference promises: its author made it so.
var ErrDamaged = errors.New("the file is damaged: its author sent it broken")

// Index names the blocks of a file, or of a part of one, in order.
type Index struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Size   uint64 // plaintext below this index
	Chunk  uint32
	Level  uint
	Blocks []seal.ID
}

// Parts reports whether the blocks are indexes themselves.
func (ix Index) Parts() bool { return ix.Level == levelParts }

// Chunks is the number of chunks of a file of so many bytes.
func Chunks(size uint64) uint64 { return ceil(size, ChunkSize) }

func ceil(size, unit uint64) uint64 { return size/unit + min(size%unit, 1) }

// check is rule F4 for an index that must cover so many bytes.
func (ix Index) check(size uint64, level uint) error {
	unit := uint64(ChunkSize)
	if level == levelParts {
		unit = partSize
	}
	switch {
	case ix.V != version:
		return fmt.Errorf("%w: index of version %d", ErrDamaged, ix.V)
	case ix.Chunk != ChunkSize:
		return fmt.Errorf("%w: chunks of %d bytes", ErrDamaged, ix.Chunk)
	case ix.Size != size:
		return fmt.Errorf("%w: index of %d bytes, want %d", ErrDamaged, ix.Size, size)
	case ix.Level != level:
		return fmt.Errorf("%w: index of level %d", ErrDamaged, ix.Level)
	case uint64(len(ix.Blocks)) != ceil(size, unit):
		return fmt.Errorf("%w: index of %d blocks, want %d", ErrDamaged, len(ix.Blocks), ceil(size, unit))
	}
	seen := make(map[seal.ID]bool, len(ix.Blocks))
	for _, block := range ix.Blocks {
		if seen[block] {
			return fmt.Errorf("%w: index with a block twice", ErrDamaged)
		}
		seen[block] = true
	}
	return nil
}

// levelOf is the level of the root of a file.
func levelOf(size uint64) uint {
	if size > partSize {
		return levelParts
	}
	return levelChunks
}

// cipher seals and opens the blocks of one file (rule F1).
type cipher struct {
	key seal.Key
	aad []byte // of indexes: the number of chunks
}

func newCipher(key seal.ID, size uint64) cipher {
	return cipher{key: seal.KDF(key[:], nil, "parvis1/file"), aad: binary.BigEndian.AppendUint64(nil, Chunks(size))}
}

func chunkPlace(n uint64, last bool) seal.Place {
	if last {
		return seal.Place{Number: n, Kind: kindLast}
	}
	return seal.Place{Number: n, Kind: kindChunk}
}

func (c cipher) sealIndex(place seal.Place, ix Index) ([]byte, error) {
	plain, err := seal.Encode(ix)
	if err != nil {
		return nil, err
	}
	return c.key.SealAt(place, plain, c.aad), nil
}

func (c cipher) openIndex(place seal.Place, block []byte, size uint64, level uint) (Index, error) {
	if len(block) > maxIndex+seal.PlaceOverhead {
		return Index{}, fmt.Errorf("%w: index block of %d bytes", ErrDamaged, len(block))
	}
	plain, err := c.key.OpenAt(place, block, c.aad)
	if err != nil {
		return Index{}, fmt.Errorf("%w: index: %w", ErrDamaged, err)
	}
	ix, err := seal.Decode[Index](plain)
	if err != nil {
		return Index{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return ix, ix.check(size, level)
}
