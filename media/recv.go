package media

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/rtcp"
	"github.com/pion/rtp"
)

// Times and bounds of the receiving side.
const (
	audioHeld   = 100  // packets
	videoHeld   = 2000 // two of the largest frames
	repairTick  = 10 * time.Millisecond
	pliEvery    = 500 * time.Millisecond
	silentAfter = time.Second // no key frame is asked of a track that sends nothing
	rttUnknown  = 100 * time.Millisecond
)

// audioWait and videoWait are how long a gap may hold up what comes after it:
// time for two repairs, as the first may be lost too.
func audioWait(rtt time.Duration) time.Duration {
	return min(max(2*rtt+100*time.Millisecond, 120*time.Millisecond), 600*time.Millisecond)
}

func videoWait(rtt time.Duration) time.Duration {
	return min(max(3*rtt+100*time.Millisecond, 200*time.Millisecond), time.Second)
}

// inbound is one track of a participant.
type inbound struct {
	track   uint8
	ssrc    uint32
	markID  uint8
	pieceID uint8
	order   *order
	video   *assembler // nil: audio
	clock   clock      // audio's
	seen    time.Time  // last packet
	pli     time.Time  // last request for a key frame
	missed  uint64     // of order, already counted
	bad     uint64     // of video, already counted
	lost    uint64     // of order, already counted
}

// receiver makes frames of what one participant sends, and asks for what is
// missing. Frames are handed out one at a time.
type receiver struct {
	count *counters
	take  func(Frame)
	piece func(piece, time.Time)
	send  func([]rtcp.Packet)
	rtt   atomic.Int64 // ns; 0: unknown
	wake  chan struct{}

	broke [3]atomic.Bool // tracks that cannot be decoded any more, as what plays them says

	mu sync.Mutex // held while a frame is handed out
	in [3]*inbound
}

func newReceiver(count *counters, take func(Frame), pieces func(piece, time.Time), send func([]rtcp.Packet)) *receiver {
	r := &receiver{count: count, take: take, piece: pieces, send: send, wake: make(chan struct{}, 1)}
	for i := range r.in {
		in := &inbound{track: uint8(i), order: newOrder(videoHeld), video: newAssembler(uint8(i))}
		if i == audioTrack {
			in.order, in.video, in.clock = newOrder(audioHeld), nil, clock{rate: audioRate}
		}
		r.in[i] = in
	}
	return r
}

// bind says how the packets of a track are recognised.
func (r *receiver) bind(track uint8, ssrc uint32, markID, pieceID uint8) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.in[track].ssrc, r.in[track].markID, r.in[track].pieceID = ssrc, markID, pieceID
}

// ssrcOf is by what the packets of a track are recognised; 0: not known.
func (r *receiver) ssrcOf(track uint8) uint32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.in[track].ssrc
}

// packet takes a packet that arrived.
func (r *receiver) packet(track uint8, raw *rtp.Packet, now time.Time) {
	one, ok := r.number(track, raw, now)
	if ok {
		r.piece(one, now) // it counts for its sender
	} else {
		r.count.bytesIn.Add(uint64(raw.Header.MarshalSize() + len(raw.Payload)))
	}
}

// number puts a packet into order, and hands out what is complete. Pieces are numbered
// by their senders and not held up here: only what is missing is noted.
func (r *receiver) number(track uint8, raw *rtp.Packet, now time.Time) (one piece, isPiece bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	in := r.in[track]
	p := packet{ts: raw.Timestamp, end: raw.Marker, payload: raw.Payload}
	if in.markID != 0 {
		p.mark = raw.GetExtension(in.markID)
	}
	if in.pieceID != 0 {
		if ext := raw.GetExtension(in.pieceID); ext != nil {
			if one, isPiece = readPiece(ext, p.mark, raw, track); !isPiece {
				r.count.refused.Add(1)
			}
			p = packet{piece: &one}
		}
	}
	if p.piece == nil {
		in.seen = now
	}
	before := in.order.arrived
	in.order.push(raw.SequenceNumber, p, now)
	r.count.arrived.Add(in.order.arrived - before)
	r.drain(in, now)
	if in.order.waiting() || in.video != nil && in.video.keyless && p.piece == nil {
		wake(r.wake)
	}
	return one, isPiece
}

// drain hands out what is complete.
func (r *receiver) drain(in *inbound, now time.Time) {
	rtt := time.Duration(r.rtt.Load())
	wait := videoWait(rtt)
	if in.video == nil {
		wait = audioWait(rtt)
	}
	for {
		p, lost, ok := in.order.pop(now, wait)
		if !ok {
			if lost > 0 && in.plain(now) {
				in.video.gap()
			}
			break
		}
		r.handOut(in, p, lost)
	}
	r.count.missed.Add(in.order.missed - in.missed)
	in.missed = in.order.missed
	if in.video == nil {
		if now.Sub(in.seen) < silentAfter {
			r.count.audioLost.Add(in.order.lost - in.lost)
		}
		in.lost = in.order.lost
		return
	}
	r.count.bad.Add(in.video.bad - in.bad)
	in.bad = in.video.bad
}

func (r *receiver) handOut(in *inbound, p packet, lost int) {
	if p.piece != nil && lost > 0 && in.plain(time.Now()) {
		in.video.gap()
	}
	if len(p.payload) == 0 { // padding, or a piece
		return
	}
	if in.video != nil {
		if f, whole := in.video.add(p, lost); whole {
			r.count.frames.Add(1)
			if in.track == videoTrack {
				r.count.layerIn.Store(uint32(f.Stream))
			}
			r.take(f)
		}
		return
	}
	f := Frame{Stream: Audio, Data: p.payload}
	if _, _, at, ok := readMark(p.mark, audioTrack); ok {
		f.At = at
		in.clock.mark(p.ts, at)
	} else {
		f.At = in.clock.time(p.ts)
	}
	r.count.audio.Add(1)
	r.take(f)
}

// plain tells whether pictures come that are not in pieces.
func (in *inbound) plain(now time.Time) bool {
	return in.video != nil && now.Sub(in.seen) < silentAfter
}

// broken says that a video track cannot be decoded any more. It may be called while a
// frame is handed out.
func (r *receiver) broken(track uint8) {
	r.broke[track].Store(true)
	wake(r.wake)
}

// run repairs until quit. It sleeps while nothing is missing.
func (r *receiver) run(quit <-chan struct{}) {
	timer := time.NewTimer(repairTick)
	defer timer.Stop()
	for {
		select {
		case <-quit:
			return
		case <-r.wake:
		}
		for again := true; again; {
			timer.Reset(repairTick)
			select {
			case <-quit:
				return
			case now := <-timer.C:
				again = r.repair(now)
			}
		}
	}
}

// repair asks for what is missing and gives up what is late. It says whether to
// come back.
func (r *receiver) repair(now time.Time) (again bool) {
	var ask []rtcp.Packet
	r.mu.Lock()
	rtt := time.Duration(r.rtt.Load())
	if rtt == 0 {
		rtt = rttUnknown
	}
	for _, in := range r.in {
		if numbers := in.order.asks(now, rtt); len(numbers) > 0 {
			ask = append(ask, &rtcp.TransportLayerNack{MediaSSRC: in.ssrc, Nacks: rtcp.NackPairsFromSequenceNumbers(numbers)})
		}
		r.drain(in, now)
		if in.video != nil && r.broke[in.track].Swap(false) {
			in.video.keyless = true
		}
		if in.video != nil && in.video.keyless && now.Sub(in.seen) < silentAfter {
			again = true
			if now.Sub(in.pli) >= pliEvery {
				in.pli = now
				ask = append(ask, &rtcp.PictureLossIndication{MediaSSRC: in.ssrc})
			}
		}
		again = again || in.order.waiting()
	}
	r.mu.Unlock()
	if len(ask) > 0 {
		r.send(ask)
	}
	return again
}
