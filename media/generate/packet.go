package generate

import "errors"

// maxPacket is the longest Opus packet that is taken: the three frames of 20 ms at most
// that one participant would put into one, at their largest.
const maxPacket = 3*maxFrameBytes + 16

// maxFrameBytes is R2 of RFC 6716, section 3.4.
const maxFrameBytes = 1275

var errPacket = errors.New("the packet is no Opus packet")

// parsePacket checks the table of contents and the lengths of the frames against the
// rules R1 to R7 of RFC 6716, section 3.4.
func parsePacket(packet []byte) error {
	if len(packet) == 0 || len(packet) > maxPacket {
		return errPacket
	}
	toc, body := packet[0], packet[1:]
	switch toc & 3 {
	case 0:
		return checkFrames(len(body), 1)
	case 1: // two frames of the same length
		return checkFrames(len(body), 2)
	case 2: // two frames, the length of the first in front
		first, rest, ok := frameLength(body)
		if !ok || first > len(rest) || len(rest)-first > maxFrameBytes {
			return errPacket
		}
		return nil
	}
	return parseMany(toc, body)
}

// parseMany is code 3 of section 3.2.5: any number of frames, and padding.
func parseMany(toc byte, body []byte) error {
	if len(body) == 0 {
		return errPacket
	}
	count, padded, variable := int(body[0]&63), body[0]&64 != 0, body[0]&128 != 0
	body = body[1:]
	if count == 0 || count*frameSamples(toc) > maxSamples {
		return errPacket
	}
	if padded {
		var ok bool
		if body, ok = cutPadding(body); !ok {
			return errPacket
		}
	}
	if !variable {
		return checkFrames(len(body), count)
	}
	sum := 0
	for range count - 1 {
		length, rest, ok := frameLength(body)
		if !ok {
			return errPacket
		}
		sum, body = sum+length, rest
	}
	if last := len(body) - sum; last < 0 || last > maxFrameBytes {
		return errPacket
	}
	return nil
}

// cutPadding removes the padding's length and, at the end, the padding.
func cutPadding(body []byte) ([]byte, bool) {
	for padding := 0; len(body) > 0; {
		b := int(body[0])
		body = body[1:]
		if b < 255 {
			padding += b
			return body[:max(len(body)-padding, 0)], padding <= len(body)
		}
		padding += 254
	}
	return nil, false
}

// checkFrames: frames of equal length fill all there is.
func checkFrames(length, count int) error {
	if length%count != 0 || length/count > maxFrameBytes {
		return errPacket
	}
	return nil
}

// frameLength reads a length of one or two bytes (section 3.2.1).
func frameLength(body []byte) (length int, rest []byte, ok bool) {
	switch {
	case len(body) >= 1 && body[0] < 252:
		return int(body[0]), body[1:], true
	case len(body) >= 2:
		return int(body[0]) + 4*int(body[1]), body[2:], true
	}
	return 0, nil, false
}

// frameSamples is how long a frame is, in samples of 48 kHz (section 3.1, table 2).
func frameSamples(toc byte) int {
	config := toc >> 3
	switch {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		return [4]int{480, 960, 1920, 2880}[config&3]
	case config < 16: // hybrid: 10, 20 ms
		return 480 << (config & 1)
	}
	return 120 << (config & 3) // CELT: 2.5 to 20 ms
}
