package block

import (
	"context"
	"errors"
	"fmt"
	"io"

	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// Reader reads the plaintext of a file, from the disk or, where blocks are not
// here, as they arrive. Not safe for concurrent use.
type Reader struct {
	size  uint64
	at    uint64
	n     uint64 // the chunk in plain
	plain []byte // nil: none
	chunk func(n uint64) ([]byte, error)
}

var _ io.ReadSeekCloser = (*Reader)(nil)

// Read opens a file of a space. What is returned is a [*Reader], which can also
// seek. Blocks that are not here are fetched while ctx lasts; a block that does not
// come is [ErrMissing].
func (k *Keeper) Read(ctx context.Context, ws seal.ID, space seal.SpaceID, ref file.Ref) (io.ReadCloser, error) {
	row, err := k.learn(ctx, ws, space, ref, Wanted)
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	row.Ref = ref // the stored one could be another author's claim about the same block
	opener := file.NewOpener(ref)
	root, err := k.openRoot(ctx, row, opener)
	if err == nil && row.Status != Whole {
		err = k.addBlocks(ctx, row.N, root.Blocks)
	}
	if err != nil {
		return nil, fmt.Errorf("open file: %w", err)
	}
	part, partN := root, 0
	if root.Parts() {
		partN = -1
	}
	chunk := func(n uint64) ([]byte, error) {
		want, place := file.PartOf(n)
		if want != partN {
			if part, err = k.openPart(ctx, row, root, opener, want); err != nil {
				return nil, err
			}
			partN = want
			if row.Status != Whole {
				if err := k.addBlocks(ctx, row.N, part.Blocks); err != nil {
					return nil, err
				}
			}
		}
		block, err := k.block(ctx, row, part.Blocks[place], part.Blocks[place:min(place+readAhead, len(part.Blocks))])
		if err != nil {
			return nil, err
		}
		return opener.Chunk(n, block)
	}
	return &Reader{size: ref.Size, chunk: chunk}, nil
}

// Size is the length of the file in bytes.
func (r *Reader) Size() uint64 { return r.size }

// Read implements io.Reader. No byte is returned that was not authenticated.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if r.at >= r.size {
		return 0, io.EOF
	}
	n, offset := file.ChunkOf(r.at)
	if r.plain == nil || r.n != n {
		plain, err := r.chunk(n)
		if err != nil {
			return 0, fmt.Errorf("read file: %w", err)
		}
		r.plain, r.n = plain, n
	}
	copied := copy(p, r.plain[offset:])
	r.at += uint64(copied)
	return copied, nil
}

// Seek implements io.Seeker.
func (r *Reader) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += int64(r.at)
	case io.SeekEnd:
		offset += int64(r.size)
	default:
		return 0, errors.New("seek in file: no such beginning")
	}
	if offset < 0 {
		return 0, errors.New("seek in file: before the beginning")
	}
	r.at = uint64(offset)
	return offset, nil
}

// Close lets the last chunk go.
func (r *Reader) Close() error {
	r.plain = nil
	return nil
}

// State is how much of a file is here.
type State struct {
	Status Status // 0: no space here refers to it
	Size   uint64 // bytes of plaintext
	Here   uint64 // chunks on this device; 0 while the index is not here
	All    uint64 // chunks in all
}

// State says how much of a file is here. It asks nobody.
func (k *Keeper) State(ctx context.Context, ws seal.ID, space seal.SpaceID, ref file.Ref) (State, error) {
	s := State{Size: ref.Size, All: file.Chunks(ref.Size)}
	id, err := ref.Root()
	if err != nil {
		return s, errors.Join(file.ErrDamaged, err)
	}
	row, found, err := k.config.Store.File(ctx, ws, space, id)
	if err != nil || !found {
		return s, err
	}
	if s.Status = row.Status; s.Status == Whole {
		s.Here = s.All
		return s, nil
	}
	_, chunks, err := k.names(ctx, row)
	for _, chunk := range chunks {
		if _, err := k.config.Store.BlockSize(ctx, chunk); err == nil {
			s.Here++
		}
	}
	if errors.Is(err, ErrNotHere) || errors.Is(err, file.ErrDamaged) {
		err = nil
	}
	return s, err
}

// names are the indexes of level 1 and the chunks of a file, as far as its indexes
// are here; ErrNotHere says that one is not.
func (k *Keeper) names(ctx context.Context, row Row) (parts, chunks []seal.ID, err error) {
	opener := file.NewOpener(row.Ref)
	block, err := k.config.Store.Block(ctx, row.Root)
	if err != nil {
		return nil, nil, err
	}
	root, err := opener.Root(block)
	if err != nil {
		return nil, nil, err
	}
	if !root.Parts() {
		return nil, root.Blocks, nil
	}
	for n, id := range root.Blocks {
		block, err := k.config.Store.Block(ctx, id)
		if err != nil {
			return root.Blocks, chunks, err
		}
		part, err := opener.Part(n, block)
		if err != nil {
			return root.Blocks, chunks, err
		}
		chunks = append(chunks, part.Blocks...)
	}
	return root.Blocks, chunks, nil
}
