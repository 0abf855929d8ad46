package file_test

import (
	"bytes"
	"testing"

	"parvis/crdt/file"
	"parvis/crdt/seal"
	"parvis/crdt/seal/sealtest"
)

// checkInput gives bytes to every decoder.
func checkInput(t testing.TB, raw []byte) {
	key := seal.ID{1}
	for _, size := range []uint64{0, 1, file.ChunkSize + 1, 1<<30 + 1, file.MaxSize} {
		opener := file.NewOpener(file.Ref{V: 1, Name: "a", Size: size, Key: key, Index: file.CID(seal.ID{})})
		_, rootErr := opener.Root(raw)
		_, partErr := opener.Part(0, raw)
		_, chunkErr := opener.Chunk(0, raw)
		if rootErr == nil || partErr == nil || chunkErr == nil {
			t.Fatalf("%x opens under a key that sealed nothing", raw)
		}
	}
	if ix, err := seal.Decode[file.Index](raw); err == nil {
		if again, err := seal.Encode(ix); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%x is written as %x, %v", raw, again, err)
		}
	}
	if ref, err := seal.Decode[file.Ref](raw); err == nil && ref.Check() == nil {
		if again, err := seal.Encode(ref); err != nil || !bytes.Equal(again, raw) {
			t.Fatalf("%x is written as %x, %v", raw, again, err)
		}
		_, _ = ref.Root()
	}
}

func corpus(t testing.TB) [][]byte {
	t.Helper()
	preview := []byte{1, 2, 3}
	var all [][]byte
	for _, v := range []file.Index{
		{V: 1, Size: 5, Chunk: file.ChunkSize, Level: 1, Blocks: []seal.ID{{1}}},
		{V: 1, Size: 1 << 31, Chunk: file.ChunkSize, Level: 2, Blocks: []seal.ID{{1}, {2}}},
	} {
		raw, err := seal.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw)
	}
	for _, v := range []file.Ref{
		{V: 1, Name: "a.png", Mime: "image/png", Size: 9, Key: seal.ID{1}, Index: file.CID(seal.ID{2}), Preview: &preview},
		{V: 1, Name: "b", Size: 1, Key: seal.ID{1}, Index: file.CID(seal.ID{2})},
	} {
		raw, err := seal.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, raw)
	}
	return all
}

func TestMutations(t *testing.T) {
	t.Run("F7 mutated indexes and references never panic and have one encoding", func(t *testing.T) {
		for raw := range sealtest.Mutations(1, corpus(t), sealtest.Inputs) {
			checkInput(t, raw)
		}
	})
	t.Run("F7 a mutated block never opens", func(t *testing.T) {
		s := write(t, content(2000))
		opener := file.NewOpener(s.ref)
		chunk, index := s.blocks[s.order[0]], s.blocks[s.order[1]]
		for raw := range sealtest.Mutations(2, [][]byte{chunk, index}, sealtest.Inputs) {
			if bytes.Equal(raw, chunk) || bytes.Equal(raw, index) {
				continue
			}
			_, rootErr := opener.Root(raw)
			_, chunkErr := opener.Chunk(0, raw)
			if rootErr == nil || chunkErr == nil {
				t.Fatalf("%x opens", raw)
			}
		}
	})
}

func FuzzFile(f *testing.F) {
	for _, raw := range corpus(f) {
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, raw []byte) { checkInput(t, raw) })
}
