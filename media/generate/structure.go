package generate

import "errors"

// What can be wrong with a frame without decoding it.
var (
	errShort      = errors.New("the frame ends inside its header")
	errKind       = errors.New("the frame is a key frame where none was announced, or the other way round")
	errStart      = errors.New("the key frame has no start code")
	errVersion    = errors.New("the frame has an unknown version")
	errSize       = errors.New("the picture is empty or too large")
	errPartitions = errors.New("the partitions are longer than the frame")
)

// Limits of a frame that is looked at.
const (
	maxFrame  = 2 << 20
	maxPixels = 1920 * 1200
)

// structure is what the beginning of a frame says.
type structure struct {
	key           bool
	width, height int // of a key frame
}

// parseStructure reads the frame tag, a key frame's size, and how long the partitions
// are (RFC 6386, section 9.1 to 9.5): all must lie inside the frame.
func parseStructure(frame []byte) (structure, error) {
	if len(frame) < 3 || len(frame) > maxFrame {
		return structure{}, errShort
	}
	tag := int(frame[0]) | int(frame[1])<<8 | int(frame[2])<<16
	s := structure{key: tag&1 == 0}
	if tag>>1&7 > 3 {
		return s, errVersion
	}
	rest := frame[3:]
	if s.key {
		if len(frame) < headerLength {
			return s, errShort
		}
		if string(frame[3:6]) != "\x9d\x01\x2a" {
			return s, errStart
		}
		s.width = (int(frame[6]) | int(frame[7])<<8) & 0x3fff
		s.height = (int(frame[8]) | int(frame[9])<<8) & 0x3fff
		if s.width == 0 || s.height == 0 || s.width*s.height > maxPixels {
			return s, errSize
		}
		rest = frame[headerLength:]
	}
	first := tag >> 5
	if first == 0 || first > len(rest) {
		return s, errPartitions
	}
	return s, checkPartitions(rest[first:], partitionCount(rest[:first], s.key))
}

// partitionCount reads the first partition up to the number of the others.
func partitionCount(first []byte, key bool) int {
	d := newBoolDecoder(first)
	if key {
		d.number(2) // colour space, clamping
	}
	if d.flag() { // segmentation, section 9.3
		skipSegmentation(d)
	}
	d.number(1 + 6 + 3)       // loop filter, section 9.4
	if d.flag() && d.flag() { // its adjustments
		for range 4 + 4 {
			d.skipOptional(6)
		}
	}
	return 1 << d.number(2)
}

func skipSegmentation(d *boolDecoder) {
	updateMap, updateData := d.flag(), d.flag()
	if updateData {
		d.flag()
		for range 4 {
			d.skipOptional(7)
		}
		for range 4 {
			d.skipOptional(6)
		}
	}
	if updateMap {
		for range 3 {
			if d.flag() {
				d.number(8)
			}
		}
	}
}

// checkPartitions: the sizes of all but the last stand before them, three bytes each.
func checkPartitions(data []byte, count int) error {
	sizes := 3 * (count - 1)
	if sizes > len(data) {
		return errPartitions
	}
	rest := len(data) - sizes
	for i := 0; i < sizes; i += 3 {
		rest -= int(data[i]) | int(data[i+1])<<8 | int(data[i+2])<<16
	}
	if rest < 0 {
		return errPartitions
	}
	return nil
}
