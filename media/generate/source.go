package generate

import (
	"context"
	"sync/atomic"
	"time"
)

// The streams of a call, with the numbers they have everywhere.
const (
	Audio uint8 = 1
	Video uint8 = 2 // the large layer, 640×360
	Small uint8 = 3 // the small layer, 320×180
)

// Bit rates of the layers where none is asked for.
const (
	defaultLarge = 600 // kbit/s
	defaultSmall = 150
)

// maxRate bounds the padding: 20 Mbit/s.
const maxRate = 20000

// maxLate is how late a source may be and still send what it owes at once. After a
// longer halt, of a machine that slept, it goes on from now.
const maxLate = 300 * time.Millisecond

// Send takes a frame: its stream, whether it is decodable alone, and when it was made
// in µs of the source's clock, which begins with Run. data must not be changed; it may
// be kept.
type Send func(stream uint8, key bool, at uint64, data []byte)

// Config is what a [Source] sends.
type Config struct {
	// Name chooses colour and tone.
	Name string
	// Large and Small are the bit rates of the layers in kbit/s: 0 is the usual one,
	// below 0 the layer is not sent.
	Large, Small int
}

// Source sends one participant's generated picture and tone.
type Source struct {
	picture picture
	large   *layer // nil when it is not sent
	small   *layer
	tone    [][]byte // a loop of packets, without any when silent
	asked   atomic.Uint64
}

// NewSource prepares a source. With a codec it has a tone, which takes some tenths of a
// second now and nothing later: the codec may be closed. Without one it is silent.
func NewSource(codec *Codec, config Config) (*Source, error) {
	s := &Source{picture: newPicture(config.Name)}
	if config.Large >= 0 {
		s.large = newLayer(2, rate(config.Large, defaultLarge))
	}
	if config.Small >= 0 {
		s.small = newLayer(1, rate(config.Small, defaultSmall))
	}
	if codec == nil {
		return s, nil
	}
	var err error
	s.tone, err = codec.loop(ToneOf(config.Name))
	return s, err
}

func rate(asked, usual int) int {
	if asked == 0 {
		return usual
	}
	return min(asked, maxRate)
}

// Key asks for a key frame. All frames are key frames, so the next one is it, after
// 1/[FrameRate] s at most. Safe for concurrent use.
func (s *Source) Key(uint8) { s.asked.Add(1) }

// Asked is how often Key was called.
func (s *Source) Asked() uint64 { return s.asked.Load() }

// Run sends until ctx ends, from one goroutine. Each frame has its instant, counted
// from the beginning, so that nothing drifts; pictures of both layers have the same. It
// must run only once at a time.
func (s *Source) Run(ctx context.Context, send Send) {
	start := time.Now()
	origin := start // of the instants; later than start when the machine slept
	packets, pictures := 0, 0
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		now := time.Now()
		if late := now.Sub(origin.Add(earliest(packets, pictures))); late > maxLate {
			origin = origin.Add(late)
		}
		for ctx.Err() == nil {
			due := earliest(packets, pictures)
			instant := origin.Add(due)
			if instant.After(now) {
				break
			}
			at := uint64(instant.Sub(start) / time.Microsecond)
			if due == packetDue(packets) {
				s.sendPacket(send, at, packets)
				packets++
			} else {
				s.sendPicture(send, at, uint32(pictures))
				pictures++
			}
		}
		timer.Reset(time.Until(origin.Add(earliest(packets, pictures))))
	}
}

// packetDue and pictureDue are when the nth is sent, from the origin.
func packetDue(n int) time.Duration  { return time.Duration(n) * packetTime }
func pictureDue(n int) time.Duration { return time.Duration(n) * time.Second / FrameRate }

func earliest(packets, pictures int) time.Duration {
	return min(packetDue(packets), pictureDue(pictures))
}

func (s *Source) sendPacket(send Send, at uint64, n int) {
	if len(s.tone) > 0 {
		send(Audio, false, at, s.tone[n%len(s.tone)])
	}
}

func (s *Source) sendPicture(send Send, at uint64, counter uint32) {
	if s.large != nil {
		send(Video, true, at, s.large.frame(s.picture, counter))
	}
	if s.small != nil {
		send(Small, true, at, s.small.frame(s.picture, counter))
	}
}
