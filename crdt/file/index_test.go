package file

import (
	"errors"
	"testing"

	"parvis/crdt/seal"
)

// TestIndexOfItsAuthor: an author can seal any index; only one form is taken.
func TestIndexOfItsAuthor(t *testing.T) {
	const size = 2*ChunkSize + 1
	key := seal.ID{7}
	good := Index{V: 1, Size: size, Chunk: ChunkSize, Level: 1, Blocks: []seal.ID{{1}, {2}, {3}}}
	for what, change := range map[string]func(ix *Index){
		"F4 is taken as it should be":    nil,
		"F4 another version":             func(ix *Index) { ix.V = 2 },
		"F4 other chunks":                func(ix *Index) { ix.Chunk = 1 },
		"F4 another size":                func(ix *Index) { ix.Size++ },
		"F4 level 0":                     func(ix *Index) { ix.Level = 0 },
		"F4 level 2 where 1 is enough":   func(ix *Index) { ix.Level = 2 },
		"F4 truncated":                   func(ix *Index) { ix.Blocks = ix.Blocks[:2] },
		"F4 too long":                    func(ix *Index) { ix.Blocks = append(ix.Blocks, seal.ID{4}) },
		"F4 a block twice":               func(ix *Index) { ix.Blocks = []seal.ID{{1}, {2}, {1}} },
		"F4 empty":                       func(ix *Index) { ix.Blocks = nil },
		"F4 sealed with another length":  nil,
		"F4 sealed as part of an index":  nil,
		"F4 not an index but other CBOR": nil,
	} {
		t.Run(what, func(t *testing.T) {
			ix, c, place := good, newCipher(key, size), seal.Place{Kind: kindRoot}
			ix.Blocks = append([]seal.ID(nil), good.Blocks...)
			switch what {
			case "F4 sealed with another length":
				c = newCipher(key, size+ChunkSize)
			case "F4 sealed as part of an index":
				place.Kind = kindPart
			}
			if change != nil {
				change(&ix)
			}
			block, err := c.sealIndex(place, ix)
			if err != nil {
				t.Fatal(err)
			}
			if what == "F4 not an index but other CBOR" {
				block = c.key.SealAt(place, []byte{0x83, 1, 2, 3}, c.aad)
			}
			_, err = NewOpener(Ref{Key: key, Size: size}).Root(block)
			if want := what == "F4 is taken as it should be"; (err == nil) != want || err != nil && !errors.Is(err, ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
	t.Run("F4 the longest index fits a block", func(t *testing.T) {
		full := Index{V: 1, Size: MaxSize, Chunk: ChunkSize, Level: 1}
		for n := range MaxEntries {
			full.Blocks = append(full.Blocks, seal.ID{byte(n), byte(n >> 8), 1})
		}
		full.Size = partSize
		block, err := newCipher(key, partSize).sealIndex(seal.Place{Kind: kindRoot}, full)
		if err != nil || len(block) > maxIndex || len(block) > MaxBlock {
			t.Fatalf("%d bytes, %v", len(block), err)
		}
		if _, err := NewOpener(Ref{Key: key, Size: partSize}).Root(block); err != nil {
			t.Error(err)
		}
	})
}
