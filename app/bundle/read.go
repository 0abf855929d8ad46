package bundle

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"parvis/crdt/seal"
)

// Reader reads one bundle: NewReader, For, Unlock, then Next until io.EOF. Whatever
// Next gives was sealed by somebody with the log key; that it is from the author,
// and complete, is known at io.EOF. Not safe for concurrent use.
type Reader struct {
	in     *bufio.Reader
	header []byte
	key    seal.Key
	plain  []byte // what is left of the piece
	number uint64
	last   bool // the piece is the last one
	head   Head
	hash   seal.ID
}

// NewReader reads how a file begins, and refuses what is no bundle of this version.
func NewReader(in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, pieceSize), header: make([]byte, headerSize)}
	n, err := io.ReadFull(r.in, r.header)
	switch begins := string(r.header[:n]); {
	case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Errorf("read bundle: %w", err)
	case strings.HasPrefix(begins, Magic) && err == nil:
		r.hash = begin(r.header)
		return r, nil
	case strings.HasPrefix(begins, Magic):
		return nil, ErrDamaged
	case strings.HasPrefix(begins, magicName):
		return nil, ErrVersion
	}
	return nil, ErrNotThis
}

// For reports whether the bundle is for a workspace.
func (r *Reader) For(ws Workspace) bool {
	at := len(Magic)
	return seal.EqualBytes(ws.mark(r.header[at:at+saltSize]), r.header[at+saltSize:])
}

// Unlock opens a bundle that is for this workspace and returns its head.
func (r *Reader) Unlock(ws Workspace) (Head, error) {
	at := len(Magic)
	r.key = ws.key(r.header[at : at+saltSize])
	kind, body, err := r.record()
	if err != nil {
		return Head{}, err
	}
	head, err := seal.Decode[Head](body)
	if err != nil || kind != kindHead || head.WS != ws.ID {
		return Head{}, ErrDamaged
	}
	if head.V != version {
		return Head{}, ErrVersion
	}
	r.head, r.hash = head, run(r.hash, kind, body)
	return head, nil
}

// Next is the next record. io.EOF says that the bundle is complete and signed by
// its author.
func (r *Reader) Next() (Kind, []byte, error) {
	kind, body, err := r.record()
	if err != nil {
		return 0, nil, err
	}
	switch kind {
	case kindHead:
		return 0, nil, ErrDamaged
	case kindTail:
		if len(r.plain) > 0 || !r.last || len(body) != seal.SigSize {
			return 0, nil, ErrDamaged
		}
		if !seal.Verify(r.head.Author, labelSignature, r.hash[:], body) {
			return 0, nil, ErrSignature
		}
		return 0, nil, io.EOF
	}
	r.hash = run(r.hash, kind, body)
	return kind, body, nil
}

// Hash stands for everything that was read so far.
func (r *Reader) Hash() seal.ID { return r.hash }

// record reads one record; its length is looked at before there is room for it.
func (r *Reader) record() (Kind, []byte, error) {
	var head [recordHead]byte
	if err := r.read(head[:]); err != nil {
		return 0, nil, err
	}
	length := binary.BigEndian.Uint32(head[1:])
	if length > MaxRecord {
		return 0, nil, ErrDamaged
	}
	body := make([]byte, length)
	return Kind(head[0]), body, r.read(body)
}

// read fills to with plaintext.
func (r *Reader) read(to []byte) error {
	for len(to) > 0 {
		if len(r.plain) == 0 {
			if err := r.piece(); err != nil {
				return err
			}
		}
		n := copy(to, r.plain)
		to, r.plain = to[n:], r.plain[n:]
	}
	return nil
}

// piece opens the next piece.
func (r *Reader) piece() error {
	if r.last {
		return ErrDamaged
	}
	sealed := make([]byte, pieceSize+seal.PlaceOverhead)
	n, err := io.ReadFull(r.in, sealed)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("read bundle: %w", err)
	}
	kind := byte(pieceInside)
	if _, end := r.in.Peek(1); errors.Is(end, io.EOF) {
		kind, r.last = pieceLast, true
	} else if end != nil {
		return fmt.Errorf("read bundle: %w", end)
	}
	plain, err := r.key.OpenAt(seal.Place{Number: r.number, Kind: kind}, sealed[:n], r.header)
	if err != nil || len(plain) == 0 {
		return ErrDamaged
	}
	r.plain = plain
	r.number++
	return nil
}
