package media

import (
	"runtime"
	"sync"
	"time"
)

// Bounds of what waits to be sent to one participant.
const (
	audioQueue  = 50                     // frames: 1 s
	videoQueue  = 2 * time.Second        // at the pace of the line
	screenQueue = 3 * time.Second        // its key frames are large
	paceLeast   = 100_000                // bits/s
	burst       = 10 * time.Millisecond  // of the pace, at once
	slowLeast   = 2 * time.Second        // between key frames of a slow screen
	slowMost    = 15 * time.Second       //
	slowShare   = 0.3                    // of the estimate for a slow screen
	repeatMost  = 100                    // packets that wait to be repeated, of one track
	shortWait   = 500 * time.Microsecond // least sleep of the pacer
)

// sender sends the frames of one participant: sound at once, pictures at the
// pace that the line carries, so that sound never waits behind them.
type sender struct {
	tracks  [3]*outTrack
	count   *counters
	needKey func(Stream)
	wake    chan struct{}
	box     *outbox

	mu        sync.Mutex
	open      bool        // media may flow; guarded by mu
	audio     []Frame     // guarded by mu
	repeats   []outPacket // of sound; guarded by mu
	lanes     [2]lane     // video, screen; guarded by mu
	pace      float64     // bytes/s; guarded by mu
	tokens    float64     // bytes that may go now; guarded by mu
	refilled  time.Time   // guarded by mu
	screenKey int         // bytes of the last key frame of the screen; guarded by mu
	carried   relay       // guarded by mu
}

// lane is one track of pictures on its way out.
type lane struct {
	gate   gate
	frames []Frame
	rest   []outPacket // of the frame being sent, after those to be repeated
	bytes  int         // of both
}

// clear drops the frames that wait. The one being sent goes on: its packets are
// numbered, and gaps would be asked for.
func (l *lane) clear() {
	for _, dropped := range l.frames {
		l.bytes -= len(dropped.Data)
	}
	l.frames = nil
}

func newSender(count *counters, needKey func(Stream), bound func()) *sender {
	s := &sender{count: count, needKey: needKey, wake: make(chan struct{}, 1), box: newOutbox(), pace: paceLeast / 8}
	for i := range s.tracks {
		s.tracks[i] = newOutTrack(uint8(i), bound)
	}
	s.lanes[1].gate.set(Screen, false)
	s.carried.lanes = map[laneKey]*relayLane{}
	return s
}

// start lets media flow once all tracks can be sent, and says whether they can.
// Before, frames are dropped.
func (s *sender) start() bool {
	for _, t := range s.tracks {
		if !t.ready() {
			return false
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = true
	return true
}

// push takes a frame if this participant is to get it. It never blocks.
func (s *sender) push(f Frame, now time.Time) {
	s.mu.Lock()
	taken, ask := s.take(f, now)
	s.mu.Unlock()
	if ask != 0 {
		s.needKey(ask)
	}
	if taken {
		wake(s.wake)
	}
}

func (s *sender) take(f Frame, now time.Time) (taken bool, ask Stream) {
	if !s.open {
		return false, 0
	}
	if f.Stream == Audio {
		s.audio = append(s.audio, f)
		if len(s.audio) > audioQueue {
			s.audio = s.audio[1:]
		}
		return true, 0
	}
	l, most := &s.lanes[trackOf(f.Stream)-1], videoQueue
	if f.Stream == Screen {
		most = screenQueue
		if f.Key {
			s.screenKey = len(f.Data)
		}
	}
	if !l.gate.pass(f, now) {
		if missing := l.gate.missing(now); missing == f.Stream {
			ask = missing
		}
		return false, ask
	}
	if len(l.frames) > 0 && s.delay(l) > most {
		l.clear()
		if !f.Key {
			l.gate.broken()
			return false, l.gate.missing(now)
		}
	}
	l.frames = append(l.frames, f)
	l.bytes += len(f.Data)
	return true, 0
}

// delay is how long what waits in a lane takes to send.
func (s *sender) delay(l *lane) time.Duration {
	return time.Duration(float64(l.bytes) / s.pace * float64(time.Second))
}

// backlog is the delay that says the line is too slow for what is chosen.
func (s *sender) backlog() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	waits := max(s.delay(&s.lanes[0]), time.Duration(float64(s.carried.bytes)/s.pace*float64(time.Second)))
	if s.lanes[1].gate.slow == 0 {
		waits = max(waits, s.delay(&s.lanes[1])/3)
	}
	return waits
}

// choose sets what is sent from now on, and at how many bits/s it leaves. offered tells which streams exist: a
// key frame of one that does not is never asked for.
func (s *sender) choose(c choice, urgent bool, in line, pace float64, now time.Time) {
	s.mu.Lock()
	s.pace = max(pace, paceLeast) / 8
	s.lanes[0].gate.set(c.Video, urgent)
	if s.lanes[0].gate.now == 0 {
		s.lanes[0].clear()
	}
	slow := time.Duration(0)
	if c.SlowScreen {
		slow = time.Duration(float64(8*s.screenKey) / (slowShare * float64(max(in.Estimate, 1))) * float64(time.Second))
		slow = min(max(slow, slowLeast), slowMost)
	}
	s.lanes[1].gate.pace(slow)
	s.carried.both, s.carried.sight = in.Both, in.Sight
	s.carried.choose(c, urgent, slow, now)
	var ask []Stream
	for i := range s.lanes {
		if missing := s.lanes[i].gate.missing(now); missing != 0 && in.Offered[missing] > 0 && !in.Sealed {
			ask = append(ask, missing)
		}
	}
	s.mu.Unlock()
	for _, stream := range ask {
		s.needKey(stream)
	}
}

// again is asked for by the other side: single packets. Those of pictures go at
// the pace of the line like all others; of a picture that is no longer being
// sent, they would come for nothing.
func (s *sender) again(track uint8, numbers []uint16, now time.Time, rtt time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var packets []outPacket
	for _, seq := range numbers {
		p, ok := s.tracks[track].old(seq, now, rtt)
		switch {
		case !ok:
		case p.carried && track != audioTrack:
			if len(s.carried.again) < repeatMost {
				s.carried.again = append(s.carried.again, p)
				s.carried.bytes += p.size()
			}
		case len(packets) < repeatMost:
			packets = append(packets, p)
		}
	}
	if track == audioTrack {
		s.repeats = append(s.repeats, packets[:min(len(packets), repeatMost-len(s.repeats))]...)
	} else if l := &s.lanes[track-1]; l.gate.now != 0 || l.gate.slow > 0 {
		packets = packets[:max(0, min(len(packets), repeatMost-len(l.rest)))]
		for _, p := range packets {
			l.bytes += p.size()
		}
		l.rest = append(packets, l.rest...)
	}
	wake(s.wake)
}

// repeat is asked for by the other side: a key frame of what a track carries.
func (s *sender) repeat(track uint8) {
	if track == audioTrack {
		return
	}
	s.mu.Lock()
	now := s.lanes[track-1].gate.now
	s.mu.Unlock()
	if now != 0 {
		s.needKey(now)
	}
}

// anew lets pictures go on only from a key frame: some were sent another way.
func (s *sender) anew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.lanes {
		s.lanes[i].gate.broken()
	}
}

// takesPieces tells whether the other side knows pieces.
func (s *sender) takesPieces() bool { return s.tracks[audioTrack].takesPieces() }

// layer is what is sent of a camera: of that of this device, or of one carried on.
func (s *sender) layer(of tag) Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.carried.layer(of, time.Now()); now != 0 {
		return now
	}
	return s.lanes[0].gate.now
}

// run sends until quit.
func (s *sender) run(quit <-chan struct{}) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		track, packets, pause := s.due(time.Now())
		if len(packets) > 0 {
			s.box.hold()
		}
		for i := range packets {
			s.tracks[track].write(&packets[i])
			s.count.bytesOut.Add(uint64(packets[i].size()))
		}
		if len(packets) > 0 {
			continue
		}
		s.box.flush()
		var late <-chan time.Time
		if pause > 0 {
			timer.Reset(pause)
			late = timer.C
		}
		select {
		case <-quit:
			return
		case <-s.wake:
			if s.carries() {
				runtime.Gosched() // what others have for this turn, they bring now
			}
		case <-late:
		}
	}
}

// due takes out what may be sent now, or says how long to wait; 0: until something comes.
func (s *sender) due(now time.Time) (track int, packets []outPacket, pause time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.repeats) > 0 {
		packets, s.repeats = s.repeats, nil
		return audioTrack, packets, 0
	}
	if len(s.carried.sound) > 0 {
		if packets = s.dueSound(); len(packets) > 0 {
			return audioTrack, packets, 0
		}
	}
	for len(s.audio) > 0 {
		f := s.audio[0]
		s.audio = s.audio[1:]
		if packets = s.tracks[audioTrack].packets(f); len(packets) > 0 {
			return audioTrack, packets, 0
		}
	}
	s.tokens = min(s.tokens+s.pace*now.Sub(s.refilled).Seconds(), max(s.pace*burst.Seconds(), 2*maxPayload))
	s.refilled = now
	for i := range s.lanes {
		l := &s.lanes[i]
		for len(l.rest) == 0 && len(l.frames) > 0 {
			l.bytes -= len(l.frames[0].Data)
			l.rest = s.tracks[i+1].packets(l.frames[0])
			l.frames = l.frames[1:]
			for j := range l.rest {
				l.bytes += l.rest[j].size()
			}
		}
		if len(l.rest) == 0 {
			continue
		}
		if s.tokens <= 0 {
			return 0, nil, s.untilTokens()
		}
		packets, l.rest = l.rest[:1], l.rest[1:]
		size := packets[0].size()
		s.tokens -= float64(size)
		l.bytes -= size
		return i + 1, packets, 0
	}
	if len(s.carried.pictures)+len(s.carried.again) == 0 {
		return 0, nil, 0
	}
	if s.tokens > 0 {
		if track, packets = s.duePictures(); len(packets) > 0 {
			return track, packets, 0
		}
	}
	return 0, nil, s.untilTokens()
}

// untilTokens is how long until something may be sent. The caller holds mu.
func (s *sender) untilTokens() time.Duration {
	return max(time.Duration(-s.tokens/s.pace*float64(time.Second)), shortWait)
}

// wake stirs a goroutine that waits on a channel of one place.
func wake(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
