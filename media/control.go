package media

import (
	"encoding/binary"

	"github.com/pion/rtcp"
)

// control is what a participant and its forwarder say to each other (rule C37).
type control struct {
	routes bool // the sender sends through who gets this
	wants  byte // streams that somebody takes; bit: 1 << Stream
	audio  int  // bits/s that the sound should have; 0: not said
	down   int  // kbit/s that arrived lately at the sender of this
	keys   []wish
	sight  sight // how large the sender shows the others
}

const (
	controlName    = "PRVS"
	controlVersion = 1
	controlHead    = 9
	controlWish    = len(tag{}) + 1
	maxWishes      = 64 // of each kind
	maxControl     = controlHead + 2*maxWishes*controlWish
	showsLarge     = Stream(0) // in place of a stream: not a key frame is wished, but all there is to see

	controlRoutes = 1
	controlSmall  = 2
)

func (c *control) encode() []byte {
	keys := c.keys[:min(len(c.keys), maxWishes)]
	raw := make([]byte, 0, controlHead+len(keys)*controlWish)
	flags := byte(0)
	if c.routes {
		flags |= controlRoutes
	}
	if c.sight.small {
		flags |= controlSmall
	}
	raw = append(raw, controlVersion, flags, c.wants)
	raw = binary.BigEndian.AppendUint16(raw, uint16(min(max(c.audio/1000, 0), 0xffff)))
	raw = binary.BigEndian.AppendUint32(raw, uint32(min(max(c.down, 0), estimateMost/1000)))
	for _, k := range keys {
		raw = append(append(raw, k.tag[:]...), byte(k.stream))
	}
	for _, t := range c.sight.large[:min(len(c.sight.large), maxWishes)] {
		raw = append(append(raw, t[:]...), byte(showsLarge))
	}
	return raw
}

// decodeControl is false for anything else. What follows a later version's fields is not
// looked at.
func decodeControl(raw []byte) (c control, ok bool) {
	if len(raw) < controlHead || raw[0] != controlVersion || (len(raw)-controlHead)%controlWish != 0 || len(raw) > maxControl {
		return control{}, false
	}
	c = control{
		routes: raw[1]&controlRoutes != 0, wants: raw[2], audio: 1000 * int(binary.BigEndian.Uint16(raw[3:])),
		down:  int(min(binary.BigEndian.Uint32(raw[5:]), estimateMost/1000)),
		sight: sight{small: raw[1]&controlSmall != 0},
	}
	for rest := raw[controlHead:]; len(rest) > 0; rest = rest[controlWish:] {
		k := wish{tag(rest), Stream(rest[len(tag{})])}
		switch {
		case k.stream == showsLarge:
			c.sight.large = append(c.sight.large, k.tag)
		case k.stream < Video || k.stream > Screen:
			return control{}, false
		default:
			c.keys = append(c.keys, k)
		}
		if len(c.keys) > maxWishes || len(c.sight.large) > maxWishes {
			return control{}, false
		}
	}
	return c, true
}

// readControl finds a message among what RTCP brought.
func readControl(p rtcp.Packet) (control, bool) {
	app, ok := p.(*rtcp.ApplicationDefined)
	if !ok || app.Name != controlName {
		return control{}, false
	}
	return decodeControl(app.Data)
}

// say sends a message to the other side. It is lost where nothing was agreed yet.
func (c *conn) say(m control) {
	if ssrc := c.in.ssrcOf(audioTrack); ssrc != 0 {
		_ = c.pc.WriteRTCP([]rtcp.Packet{&rtcp.ApplicationDefined{SSRC: ssrc, Name: controlName, Data: m.encode()}})
	}
}
