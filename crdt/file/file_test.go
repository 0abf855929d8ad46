package file_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// sealed is a written file with its blocks.
type sealed struct {
	ref    file.Ref
	blocks map[seal.ID][]byte
	order  []seal.ID
}

func write(t testing.TB, plain []byte) sealed {
	t.Helper()
	s := sealed{blocks: map[seal.ID][]byte{}}
	w, err := file.Write(bytes.NewReader(plain), file.MaxSize, func(id seal.ID, block []byte) error {
		s.blocks[id] = block
		s.order = append(s.order, id)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.ref = file.NewRef(w, "plan.pdf", "application/pdf")
	if err := s.ref.Check(); err != nil {
		t.Fatal(err)
	}
	return s
}

// read opens a file as a reader does.
func (s sealed) read() ([]byte, error) {
	id, err := s.ref.Root()
	if err != nil {
		return nil, err
	}
	opener := file.NewOpener(s.ref)
	root, err := opener.Root(s.blocks[id])
	if err != nil {
		return nil, err
	}
	var chunks []seal.ID
	if root.Parts() {
		for n, id := range root.Blocks {
			part, err := opener.Part(n, s.blocks[id])
			if err != nil {
				return nil, err
			}
			chunks = append(chunks, part.Blocks...)
		}
	} else {
		chunks = root.Blocks
	}
	var plain []byte
	for n, id := range chunks {
		piece, err := opener.Chunk(uint64(n), s.blocks[id])
		if err != nil {
			return nil, err
		}
		plain = append(plain, piece...)
	}
	return plain, nil
}

func content(n int) []byte {
	source := rand.NewChaCha8([32]byte{byte(n), byte(n >> 8)})
	data := make([]byte, n)
	_, _ = source.Read(data)
	return data
}

func TestRoundTrip(t *testing.T) {
	for _, size := range []int{0, 1, file.ChunkSize - 1, file.ChunkSize, file.ChunkSize + 1, 3 * file.ChunkSize, 1<<20 + 17} {
		t.Run(fmt.Sprintf("F1 F2 F6 F8 %d bytes come back", size), func(t *testing.T) {
			plain := content(size)
			s := write(t, plain)
			got, err := s.read()
			if err != nil || !bytes.Equal(got, plain) {
				t.Errorf("%d bytes come back as %d, %v", size, len(got), err)
			}
			chunks := int(file.Chunks(uint64(size)))
			if len(s.order) != chunks+1 {
				t.Errorf("%d blocks, want %d chunks and the index", len(s.order), chunks)
			}
			if root, _ := s.ref.Root(); s.order[len(s.order)-1] != root {
				t.Error("the index is not the last block")
			}
			for id, block := range s.blocks {
				if seal.Sum(block) != id || len(block) > file.MaxBlock {
					t.Errorf("block %s of %d bytes is not named by its hash", id.Short(), len(block))
				}
			}
		})
	}
	t.Run("F8 slow and uneven readers give the same chunks", func(t *testing.T) {
		plain := content(2*file.ChunkSize + 5)
		var sizes []int
		w, err := file.Write(iotestOneByOne{bytes.NewReader(plain)}, file.MaxSize, func(_ seal.ID, b []byte) error {
			sizes = append(sizes, len(b))
			return nil
		})
		if want := []int{file.MaxBlock, file.MaxBlock, 5 + seal.PlaceOverhead}; err != nil || !slices.Equal(sizes[:3], want) || w.Size != uint64(len(plain)) {
			t.Errorf("blocks of %v bytes, size %d, %v", sizes, w.Size, err)
		}
	})
	t.Run("F8 two writings have nothing in common", func(t *testing.T) {
		plain := content(file.ChunkSize + 1)
		a, b := write(t, plain), write(t, plain)
		for id := range a.blocks {
			if b.blocks[id] != nil {
				t.Error("a block is the same")
			}
		}
		if a.ref.Key == b.ref.Key {
			t.Error("the keys are the same")
		}
	})
}

// iotestOneByOne reads an odd number of bytes at a time.
type iotestOneByOne struct{ r io.Reader }

func (o iotestOneByOne) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 4093)]) }

func TestWriteStops(t *testing.T) {
	keep := func(seal.ID, []byte) error { return nil }
	t.Run("F8 above the limit", func(t *testing.T) {
		if _, err := file.Write(bytes.NewReader(make([]byte, 11)), 10, keep); !errors.Is(err, file.ErrTooLarge) {
			t.Errorf("11 bytes with a limit of 10: %v", err)
		}
		if _, err := file.Write(bytes.NewReader(make([]byte, 10)), 10, keep); err != nil {
			t.Errorf("10 bytes with a limit of 10: %v", err)
		}
	})
	broken := errors.New("broken")
	t.Run("F8 when a block cannot be kept", func(t *testing.T) {
		if _, err := file.Write(bytes.NewReader(make([]byte, 10)), 10, func(seal.ID, []byte) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("F8 when the input fails", func(t *testing.T) {
		for _, before := range []int{0, 7, file.ChunkSize, file.ChunkSize + 7} {
			in := io.MultiReader(bytes.NewReader(make([]byte, before)), failing{broken})
			if _, err := file.Write(in, file.MaxSize, keep); !errors.Is(err, broken) {
				t.Errorf("after %d bytes: %v", before, err)
			}
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// large is a file of more than 1 GiB without its chunks: the parts alone.
func TestPartsOfALargeFile(t *testing.T) {
	t.Run("F4 above 1 GiB the index has parts", func(t *testing.T) {
		if testing.Short() {
			t.Skip("seals more than a gigabyte: not with -short")
		}
		const size = 1<<30 + file.ChunkSize + 1
		blocks := map[seal.ID][]byte{}
		var order []seal.ID
		w, err := file.Write(io.LimitReader(zeros{}, size), file.MaxSize, func(id seal.ID, b []byte) error {
			if order = append(order, id); len(order) > 4096 {
				blocks[id] = b
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		opener := file.NewOpener(file.NewRef(w, "x", ""))
		root, err := opener.Root(blocks[w.Root])
		if err != nil || !root.Parts() || len(root.Blocks) != 2 {
			t.Fatalf("root with %d blocks, %v", len(root.Blocks), err)
		}
		first, err := opener.Part(0, blocks[root.Blocks[0]])
		if err != nil || len(first.Blocks) != file.MaxEntries || !slices.Equal(first.Blocks, order[:4096]) {
			t.Fatalf("first part with %d blocks, %v", len(first.Blocks), err)
		}
		second, err := opener.Part(1, blocks[root.Blocks[1]])
		if err != nil || !slices.Equal(second.Blocks, order[4096:4098]) {
			t.Fatalf("second part with %d blocks, %v", len(second.Blocks), err)
		}
		if n, place := file.PartOf(4097); n != 1 || place != 1 {
			t.Errorf("chunk 4097 is at %d, %d", n, place)
		}
		plain, err := opener.Chunk(4097, blocks[order[4097]])
		if err != nil || len(plain) != 1 {
			t.Errorf("the last chunk has %d bytes, %v", len(plain), err)
		}
		for what, err := range map[string]error{
			"the parts swapped":        second2(opener, blocks[root.Blocks[1]], 0),
			"a part as root":           second3(opener.Root(blocks[root.Blocks[0]])),
			"the root as part":         second2(opener, blocks[w.Root], 0),
			"a part behind the end":    second2(opener, blocks[root.Blocks[1]], 2),
			"a part before the begin":  second2(opener, blocks[root.Blocks[1]], -1),
			"a chunk in another place": second4(opener.Chunk(4096, blocks[order[4097]])),
		} {
			if !errors.Is(err, file.ErrDamaged) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func second2(o file.Opener, block []byte, n int) error { _, err := o.Part(n, block); return err }
func second3(_ file.Index, err error) error            { return err }
func second4(_ []byte, err error) error                { return err }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestDamage(t *testing.T) {
	plain := content(3*file.ChunkSize - 100)
	damaged := func(what string, change func(s *sealed)) {
		t.Run("F6 "+what, func(t *testing.T) {
			s := write(t, plain)
			change(&s)
			got, err := s.read()
			if !errors.Is(err, file.ErrDamaged) {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	damaged("a chunk is cut", func(s *sealed) { s.blocks[s.order[1]] = s.blocks[s.order[1]][:1000] })
	damaged("the last chunk is cut", func(s *sealed) { s.blocks[s.order[2]] = s.blocks[s.order[2]][:1000] })
	damaged("a chunk is longer", func(s *sealed) { s.blocks[s.order[2]] = append(s.blocks[s.order[2]], 0) })
	damaged("a bit of a chunk is changed", func(s *sealed) { s.blocks[s.order[0]][70000] ^= 1 })
	damaged("two chunks are swapped", func(s *sealed) {
		s.blocks[s.order[0]], s.blocks[s.order[1]] = s.blocks[s.order[1]], s.blocks[s.order[0]]
	})
	damaged("a chunk stands twice", func(s *sealed) { s.blocks[s.order[1]] = s.blocks[s.order[0]] })
	damaged("the index is cut", func(s *sealed) { s.blocks[s.order[3]] = s.blocks[s.order[3]][:30] })
	damaged("the index is missing", func(s *sealed) { delete(s.blocks, s.order[3]) })
	damaged("a bit of the index is changed", func(s *sealed) { s.blocks[s.order[3]][9] ^= 1 })
	damaged("the index is a chunk", func(s *sealed) { s.blocks[s.order[3]] = s.blocks[s.order[0]] })
	damaged("the reference names another key", func(s *sealed) { s.ref.Key[0] ^= 1 })
	damaged("the reference names a smaller size", func(s *sealed) { s.ref.Size-- })
	damaged("the reference names a greater size", func(s *sealed) { s.ref.Size++ })
	damaged("the reference names one chunk less", func(s *sealed) { s.ref.Size -= file.ChunkSize })
	damaged("the reference names 64 GiB", func(s *sealed) { s.ref.Size = file.MaxSize })
	damaged("the file of another reference", func(s *sealed) {
		other := write(t, plain)
		other.ref.Key = s.ref.Key
		*s = other
	})
	t.Run("F6 chunks behind the end", func(t *testing.T) {
		s := write(t, plain)
		if _, err := file.NewOpener(s.ref).Chunk(3, s.blocks[s.order[2]]); !errors.Is(err, file.ErrDamaged) {
			t.Error(err)
		}
	})
}

func TestNames(t *testing.T) {
	t.Run("F3 content ids", func(t *testing.T) {
		id := seal.Sum([]byte("x"))
		cid := file.CID(id)
		if got, err := file.ParseCID(cid); err != nil || got != id || len(cid) != 36 {
			t.Errorf("%x: %s, %v", cid, got, err)
		}
		for at := range 4 {
			wrong := slices.Clone(cid)
			wrong[at] ^= 1
			if _, err := file.ParseCID(wrong); err == nil {
				t.Errorf("%x is accepted", wrong)
			}
		}
		for _, wrong := range [][]byte{nil, cid[:35], append(slices.Clone(cid), 0)} {
			if _, err := file.ParseCID(wrong); err == nil {
				t.Errorf("%x is accepted", wrong)
			}
		}
	})
	good := file.Ref{V: 1, Name: "a", Size: 1, Key: seal.ID{1}, Index: file.CID(seal.ID{2})}
	big := make([]byte, file.MaxPreview+1)
	for what, change := range map[string]func(r *file.Ref){
		"version": func(r *file.Ref) { r.V = 2 }, "no name": func(r *file.Ref) { r.Name = "" },
		"long name": func(r *file.Ref) { r.Name = strings.Repeat("x", 256) }, "slash": func(r *file.Ref) { r.Name = "a/b" },
		"backslash": func(r *file.Ref) { r.Name = `a\b` }, "nul": func(r *file.Ref) { r.Name = "a\x00" },
		"long type": func(r *file.Ref) { r.Mime = strings.Repeat("x", 101) }, "size": func(r *file.Ref) { r.Size = file.MaxSize + 1 },
		"no key": func(r *file.Ref) { r.Key = seal.ID{} }, "no index": func(r *file.Ref) { r.Index = nil },
		"preview": func(r *file.Ref) { r.Preview = &big },
	} {
		t.Run("F5 "+what, func(t *testing.T) {
			r := good
			if err := r.Check(); err != nil {
				t.Fatal(err)
			}
			if change(&r); r.Check() == nil {
				t.Error("is accepted")
			}
		})
	}
	t.Run("F5 the key does not print", func(t *testing.T) {
		for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
			if text := fmt.Sprintf(format, good); strings.Contains(text, good.Key.String()) || strings.Contains(text, "0x1") {
				t.Errorf("%s: %s", format, text)
			}
		}
	})
}

func BenchmarkWrite(b *testing.B) {
	const size = 16 << 20
	b.SetBytes(size)
	for b.Loop() {
		_, err := file.Write(io.LimitReader(zeros{}, size), file.MaxSize, func(seal.ID, []byte) error { return nil })
		if err != nil {
			b.Fatal(err)
		}
	}
}
