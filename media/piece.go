package media

import (
	"encoding/binary"

	"github.com/pion/rtp"

	"parvis/crdt/call"
)

// A piece is one packet of a frame that is sealed end to end (rule C33). Who carries it
// on knows what the header extension says and nothing else; its payload stays as it is.
type piece struct {
	tag   tag
	seq   uint16 // among the pieces of the sender's stream
	ts    uint32 // the same for all pieces of a frame
	about Frame  // its stream, and whether it is a key frame; of the first piece also its time
	first bool
	last  bool
	carry bool // on its way to the forwarder, who is to carry it on
	data  []byte
	head  []byte // what its packets say of it, made once for all of them
}

// tag stands for a participant in packets.
type tag [8]byte

const (
	pieceURI  = "urn:parvis:piece"
	pieceSize = 11

	pieceStream = 7
	pieceKey    = 8
	pieceFirst  = 16
	pieceCarry  = 32
)

const (
	sealOverhead  = call.FrameOverhead
	pieceOverhead = 12 + 4 + 16 // headers of a piece, about
)

// readPiece is false for packets that are none.
func readPiece(ext, mark []byte, raw *rtp.Packet, media uint8) (p piece, ok bool) {
	if len(ext) != pieceSize || len(raw.Payload) == 0 {
		return piece{}, false
	}
	flags := ext[8]
	p = piece{
		tag: tag(ext), seq: binary.BigEndian.Uint16(ext[9:]), ts: raw.Timestamp, first: flags&pieceFirst != 0, carry: flags&pieceCarry != 0, last: raw.Marker, data: raw.Payload,
		about: Frame{Stream: Stream(flags & pieceStream), Key: flags&pieceKey != 0},
	}
	if p.about.Stream < Audio || p.about.Stream > Screen || trackOf(p.about.Stream) != media {
		return piece{}, false
	}
	if p.first {
		s, key, at, marked := readMark(mark, media)
		if !marked || s != p.about.Stream || key != p.about.Key {
			return piece{}, false
		}
		p.about.At = at
	}
	return p, true
}

func (p *piece) extension() []byte {
	ext := make([]byte, pieceSize, pieceSize+markSize)
	copy(ext, p.tag[:])
	ext[8] = byte(p.about.Stream)
	if p.about.Key {
		ext[8] |= pieceKey
	}
	if p.first {
		ext[8] |= pieceFirst
	}
	if p.carry {
		ext[8] |= pieceCarry
	}
	binary.BigEndian.PutUint16(ext[9:], p.seq)
	return ext
}

// prepare makes what its packets say of it.
func (p *piece) prepare() {
	p.head = p.extension()
	if p.first {
		p.head = append(p.head, appendMark(p.about)...)
	}
}

func (p *piece) track() uint8 { return trackOf(p.about.Stream) }

// cutter cuts the sealed frames of this device into pieces.
type cutter struct {
	tag tag
	seq [Screen + 1]uint16
}

// cut seals a frame and cuts it; nil without a key. carry tells whether somebody is to
// carry it on.
func (c *cutter) cut(frames *call.Frames, f Frame, carry bool) []piece {
	sealed, err := frames.Seal(f.Data, appendMark(f))
	if err != nil {
		return nil
	}
	size, rate := maxPayload, uint32(videoRate)
	if f.Stream == Audio {
		size, rate = MaxAudio+sealOverhead, audioRate // one packet
	}
	about := Frame{Stream: f.Stream, Key: f.Key, At: f.At}
	list := make([]piece, 0, 1+len(sealed)/size)
	for rest := sealed; len(rest) > 0; {
		n := min(size, len(rest))
		list = append(list, piece{
			tag: c.tag, seq: c.seq[f.Stream], ts: rtpTime(f.At, rate), about: about, first: len(list) == 0, last: n == len(rest), carry: carry, data: rest[:n],
		})
		c.seq[f.Stream]++
		rest = rest[n:]
	}
	return list
}

// gatherer puts the pieces of one stream together and opens the frames. After a loss of
// pictures it holds back what cannot be decoded until a key frame comes.
type gatherer struct {
	parts   []byte
	open    bool // a frame is being put together
	ts      uint32
	about   Frame
	keyless bool
	seen    bool
	bad     uint64
	refused uint64 // did not open, or came again
}

// add takes the next piece, before which lost others were given up. open says what is in
// a sealed frame.
func (g *gatherer) add(p piece, lost int, open func(sealed, meta []byte) ([]byte, error)) (f Frame, ok bool) {
	if lost > 0 {
		g.gap()
	}
	if p.first {
		if g.open {
			g.gap()
		}
		g.parts, g.open, g.ts, g.about = nil, true, p.ts, p.about
	}
	if !g.open {
		return Frame{}, false
	}
	if p.ts != g.ts || len(g.parts)+len(p.data) > MaxFrame+sealOverhead {
		g.gap()
		return Frame{}, false
	}
	g.parts = append(g.parts, p.data...)
	if !p.last {
		return Frame{}, false
	}
	sealed := g.parts
	g.parts, g.open = nil, false
	if g.keyless && !g.about.Key {
		if g.seen {
			g.bad++
		}
		return Frame{}, false
	}
	data, err := open(sealed, appendMark(g.about))
	if err != nil || len(data) == 0 {
		g.refused++
		g.gap()
		return Frame{}, false
	}
	g.keyless, g.seen = false, true
	f = g.about
	f.Data = data
	return f, true
}

// gap drops the frame being put together, and those that need it.
func (g *gatherer) gap() {
	g.parts, g.open = nil, false
	if g.about.Stream != Audio {
		g.keyless = true
		g.bad++
	}
}
