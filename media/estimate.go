package media

import (
	"math"
	"time"
)

// The estimator says how many bits/s the line to a participant carries, from
// what the other side reports about each packet: when it arrived, or that it did
// not. A queue that grows shows in the delay before packets are lost. Single
// late packets are not a queue: only the least delay of a third of a second counts.
const (
	estimateFirst = 300_000 // where the small layer fits, so that a bad line is not flooded before it is known
	estimateLeast = 80_000  // sound alone says nothing below it; there losses decide
	estimateMost  = 20_000_000

	queueOver  = 80 * time.Millisecond // waits in the line: more is sent than it carries
	queueCalm  = 40 * time.Millisecond
	queueSpan  = 300 * time.Millisecond
	baseSpan   = 30 * time.Second // in which the line was once without a queue
	rateSpan   = 500 * time.Millisecond
	lossSpan   = 3 * time.Second
	cutEvery   = time.Second
	cutTo      = 0.85    // of what arrived, so that the queue empties
	growth     = 1.08    // each second
	growthMost = 4.0     // times what arrives
	growthFree = 400_000 // that much may be hoped for when little is sent
	calmFades  = 0.98    // each report, of which there are ten a second
	lossCut    = 0.12    // radio links lose less all the time
	lossCount  = 50      // packets that make a share meaningful
)

// ack is what became of a packet.
type ack struct {
	sent    time.Time
	arrived time.Duration // on the other side's clock
	lost    bool
	size    int
}

// estimator is fed with acks. It has no clock of its own.
type estimator struct {
	bits      float64
	delays    lowest // one-way, with both clocks' difference
	base      lowest
	delivered []delivery // of the last seconds
	last      time.Time  // feedback
	cut       time.Time  // last time the estimate was cut
	calm      float64    // bits/s that arrived lately without a queue: what the first cut leaves
	over      bool       // more is sent than the line carries
}

type delivery struct {
	at        time.Time
	bytes     int
	got, gone int
}

func newEstimator() *estimator {
	return &estimator{bits: estimateFirst, delays: lowest{span: queueSpan}, base: lowest{span: baseSpan}}
}

// feedback takes one report.
func (e *estimator) feedback(acks []ack, now time.Time) {
	d := delivery{at: now}
	for _, a := range acks {
		if a.lost {
			d.gone++
			continue
		}
		d.got++
		d.bytes += a.size
		delay := a.arrived - time.Duration(a.sent.UnixNano())
		e.delays.add(delay, now)
		e.base.add(delay, now)
	}
	e.delivered = append(e.delivered, d)
	for now.Sub(e.delivered[0].at) > lossSpan {
		e.delivered = e.delivered[1:]
	}
	rate, loss := e.rate(now)
	queue := e.queue()
	e.over = queue > queueOver || loss > lossCut
	switch {
	case now.Sub(e.cut) < cutEvery:
	case queue > queueOver && !e.delays.falling():
		e.bits = min(e.bits, max(cutTo*rate, e.calm))
		e.cut, e.calm, e.delivered = now, 0, e.delivered[:0]
	case loss > lossCut:
		e.bits = max(min(e.bits, cutTo*rate), e.bits*(1-loss/2))
		e.cut, e.delivered = now, e.delivered[:0]
	case !e.over && queue < queueCalm && !e.last.IsZero():
		most := max(growthMost*rate, growthFree)
		if e.bits < most {
			seconds := min(now.Sub(e.last).Seconds(), 1)
			e.bits = min(e.bits*math.Pow(growth, seconds), most)
		}
		e.bits = max(e.bits, rate)
		e.calm = max(e.calm*calmFades, rate)
	}
	e.bits = min(max(e.bits, estimateLeast), estimateMost)
	e.last = now
}

// queue is how long packets wait in the line now.
func (e *estimator) queue() time.Duration {
	now, ok := e.delays.least()
	base, _ := e.base.least()
	if !ok {
		return 0
	}
	return now - base
}

// rate is the bits/s that arrived lately, and the share of packets that did not.
func (e *estimator) rate(now time.Time) (bits, loss float64) {
	bytes, got, gone, from := 0, 0, 0, now.Add(-rateSpan)
	for _, d := range e.delivered {
		got += d.got
		gone += d.gone
		if now.Sub(d.at) < rateSpan {
			bytes += d.bytes
		} else {
			from = d.at
		}
	}
	if got+gone >= lossCount {
		loss = float64(gone) / float64(got+gone)
	}
	return 8 * float64(bytes) / now.Sub(from).Seconds(), loss
}

// lowest is the least value of a span of time, in ten parts.
type lowest struct {
	span  time.Duration
	parts []lowestPart
}

type lowestPart struct {
	from  time.Time
	value time.Duration
}

func (l *lowest) add(value time.Duration, now time.Time) {
	for len(l.parts) > 0 && now.Sub(l.parts[0].from) > l.span {
		l.parts = l.parts[1:]
	}
	if n := len(l.parts); n > 0 && now.Sub(l.parts[n-1].from) < l.span/10 {
		l.parts[n-1].value = min(l.parts[n-1].value, value)
		return
	}
	l.parts = append(l.parts, lowestPart{now, value})
}

// falling tells whether the later half of the span is lower than the earlier.
func (l *lowest) falling() bool {
	if len(l.parts) < 2 {
		return false
	}
	half := len(l.parts) / 2
	earlier, _ := (&lowest{parts: l.parts[:half]}).least()
	later, _ := (&lowest{parts: l.parts[half:]}).least()
	return later < earlier
}

func (l *lowest) least() (value time.Duration, ok bool) {
	for i, p := range l.parts {
		if i == 0 || p.value < value {
			value = p.value
		}
	}
	return value, len(l.parts) > 0
}
