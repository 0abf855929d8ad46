package generate

import (
	"math"
	"sync"
	"time"
)

// Limits and samples of a check.
const (
	// sampleEvery is how often a picture is decoded in full, and a piece of the tone.
	sampleEvery = time.Second
	// toneWarm packets are decoded before those that are measured: a decoder that begins
	// in the middle of a stream needs some to find its state. The rest is longer than the
	// tone's dips.
	toneWarm  = 3
	toneTotal = toneWarm + 6
	// toneTolerance is how far a tone may be off; a semitone is 6 %.
	toneTolerance = 0.02
	// restart is how far a counter must fall back to be that of a source that began
	// again: two seconds, since nothing waits that long for a frame out of order.
	restart = 2 * FrameRate
)

// Report is what a [Checker] has seen.
type Report struct {
	// Frames of video have arrived, Bad of which were damaged, out of place or not
	// decodable. Marked of the good ones were a generator's; Decoded of these were
	// decoded in full.
	Frames, Bad, Marked, Decoded uint64
	// Gaps is how many counters are missing between those that came, Repeats how many
	// came again or too late, Foreign how many frames were another sender's.
	Gaps, Repeats, Foreign uint64
	// Counter is the last one.
	Counter uint32
	// Packets of audio have arrived, BadPackets of which were no Opus. Tones is how
	// often the tone was measured, WrongTones how often it was another one, or none.
	Packets, BadPackets, Tones, WrongTones uint64
	// Silence is the longest time between two packets, Frozen between two good frames.
	Silence, Frozen time.Duration
}

// Checker checks what arrives from one participant. It is bounded in memory, and
// nothing that arrives makes it panic. Once a second a picture and a piece of the tone
// are decoded in full, which takes 2 ms at most; all else is a matter of microseconds. Safe
// for concurrent use.
type Checker struct {
	codec *Codec

	mu        sync.Mutex
	report    Report
	hash      uint32 // of the generator's name
	generator bool   // it is one: its name was given, or a frame of its came
	keySeen   [256]bool
	decoded   time.Time // when a picture was, last
	frameAt   time.Time
	packetAt  time.Time
	measured  time.Time // when the tone was, last
	piece     [][]byte  // packets that follow each other, to measure
	pieceEnd  uint64    // at of the last of them
}

// NewChecker checks one participant's streams. With a name it must be the generator of
// that name; without one it may be any, or a page, whose frames have no mark and whose
// sound is not measured. Without a codec no sound is measured.
func NewChecker(codec *Codec, name string) *Checker {
	return &Checker{codec: codec, hash: nameHash(name), generator: name != ""}
}

// Report is a copy of what was seen so far.
func (c *Checker) Report() Report {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.report
}

// Video takes a VP8 frame. Both layers of a participant share one counter: who sends
// changes between them with the line.
func (c *Checker) Video(stream uint8, key bool, data []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Frames++
	if !c.frame(stream, key, data) {
		c.report.Bad++
		return
	}
	c.report.Frozen = longest(c.report.Frozen, &c.frameAt)
}

// frame tells whether a frame is good.
func (c *Checker) frame(stream uint8, key bool, data []byte) bool {
	s, err := parseStructure(data)
	if err != nil || s.key != key {
		return false
	}
	c.keySeen[stream] = c.keySeen[stream] || key
	if !c.keySeen[stream] {
		return false
	}
	t, marked, damaged := readTrailer(data)
	if damaged || c.generator && !marked && (stream == Video || stream == Small) {
		return false
	}
	if !c.picture(key, data, t, marked) {
		return false
	}
	if marked {
		c.count(t)
	}
	return true
}

// picture decodes a key frame, now and then: it must show what its trailer says.
func (c *Checker) picture(key bool, data []byte, t trailer, marked bool) bool {
	now := time.Now()
	if !key || now.Sub(c.decoded) < sampleEvery {
		return true
	}
	c.decoded = now
	picture, err := decodePicture(data)
	if err != nil {
		return false
	}
	if !marked {
		return true
	}
	counter, hash, ok := ReadMark(picture)
	if !ok || counter != t.counter || hash != uint16(t.hash) {
		return false
	}
	c.report.Decoded++
	return true
}

// count follows the counter of a generator's frame.
func (c *Checker) count(t trailer) {
	if !c.generator {
		c.generator, c.hash = true, t.hash
	}
	if t.hash != c.hash {
		c.report.Foreign++
		return
	}
	last := c.report.Counter
	first := c.report.Marked == 0
	c.report.Marked++
	switch {
	case first || uint64(t.counter)+restart < uint64(last):
	case t.counter <= last:
		c.report.Repeats++
		return
	default:
		c.report.Gaps += uint64(t.counter - last - 1)
	}
	c.report.Counter = t.counter
}

// longest is the longer of d and the time since the last call with this mark.
func longest(d time.Duration, last *time.Time) time.Duration {
	now := time.Now()
	if !last.IsZero() {
		d = max(d, now.Sub(*last))
	}
	*last = now
	return d
}

// Audio takes an Opus packet that was made at so many µs of the sender's clock: only
// packets 20 ms apart are measured together.
func (c *Checker) Audio(at uint64, data []byte) {
	piece, frequency := c.packet(at, data)
	if piece == nil {
		return
	}
	right := c.hears(piece, frequency) // without the lock: the codec may be busy
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Tones++
	if !right {
		c.report.WrongTones++
	}
}

// packet counts a packet. When a piece of the tone is complete and it is time, it
// returns it and the frequency that it should have.
func (c *Checker) packet(at uint64, data []byte) ([][]byte, float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.report.Packets++
	c.report.Silence = longest(c.report.Silence, &c.packetAt)
	if parsePacket(data) != nil {
		c.report.BadPackets++
		c.piece = nil
		return nil, 0
	}
	if c.codec == nil || !c.generator || c.packetAt.Sub(c.measured) < sampleEvery {
		return nil, 0
	}
	if between := at - c.pieceEnd; between < 15_000 || between > 25_000 {
		c.piece = nil
	}
	c.piece = append(c.piece, append([]byte(nil), data...))
	c.pieceEnd = at
	if len(c.piece) < toneTotal {
		return nil, 0
	}
	piece := c.piece
	c.piece, c.measured = nil, c.packetAt
	return piece, toneOf(c.hash)
}

// hears tells whether the end of a piece is a tone of this frequency.
func (c *Checker) hears(piece [][]byte, frequency float64) bool {
	var sound []int16
	err := c.codec.do(func(in *opusInstance) (err error) {
		sound, err = in.decode(piece)
		return err
	})
	if err != nil {
		return false
	}
	end := sound[len(sound)*toneWarm/toneTotal:]
	return math.Abs(frequencyOf(end)/frequency-1) <= toneTolerance
}
