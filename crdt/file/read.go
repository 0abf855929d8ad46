package file

import (
	"fmt"

	"parvis/crdt/seal"
)

// Opener opens the blocks of one file. It is not changed by use.
type Opener struct {
	cipher cipher
	size   uint64
}

// NewOpener opens the file of a reference that [Ref.Check] found right.
func NewOpener(r Ref) Opener { return Opener{cipher: newCipher(r.Key, r.Size), size: r.Size} }

// Root opens the file's index block.
func (o Opener) Root(block []byte) (Index, error) {
	return o.cipher.openIndex(seal.Place{Kind: kindRoot}, block, o.size, levelOf(o.size))
}

// Part opens the n-th index of level 1 that a root of level 2 names.
func (o Opener) Part(n int, block []byte) (Index, error) {
	begin := uint64(n) * partSize
	if n < 0 || begin >= o.size {
		return Index{}, fmt.Errorf("%w: part %d", ErrDamaged, n)
	}
	return o.cipher.openIndex(seal.Place{Number: uint64(n), Kind: kindPart}, block, min(partSize, o.size-begin), levelChunks)
}

// Chunk opens the n-th chunk of the file and returns its plaintext, which has
// exactly the length that its place demands.
func (o Opener) Chunk(n uint64, block []byte) ([]byte, error) {
	begin := n * ChunkSize
	if n >= Chunks(o.size) {
		return nil, fmt.Errorf("%w: chunk %d", ErrDamaged, n)
	}
	want := min(ChunkSize, o.size-begin)
	if uint64(len(block)) != want+seal.PlaceOverhead {
		return nil, fmt.Errorf("%w: chunk block of %d bytes", ErrDamaged, len(block))
	}
	plain, err := o.cipher.key.OpenAt(chunkPlace(n, begin+want == o.size), block, nil)
	if err != nil {
		return nil, fmt.Errorf("%w: chunk %d: %w", ErrDamaged, n, err)
	}
	return plain, nil
}

// ChunkOf is the chunk that holds a byte of the file, and where in it.
func ChunkOf(at uint64) (n uint64, offset int) { return at / ChunkSize, int(at % ChunkSize) }

// PartOf is the index of level 1 that names a chunk, and at which place.
func PartOf(chunk uint64) (n, place int) { return int(chunk / MaxEntries), int(chunk % MaxEntries) }
