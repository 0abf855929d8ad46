package tunnel

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"parvis/p2p/wire"
)

// Sizes on the stream (W71).
const (
	// MaxPacket is the most bytes of one packet.
	MaxPacket = 1500

	lengthSize = 2
	reportSize = lengthSize + 8
	maxHello   = 64
)

// hello is the only message in CBOR, and the first of the opener.
type hello struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Call Call
}

func decodeHello(frame []byte) (Call, error) {
	h, err := wire.Decode[hello](frame)
	if err == nil && (h.V != 1 || h.Call == Call{}) {
		err = fmt.Errorf("%w: hello of a tunnel", wire.ErrMalformed)
	}
	return h.Call, err
}

// appendPacket adds a packet as it lies on the stream.
func appendPacket(to, packet []byte) []byte {
	return append(binary.BigEndian.AppendUint16(to, uint16(len(packet))), packet...)
}

// appendReport adds how many bytes of packets have been taken from the stream.
func appendReport(to []byte, taken uint64) []byte {
	return binary.BigEndian.AppendUint64(append(to, 0, 0), taken)
}

// records reads what lies on a stream behind the hello. A packet is valid until the
// next call.
type records struct {
	in     *bufio.Reader
	packet [MaxPacket]byte
}

func newRecords(r io.Reader) *records { return &records{in: bufio.NewReaderSize(r, 16<<10)} }

// next is a packet, or, when that is nil, a report.
func (r *records) next() (packet []byte, report uint64, err error) {
	var length [lengthSize]byte
	if _, err := io.ReadFull(r.in, length[:]); err != nil {
		return nil, 0, err
	}
	size := int(binary.BigEndian.Uint16(length[:]))
	switch {
	case size > MaxPacket:
		return nil, 0, fmt.Errorf("%w: packet of %d bytes", wire.ErrTooLarge, size)
	case size > 0:
		_, err = io.ReadFull(r.in, r.packet[:size])
		return r.packet[:size], 0, cut(err)
	}
	_, err = io.ReadFull(r.in, r.packet[:8])
	return nil, binary.BigEndian.Uint64(r.packet[:8]), cut(err)
}

// cut tells an end within a record from one between two.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
