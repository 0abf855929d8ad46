package media

import "encoding/binary"

// Clock rates of RTP timestamps.
const (
	audioRate = 48_000
	videoRate = 90_000
)

// The mark is our RTP header extension on the first packet of a frame: the
// stream and key flag, and the frame's exact time. The payload cannot tell them
// once it is encrypted end to end.
const (
	markURI  = "urn:parvis:frame"
	markSize = 9
	markKey  = 0x80
)

func appendMark(f Frame) []byte {
	first := byte(f.Stream)
	if f.Key {
		first |= markKey
	}
	return binary.BigEndian.AppendUint64([]byte{first}, f.At)
}

// readMark is false for anything that is not a mark of one of the streams of
// this track.
func readMark(raw []byte, media uint8) (s Stream, key bool, at uint64, ok bool) {
	if len(raw) != markSize {
		return 0, false, 0, false
	}
	s, key = Stream(raw[0]&^markKey), raw[0]&markKey != 0
	return s, key, binary.BigEndian.Uint64(raw[1:]), s >= Audio && s <= Screen && trackOf(s) == media
}

// rtpTime is a frame's time in ticks of its track. It wraps.
func rtpTime(at uint64, rate uint32) uint32 {
	if rate == audioRate {
		return uint32(at/125*6 + at%125*6/125)
	}
	return uint32(at/100*9 + at%100*9/100)
}

// clock turns RTP timestamps back into the sender's µs, counted from the last
// frame that said its time exactly.
type clock struct {
	rate  uint32
	known bool
	at    uint64 // of the marked frame
	last  uint32 // timestamp of the last frame
	ticks int64  // of the last frame, since the marked one
}

// mark notes a frame that says its time.
func (c *clock) mark(ts uint32, at uint64) {
	c.known, c.at, c.last, c.ticks = true, at, ts, 0
}

// time is that of a frame without a mark. Until one came, the timestamps alone
// count: then only differences mean something.
func (c *clock) time(ts uint32) uint64 {
	if !c.known {
		c.mark(ts, uint64(ts)*1_000_000/uint64(c.rate))
		return c.at
	}
	c.ticks += int64(int32(ts - c.last))
	c.last = ts
	// Rounded: a tick is longer than a µs.
	us := (c.ticks*1_000_000 + int64(c.rate)/2) / int64(c.rate)
	if c.ticks < 0 {
		us = (c.ticks*1_000_000 - int64(c.rate)/2) / int64(c.rate)
	}
	return c.at + uint64(us)
}
