package media

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	meterSlots = 10
	meterSlot  = 200 * time.Millisecond
	meterLong  = meterSlots * meterSlot
	meterShort = 800 * time.Millisecond // less is mostly the first key frame
)

// meter says how many bits/s each of the local encoders makes: the mean of the
// last 2 s, or of the shorter time since it began.
type meter struct {
	mu    sync.Mutex
	began [Screen + 1]time.Time       // first frame after 2 s without; guarded by mu
	last  [Screen + 1]time.Time       // last frame; guarded by mu
	bytes [meterSlots][Screen + 1]int // guarded by mu
	at    int64                       // slot being filled; guarded by mu
}

func (m *meter) add(s Stream, bytes int, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn(now)
	if now.Sub(m.last[s]) > meterLong {
		m.began[s] = now
	}
	m.last[s] = now
	m.bytes[m.at%meterSlots][s] += bytes
}

func (m *meter) rates(now time.Time) (bits [Screen + 1]float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.turn(now)
	for _, slot := range m.bytes {
		for s, n := range slot {
			length := min(max(now.Sub(m.began[s]), meterShort), meterLong)
			bits[s] += float64(8*n) / length.Seconds()
		}
	}
	return bits
}

// turn empties the slots between the one being filled and now's.
func (m *meter) turn(now time.Time) {
	slot := now.UnixNano() / int64(meterSlot)
	if slot-m.at > meterSlots {
		m.at = slot - meterSlots
	}
	for m.at < slot {
		m.at++
		m.bytes[m.at%meterSlots] = [Screen + 1]int{}
	}
}

// counters are what was seen of one participant, through all its connections.
type counters struct {
	frames, bad        atomic.Uint64 // video frames handed out, and lost or undecodable
	audio, audioLost   atomic.Uint64 // audio packets that arrived in time, and lost after repair
	bytesIn, bytesOut  atomic.Uint64
	arrived, missed    atomic.Uint64 // packets of the wire, and gaps before repair
	reported, notThere atomic.Uint64 // packets the other side reports about, and those it missed
	carried            atomic.Uint64 // pieces of others carried on to it
	refused            atomic.Uint64 // pieces and frames that do not belong, or came again
	layerIn            atomic.Uint32 // camera layer of the last frame
}
