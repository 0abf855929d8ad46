package media

import (
	"slices"
	"time"
)

// How long the receiving side waits for a packet, and how often it asks.
const (
	reorder  = 10 * time.Millisecond // a packet this late was only overtaken
	askMax   = 8
	askLeast = 40 * time.Millisecond
	jump     = 3000 // a distance of sequence numbers that no repair bridges
	gapsMost = 64   // with more, the line is flooded: repairs would flood it more
)

// packet is one RTP packet of a track.
type packet struct {
	ts      uint32
	end     bool   // marker bit: the frame's last packet
	mark    []byte // our header extension, if there
	payload []byte
	piece   *piece // nil: a packet of its own
}

// order puts the packets of one track into the order they were sent in, waits a
// bounded time for missing ones, asks for them, and counts what never came.
// It has no clock of its own.
type order struct {
	limit    int // packets held at most
	started  bool
	next     int64 // to be handed out
	top      int64 // highest that arrived
	held     map[int64]packet
	gaps     map[int64]*gap
	arrived  uint64 // packets of the wire that were new
	missed   uint64 // sequence numbers that a later packet overtook
	repaired uint64 // of them, those that arrived in time
	lost     uint64 // given up
	jumped   int    // given up at once, not yet told by pop
}

type gap struct {
	since time.Time
	asked time.Time
	times int
}

func newOrder(limit int) *order {
	return &order{limit: limit, held: map[int64]packet{}, gaps: map[int64]*gap{}}
}

// push takes a packet that arrived. Duplicates and packets that were given up
// do not count as arrived.
func (o *order) push(seq uint16, p packet, now time.Time) {
	if !o.started {
		o.started, o.next, o.top = true, int64(seq), int64(seq)-1
	}
	at := o.top + int64(int16(seq-uint16(o.top)))
	switch {
	case at > o.top+jump:
		o.restart(at)
	case at < o.next:
		return
	case at <= o.top:
		if _, twice := o.held[at]; twice {
			return
		}
		o.repaired++
		delete(o.gaps, at)
	}
	o.arrived++
	for missing := o.top + 1; missing < at; missing++ {
		o.gaps[missing] = &gap{since: now}
		o.missed++
	}
	o.top = max(o.top, at)
	o.held[at] = p
}

// restart gives up everything before a sequence number.
func (o *order) restart(at int64) {
	o.lost += uint64(at - o.next)
	o.jumped += int(at - o.next)
	o.missed += uint64(at - o.top - 1)
	clear(o.held)
	clear(o.gaps)
	o.next, o.top = at, at-1
}

// pop returns the next packet in order, and how many before it were given up.
// A packet is given up when it is missing for longer than wait, when more than
// the limit are held because of it, or when too many are missing.
func (o *order) pop(now time.Time, wait time.Duration) (p packet, lost int, ok bool) {
	lost, o.jumped = o.jumped, 0
	for o.started && o.next <= o.top {
		if p, ok = o.held[o.next]; ok {
			delete(o.held, o.next)
			o.next++
			return p, lost, true
		}
		g := o.gaps[o.next]
		if g != nil && now.Sub(g.since) < wait && len(o.held) <= o.limit && len(o.gaps) <= gapsMost {
			break
		}
		delete(o.gaps, o.next)
		o.next++
		o.lost++
		lost++
	}
	return packet{}, lost, false
}

// asks returns the sequence numbers to ask for again now: after a moment in
// which they may only have been overtaken, then once per round trip.
func (o *order) asks(now time.Time, rtt time.Duration) []uint16 {
	var ask []int64
	again := max(rtt+rtt/4, askLeast)
	for seq, g := range o.gaps {
		if g.times == askMax || g.times == 0 && now.Sub(g.since) < reorder || g.times > 0 && now.Sub(g.asked) < again {
			continue
		}
		g.asked = now
		g.times++
		ask = append(ask, seq)
	}
	slices.Sort(ask)
	numbers := make([]uint16, len(ask))
	for i, seq := range ask {
		numbers[i] = uint16(seq)
	}
	return numbers
}

// waiting tells whether time alone can change something.
func (o *order) waiting() bool { return len(o.gaps) > 0 }
