package generate

import (
	"encoding/binary"
	"hash/crc32"
)

// A generated frame ends with padding and a trailer, which decoders do not read: the
// last partition of coefficients goes to the end of the frame (RFC 6386, section 9.5).
// The trailer tells in microseconds what decoding would tell in milliseconds:
//
//	"PVG1" | counter u32be | name hash u32be | CRC-32 (IEEE) of all before u32be
const (
	trailerMagic  = "PVG1"
	trailerLength = 16
)

// trailer is what the end of a generated frame says.
type trailer struct{ counter, hash uint32 }

// seal pads a frame with noise to size, when it is shorter, and appends the trailer.
func (t trailer) seal(frame []byte, size int, pad *noise) []byte {
	if size -= trailerLength; len(frame) < size {
		for len(frame) < size {
			frame = binary.LittleEndian.AppendUint64(frame, pad.next())
		}
		frame = frame[:size]
	}
	frame = append(frame, trailerMagic...)
	frame = binary.BigEndian.AppendUint32(frame, t.counter)
	frame = binary.BigEndian.AppendUint32(frame, t.hash)
	return binary.BigEndian.AppendUint32(frame, crc32.ChecksumIEEE(frame))
}

// readTrailer: found tells whether a generator made the frame; damaged, that what
// arrived is not what it sent.
func readTrailer(frame []byte) (t trailer, found, damaged bool) {
	if len(frame) < trailerLength {
		return t, false, false
	}
	body, tail := frame[:len(frame)-4], frame[len(frame)-trailerLength:]
	if string(tail[:4]) != trailerMagic {
		return t, false, false
	}
	t = trailer{binary.BigEndian.Uint32(tail[4:]), binary.BigEndian.Uint32(tail[8:])}
	return t, true, crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(tail[12:])
}

// noise is Marsaglia's xorshift: padding that no compression on the way can shorten.
type noise uint64

func (n *noise) next() uint64 {
	x := *n
	x ^= x << 13
	x ^= x >> 7
	x ^= x << 17
	*n = x
	return uint64(x)
}
