package calls

import (
	"encoding/binary"
	"errors"

	"parvis/media"
)

// Kinds of messages between a page and this device, beside those of [media.Stream].
// Their numbers travel.
const (
	kindKey   = 16 // a key frame is wanted; payload: the stream
	kindWants = 17 // what of the own streams is of use; payload: JSON
	kindSlots = 18 // which slot is which device; payload: JSON
	kindTake  = 19 // the page plays and captures from now on; to a page: another one does
	kindLook  = 20 // of whom the page shows the camera larger than the small layer is; payload: their slots
)

const (
	headerSize = 12
	flagKey    = 1
	maxTime    = 1 << 53 // µs: what a page can count to
)

// errMessage reports bytes that no page of ours sends.
var errMessage = errors.New("not a message of a page")

// message is one message of the line between a page and this device: slot, kind, flags
// and a zero, one byte each, the sender's clock in µs as 8 bytes, big endian, and the
// payload. Slot 0 is this device.
type message struct {
	slot, kind, flags uint8
	at                uint64
	payload           []byte
}

func (m message) encode() []byte {
	raw := make([]byte, headerSize, headerSize+len(m.payload))
	raw[0], raw[1], raw[2] = m.slot, m.kind, m.flags
	binary.BigEndian.PutUint64(raw[4:], m.at)
	return append(raw, m.payload...)
}

// decodeMessage reads what a page sends. The payload is a part of raw.
func decodeMessage(raw []byte) (message, error) {
	if len(raw) < headerSize || raw[3] != 0 {
		return message{}, errMessage
	}
	m := message{slot: raw[0], kind: raw[1], flags: raw[2], at: binary.BigEndian.Uint64(raw[4:]), payload: raw[headerSize:]}
	if !m.valid() {
		return message{}, errMessage
	}
	return m, nil
}

// valid reports whether a page may send a message.
func (m message) valid() bool {
	size := len(m.payload)
	switch m.kind {
	case uint8(media.Audio):
		return m.slot == 0 && m.flags == 0 && m.at <= maxTime && size > 0 && size <= media.MaxAudio
	case uint8(media.Video), uint8(media.Small), uint8(media.Screen):
		return m.slot == 0 && m.flags&^flagKey == 0 && m.at <= maxTime && size > 0 && size <= media.MaxFrame
	case kindKey:
		return m.slot != 0 && m.flags == 0 && size == 1 && isPicture(media.Stream(m.payload[0]))
	case kindTake:
		return m.slot == 0 && m.flags == 0 && size == 0
	case kindLook:
		return m.slot == 0 && m.flags == 0 && size <= maxSlots
	}
	return false
}

func isPicture(s media.Stream) bool { return s >= media.Video && s <= media.Screen }
