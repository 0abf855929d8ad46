package media

import (
	"encoding/binary"
	"sync"
	"time"

	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/sdp/v3"
)

// departures gives packets their transport-wide numbers and remembers when they left,
// until the other side reports about them. It stands next to the network among
// the interceptors of one connection.
type departures struct {
	interceptor.NoOp

	mu        sync.Mutex
	next      uint16          // number; guarded by mu
	sent      [4096]departure // guarded by mu
	latest    time.Time       // last packet that left; guarded by mu
	waiting   time.Time       // first packet that left after the last report; guarded by mu
	estimator *estimator      // guarded by mu
	acks      []ack           // of the last report, to be used again; guarded by mu
}

type departure struct {
	number uint16
	at     time.Time // zero: none, or already reported
	size   int
}

func newDepartures() *departures { return &departures{estimator: newEstimator()} }

// NewInterceptor makes it a factory of itself: it serves one connection.
func (d *departures) NewInterceptor(string) (interceptor.Interceptor, error) { return d, nil }

// BindLocalStream is called by the library for each track of ours.
func (d *departures) BindLocalStream(info *interceptor.StreamInfo, next interceptor.RTPWriter) interceptor.RTPWriter {
	id := transportID(info)
	if id == 0 {
		return next
	}
	return interceptor.RTPWriterFunc(func(h *rtp.Header, payload []byte, a interceptor.Attributes) (int, error) {
		number := h.GetExtension(id) // there already when a packet is repeated
		if number == nil {
			number = make([]byte, transportSize)
			if err := h.SetExtension(id, number); err != nil {
				return 0, err
			}
		}
		binary.BigEndian.PutUint16(number, d.left(h.MarshalSize()+len(payload), time.Now()))
		return next.Write(h, payload, a)
	})
}

// transportSize is the size of a transport-wide number.
const transportSize = 2

// transportID is the header extension of that number; 0: it was not agreed.
func transportID(info *interceptor.StreamInfo) uint8 {
	for _, e := range info.RTPHeaderExtensions {
		if e.URI == sdp.TransportCCURI {
			return uint8(e.ID)
		}
	}
	return 0
}

// left says which number a packet gets that leaves now.
func (d *departures) left(size int, now time.Time) (number uint16) {
	d.mu.Lock()
	defer d.mu.Unlock()
	number = d.next
	d.next++
	d.sent[int(number)%len(d.sent)] = departure{number, now, size}
	d.latest = now
	if d.waiting.IsZero() {
		d.waiting = now
	}
	return number
}

// report takes what the other side says, and returns how many packets it is
// about and how many of them are missing.
func (d *departures) report(fb *rtcp.TransportLayerCC, now time.Time) (all, missing uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = time.Time{}
	acks := d.acks[:0]
	number := fb.BaseSequenceNumber
	eachStatus(fb, func(received bool, arrived time.Duration) {
		all++
		if !received {
			missing++
		}
		at := &d.sent[int(number)%len(d.sent)]
		if at.number == number && !at.at.IsZero() {
			acks = append(acks, ack{sent: at.at, arrived: arrived, lost: !received, size: at.size})
			at.at = time.Time{}
		}
		number++
	})
	if d.acks = acks; len(acks) > 0 {
		d.estimator.feedback(acks, now)
	}
	return all, missing
}

// seed lets the estimate begin at what the line carried lately, as another connection
// over it showed. It has no effect on one that is known to carry less.
func (d *departures) seed(bits float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.estimator; !e.over && e.cut.IsZero() {
		e.bits = max(e.bits, min(bits, estimateMost))
	}
}

// silence is how long packets may leave without a report: a line that is flooded
// in both directions loses the reports too.
const silence = 500 * time.Millisecond

// look is the estimate, how long packets wait in the line, and whether more is
// sent than it carries.
func (d *departures) look(now time.Time) (bits int, queue time.Duration, over bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	silent := !d.waiting.IsZero() && d.latest.Sub(d.waiting) > silence && now.Sub(d.latest) < silence
	return int(d.estimator.bits), d.estimator.queue(), d.estimator.over || silent
}

// eachStatus goes through the packets of a report. A report that contradicts
// itself ends early.
func eachStatus(fb *rtcp.TransportLayerCC, do func(received bool, arrived time.Duration)) {
	left, deltas := int(fb.PacketStatusCount), fb.RecvDeltas
	arrived := time.Duration(fb.ReferenceTime) * 64 * time.Millisecond
	one := func(symbol uint16) {
		if left == 0 {
			return
		}
		left--
		if symbol == rtcp.TypeTCCPacketNotReceived {
			do(false, 0)
			return
		}
		if len(deltas) == 0 {
			left = 0
			return
		}
		arrived += time.Duration(deltas[0].Delta) * time.Microsecond
		deltas = deltas[1:]
		do(true, arrived)
	}
	for _, chunk := range fb.PacketChunks {
		switch c := chunk.(type) {
		case *rtcp.RunLengthChunk:
			for range c.RunLength {
				one(c.PacketStatusSymbol)
			}
		case *rtcp.StatusVectorChunk:
			for _, symbol := range c.SymbolList {
				one(symbol)
			}
		}
	}
}
