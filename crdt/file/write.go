package file

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"parvis/crdt/seal"
)

// ErrTooLarge reports a file of more than the allowed bytes.
var ErrTooLarge = errors.New("the file is too large")

// Written is a sealed file: its key, its length and its index block.
type Written struct {
	Key  seal.ID
	Size uint64
	Root seal.ID
}

// Write reads r to its end, seals it under a fresh key and hands every block to
// put, the index last: once put has returned for all of them, the file is whole.
// The block is put's to keep. More than limit bytes are ErrTooLarge.
func Write(r io.Reader, limit uint64, put func(id seal.ID, block []byte) error) (Written, error) {
	w := Written{Key: seal.ID(seal.Random(len(seal.ID{})))}
	c := newCipher(w.Key, 0) // the length is not known yet: chunks do not need it
	keep := func(block []byte) (seal.ID, error) {
		id := seal.Sum(block)
		return id, put(id, block)
	}
	var chunks []seal.ID
	in := bufio.NewReaderSize(r, ChunkSize+1)
	plain := make([]byte, ChunkSize)
	for {
		n, err := io.ReadFull(in, plain)
		if n == 0 && errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			return Written{}, fmt.Errorf("read file: %w", err)
		}
		if w.Size += uint64(n); w.Size > min(limit, MaxSize) {
			return Written{}, ErrTooLarge
		}
		last := err != nil
		if !last {
			_, err := in.Peek(1)
			if last = errors.Is(err, io.EOF); err != nil && !last {
				return Written{}, fmt.Errorf("read file: %w", err)
			}
		}
		id, err := keep(c.key.SealAt(chunkPlace(uint64(len(chunks)), last), plain[:n], nil))
		if err != nil {
			return Written{}, err
		}
		if chunks = append(chunks, id); last {
			break
		}
	}
	root, err := writeIndex(newCipher(w.Key, w.Size), w.Size, chunks, keep)
	if err != nil {
		return Written{}, err
	}
	w.Root = root
	return w, nil
}

// writeIndex seals the index, or the parts and the index of parts.
func writeIndex(c cipher, size uint64, chunks []seal.ID, keep func([]byte) (seal.ID, error)) (seal.ID, error) {
	root := Index{V: version, Size: size, Chunk: ChunkSize, Level: levelOf(size), Blocks: chunks}
	if root.Parts() {
		root.Blocks = nil
		for begin := 0; begin < len(chunks); begin += MaxEntries {
			part := Index{V: version, Chunk: ChunkSize, Level: levelChunks, Blocks: chunks[begin:min(begin+MaxEntries, len(chunks))]}
			part.Size = min(partSize, size-uint64(begin)*ChunkSize)
			sealed, err := c.sealIndex(seal.Place{Number: uint64(len(root.Blocks)), Kind: kindPart}, part)
			if err != nil {
				return seal.ID{}, err
			}
			id, err := keep(sealed)
			if err != nil {
				return seal.ID{}, err
			}
			root.Blocks = append(root.Blocks, id)
		}
	}
	sealed, err := c.sealIndex(seal.Place{Kind: kindRoot}, root)
	if err != nil {
		return seal.ID{}, err
	}
	return keep(sealed)
}
