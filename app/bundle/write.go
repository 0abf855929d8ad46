package bundle

import (
	"fmt"
	"io"

	"parvis/crdt/seal"
)

// Writer writes one bundle. Not safe for concurrent use.
type Writer struct {
	out    io.Writer
	sign   seal.SignKey
	header []byte
	key    seal.Key
	plain  []byte // of the piece that is being filled
	number uint64
	hash   seal.ID
}

// NewWriter begins the bundle that head describes, to be signed by its author.
func NewWriter(out io.Writer, ws Workspace, author seal.SignKey, head Head) (*Writer, error) {
	return newWriter(out, ws, author, head, seal.Random(saltSize))
}

func newWriter(out io.Writer, ws Workspace, author seal.SignKey, head Head, salt []byte) (*Writer, error) {
	w := &Writer{out: out, sign: author, key: ws.key(salt), plain: make([]byte, 0, pieceSize)}
	w.header = append(append([]byte(Magic), salt...), ws.mark(salt)...)
	w.hash = begin(w.header)
	head.V, head.WS, head.Author = version, ws.ID, author.Public()
	body, err := seal.Encode(head)
	if err != nil {
		return nil, err
	}
	if _, err := out.Write(w.header); err != nil {
		return nil, fmt.Errorf("write bundle: %w", err)
	}
	return w, w.Add(kindHead, body)
}

// Add writes a record. What is longer than [MaxRecord] is a bug of the caller.
func (w *Writer) Add(kind Kind, body ...[]byte) error {
	var whole []byte
	for _, part := range body {
		whole = append(whole, part...)
	}
	if len(whole) > MaxRecord {
		return fmt.Errorf("write bundle: a record of %d bytes", len(whole))
	}
	w.hash = run(w.hash, kind, whole)
	return w.record(kind, whole)
}

func (w *Writer) record(kind Kind, body []byte) error {
	if err := w.fill(recordHeader(kind, len(body))); err != nil {
		return err
	}
	return w.fill(body)
}

// fill adds plaintext. A full piece is written once something follows it: the last
// one is sealed as the last.
func (w *Writer) fill(data []byte) error {
	for len(data) > 0 {
		if len(w.plain) == pieceSize {
			if err := w.seal(pieceInside); err != nil {
				return err
			}
		}
		n := min(pieceSize-len(w.plain), len(data))
		w.plain, data = append(w.plain, data[:n]...), data[n:]
	}
	return nil
}

func (w *Writer) seal(kind byte) error {
	if _, err := w.out.Write(w.key.SealAt(seal.Place{Number: w.number, Kind: kind}, w.plain, w.header)); err != nil {
		return fmt.Errorf("write bundle: %w", err)
	}
	w.plain = w.plain[:0]
	w.number++
	return nil
}

// Close signs the bundle. Without it the file is no bundle.
func (w *Writer) Close() error {
	if err := w.record(kindTail, w.sign.Sign(labelSignature, w.hash[:])); err != nil {
		return err
	}
	return w.seal(pieceLast)
}
