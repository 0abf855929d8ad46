package file

import (
	"errors"
	"testing"

	"parvis/crdt/seal"
)

// An author holds the key and can seal any bytes for any place: what stands there must
// still be what the size of the file demands.
func TestChunksOfTheirAuthor(t *testing.T) {
	const size = ChunkSize + 100
	key := seal.ID{7}
	o := NewOpener(Ref{Key: key, Size: size})
	c := newCipher(key, size)
	chunk := func(n uint64, last bool, length int) []byte {
		return c.key.SealAt(chunkPlace(n, last), make([]byte, length), nil)
	}
	for _, row := range []struct {
		name  string
		n     uint64
		block []byte
		right bool
	}{
		{"F6 the first", 0, chunk(0, false, ChunkSize), true},
		{"F6 the last", 1, chunk(1, true, 100), true},
		{"F6 the last is longer", 1, chunk(1, true, 101), false},
		{"F6 the last is shorter", 1, chunk(1, true, 99), false},
		{"F6 the first is shorter", 0, chunk(0, false, ChunkSize-1), false},
		{"F6 a chunk behind the end", 2, chunk(2, true, 100), false},
		{"F6 a chunk behind the end, of the length that the numbers would say", 2, chunk(2, false, ChunkSize), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := o.Chunk(row.n, row.block)
			if row.right != (err == nil) || err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	t.Run("F4 a part behind the end", func(t *testing.T) {
		for _, n := range []int{1, -1} {
			part := Index{V: 1, Size: partSize, Chunk: ChunkSize, Level: levelChunks}
			for i := range MaxEntries {
				part.Blocks = append(part.Blocks, seal.ID{byte(i), byte(i >> 8), 1})
			}
			block, err := c.sealIndex(seal.Place{Number: uint64(n), Kind: kindPart}, part)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := o.Part(n, block); !errors.Is(err, ErrDamaged) {
				t.Errorf("part %d: %v", n, err)
			}
		}
	})
}
