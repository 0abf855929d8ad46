package media

import (
	"bytes"

	"github.com/pion/rtp/codecs"
)

// assembler makes whole frames of the packets of a video track in order.
// After a loss it keeps back what cannot be decoded until a key frame comes.
type assembler struct {
	media   uint8 // the track
	clock   clock
	parts   [][]byte // of the frame being put together; nil: none
	size    int
	ts      uint32
	mark    []byte
	seen    bool   // a frame was handed out
	keyless bool   // pictures are missing: only a key frame helps
	bad     uint64 // frames lost, broken or undecodable
}

func newAssembler(media uint8) *assembler {
	return &assembler{media: media, clock: clock{rate: videoRate}, keyless: true}
}

// add takes the next packet, before which lost others were given up.
func (a *assembler) add(p packet, lost int) (f Frame, ok bool) {
	if lost > 0 {
		a.gap()
	}
	var head codecs.VP8Packet
	payload, err := head.Unmarshal(p.payload)
	if err != nil {
		a.gap()
		return Frame{}, false
	}
	if head.S == 1 && head.PID == 0 {
		if a.parts != nil { // its last packet never came
			a.gap()
		}
		a.parts, a.size, a.ts, a.mark = [][]byte{}, 0, p.ts, p.mark
	}
	if a.parts == nil {
		return Frame{}, false
	}
	a.size += len(payload)
	if p.ts != a.ts || a.size > MaxFrame {
		a.gap()
		return Frame{}, false
	}
	a.parts = append(a.parts, payload)
	if !p.end {
		return Frame{}, false
	}
	return a.whole()
}

// gap drops the frame being put together.
func (a *assembler) gap() {
	a.parts, a.keyless = nil, true
	a.bad++
}

func (a *assembler) whole() (Frame, bool) {
	data := bytes.Join(a.parts, nil)
	a.parts = nil
	if len(data) == 0 {
		a.bad++
		return Frame{}, false
	}
	f := Frame{Stream: Video, Key: data[0]&1 == 0, Data: data}
	if a.media == screenTrack {
		f.Stream = Screen
	}
	if s, key, at, ok := readMark(a.mark, a.media); ok {
		f.Stream, f.Key, f.At = s, key, at
		a.clock.mark(a.ts, at)
	} else {
		f.At = a.clock.time(a.ts)
	}
	if a.keyless && !f.Key {
		if a.seen {
			a.bad++
		}
		return Frame{}, false
	}
	a.keyless, a.seen = false, true
	return f, true
}
