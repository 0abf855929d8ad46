package media

import (
	"errors"
	"sync"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	"github.com/pion/webrtc/v4"
)

// maxPayload keeps a packet with its headers and the SRTP tag below the 1280
// bytes that every IPv6 path carries.
const maxPayload = 1130

// outTrack cuts the frames of one track of one participant into packets. It is
// what the library calls a local track.
type outTrack struct {
	media uint8
	bound func() // called when the library can send

	mu      sync.Mutex
	stream  webrtc.TrackLocalWriter // nil: not negotiated; guarded by mu
	base    rtp.Header              // what all packets share; guarded by mu
	markID  uint8                   // 0: the other side does not know marks; guarded by mu
	pieceID uint8                   // the same, of pieces; guarded by mu
	vp8     codecs.VP8Payloader     // guarded by mu
	seq     uint16                  // guarded by mu
	written int                     // frames; guarded by mu
	sent    []outPacket             // the last ones, by sequence number; guarded by mu
}

// How many packets can be repeated: 5 s of sound, or 2 s of ten people's; several large
// pictures.
const (
	audioSent = 1024
	videoSent = 1024
)

func newOutTrack(media uint8, bound func()) *outTrack {
	size := videoSent
	if media == audioTrack {
		size = audioSent
	}
	return &outTrack{media: media, bound: bound, vp8: codecs.VP8Payloader{EnablePictureID: true}, sent: make([]outPacket, size)}
}

var errNoCodec = errors.New("no codec in common")

// Bind is called by the library once the codecs are agreed.
func (t *outTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	agreed := c.CodecParameters()
	if len(agreed) == 0 {
		return webrtc.RTPCodecParameters{}, errNoCodec
	}
	defer t.bound() // runs without the lock
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stream = c.WriteStream()
	t.base = rtp.Header{Version: 2, PayloadType: uint8(agreed[0].PayloadType), SSRC: uint32(c.SSRC())}
	t.markID, t.pieceID = extensionIn(c.HeaderExtensions(), markURI), extensionIn(c.HeaderExtensions(), pieceURI)
	return agreed[0], nil
}

// Unbind is called by the library when the track ends.
func (t *outTrack) Unbind(webrtc.TrackLocalContext) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stream = nil
	return nil
}

// ready tells whether packets can go out. The library says that a connection
// is up a moment before.
func (t *outTrack) ready() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.stream != nil
}

// ID names the track inside its connection.
func (t *outTrack) ID() string { return [...]string{"audio", "video", "screen"}[t.media] }

// RID is empty: layers are chosen here, not by the receiver.
func (t *outTrack) RID() string { return "" }

// StreamID groups the tracks of a participant.
func (t *outTrack) StreamID() string { return "parvis" }

// Kind is the library's word for the track.
func (t *outTrack) Kind() webrtc.RTPCodecType {
	if t.media == audioTrack {
		return webrtc.RTPCodecTypeAudio
	}
	return webrtc.RTPCodecTypeVideo
}

// extensionIn is the number under which a header extension was agreed; 0: it was not.
func extensionIn(extensions []webrtc.RTPHeaderExtensionParameter, uri string) uint8 {
	for _, e := range extensions {
		if e.URI == uri {
			return uint8(e.ID)
		}
	}
	return 0
}

// outPacket is a packet ready to be encrypted. A repeated one shares its header
// with the first: both are written by the sender's goroutine.
type outPacket struct {
	header  *rtp.Header
	payload []byte
	again   time.Time // last repeated
	track   uint8
	carried bool // a piece
}

func (p *outPacket) size() int { return p.header.MarshalSize() + len(p.payload) }

// packets cuts a frame. Audio says its time in the first second and then once a
// second: its timestamps carry the rest.
func (t *outTrack) packets(f Frame) []outPacket {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stream == nil {
		return nil
	}
	payloads, rate, marked := [][]byte{f.Data}, uint32(audioRate), t.written < 50 || t.written%50 == 0
	if t.media != audioTrack {
		payloads, rate, marked = t.vp8.Payload(maxPayload, f.Data), videoRate, true
	}
	t.written++
	list := make([]outPacket, len(payloads))
	for i, payload := range payloads {
		h := t.base
		h.SequenceNumber, h.Timestamp = t.seq, rtpTime(f.At, rate)
		h.Marker = t.media != audioTrack && i == len(payloads)-1
		t.seq++
		if i == 0 && marked && t.markID != 0 {
			_ = h.SetExtension(t.markID, appendMark(f)) // 9 bytes under a negotiated id always fit
		}
		list[i] = outPacket{header: &h, payload: payload, track: t.media}
		t.sent[int(h.SequenceNumber)%len(t.sent)] = list[i]
	}
	return list
}

// wrap numbers a piece. It is false where the other side does not know pieces.
func (t *outTrack) wrap(p *piece) (out outPacket, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stream == nil || t.pieceID == 0 || t.markID == 0 {
		return outPacket{}, false
	}
	h := &struct {
		rtp.Header
		extensions [3]rtp.Extension // one more is the library's
	}{Header: t.base}
	h.Extensions = h.extensions[:0]
	h.SequenceNumber, h.Timestamp, h.Marker = t.seq, p.ts, p.last
	t.seq++
	_ = h.SetExtension(t.pieceID, p.head[:pieceSize]) // both fit, as in packets
	if p.first {
		_ = h.SetExtension(t.markID, p.head[pieceSize:])
	}
	out = outPacket{header: &h.Header, payload: p.data, track: t.media, carried: true}
	t.sent[int(h.SequenceNumber)%len(t.sent)] = out
	return out, true
}

// takesPieces tells whether the other side knows pieces.
func (t *outTrack) takesPieces() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.pieceID != 0
}

// old is a packet of before, if it is still there and was not repeated within a
// round trip.
func (t *outTrack) old(seq uint16, now time.Time, rtt time.Duration) (p outPacket, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := &t.sent[int(seq)%len(t.sent)]
	if at.header == nil || at.header.SequenceNumber != seq || now.Sub(at.again) < max(rtt, repairTick) {
		return outPacket{}, false
	}
	at.again = now
	return *at, true
}

// write sends a packet. Errors are the network's and mean a lost packet.
func (t *outTrack) write(p *outPacket) {
	t.mu.Lock()
	stream := t.stream
	t.mu.Unlock()
	if stream != nil {
		_, _ = stream.WriteRTP(p.header, p.payload)
	}
}
