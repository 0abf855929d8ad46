package docs

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
)

// shrinkFrom is the size in bytes from which a change is worth compressing.
const shrinkFrom = 1024

// The head of a chunk: four magic bytes, four of the checksum, the type.
const (
	chunkHead       = 9
	chunkPlain      = 1
	chunkCompressed = 2
)

// shrink compresses a long change as Automerge does: the checksum and the hash stay
// those of the plain one. What does not get shorter is returned as it is.
func shrink(change []byte) []byte {
	if len(change) < shrinkFrom || change[chunkHead-1] != chunkPlain {
		return change
	}
	_, n := binary.Uvarint(change[chunkHead:])
	if n <= 0 {
		return change
	}
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.DefaultCompression)
	if err != nil {
		return change
	}
	if _, err := w.Write(change[chunkHead+n:]); err != nil || w.Close() != nil {
		return change
	}
	small := append([]byte(nil), change[:chunkHead]...)
	small[chunkHead-1] = chunkCompressed
	small = binary.AppendUvarint(small, uint64(packed.Len()))
	if small = append(small, packed.Bytes()...); len(small) >= len(change) {
		return change
	}
	return small
}
