package media

import (
	"errors"
	"math/rand"
	"testing"
	"time"

	"github.com/pion/rtcp"
)

// wire is a line for the estimator: a queue in front of a rate, losses, and
// noise.
type wire struct {
	carries int // bits/s
	loss    float64
	noise   time.Duration // on half of the packets
	free    time.Time
	dice    *rand.Rand
}

// run sends at a rate for some seconds and reports every 100 ms, as the other
// side does. It calls after each report.
func (w *wire) run(e *estimator, from time.Time, seconds float64, rate int, after func(now time.Time)) {
	const size = 500
	var acks []ack
	gap := time.Duration(size * 8 * float64(time.Second) / float64(rate))
	report := from.Add(100 * time.Millisecond)
	for at := from; at.Sub(from).Seconds() < seconds; at = at.Add(gap) {
		for !at.Before(report) {
			e.feedback(acks, report)
			after(report)
			acks, report = nil, report.Add(100*time.Millisecond)
		}
		if w.free.Before(at) {
			w.free = at
		}
		if w.dice.Float64() < w.loss || w.free.Sub(at) > 300*time.Millisecond {
			acks = append(acks, ack{sent: at, lost: true, size: size})
			continue
		}
		w.free = w.free.Add(time.Duration(size * 8 * float64(time.Second) / float64(w.carries)))
		arrived := w.free.Add(50 * time.Millisecond)
		if w.noise > 0 && w.dice.Intn(2) == 0 {
			arrived = arrived.Add(time.Duration(w.dice.Int63n(int64(w.noise))))
		}
		acks = append(acks, ack{sent: at, arrived: arrived.Sub(start) + time.Hour, size: size})
	}
}

func TestC28TheEstimateFollowsTheLine(t *testing.T) {
	tests := []struct {
		name        string
		wire        wire
		rate        int
		seconds     float64
		least, most float64
		over        bool // at some time
	}{
		{"too much for the line", wire{carries: 300_000}, 640_000, 2, 200_000, 300_000, true},
		{"too much for a fast line", wire{carries: 2_000_000}, 4_000_000, 3, 1_400_000, 2_000_000, true},
		{"as much as is sent is proven", wire{carries: 10_000_000}, 1_000_000, 3, 950_000, 3_000_000, false},
		{"sound alone allows to hope for the small layer", wire{carries: 10_000_000}, 48_000, 10, 390_000, 410_000, false},
		{"5 % of loss are no queue", wire{carries: 10_000_000, loss: 0.05}, 150_000, 10, 500_000, 700_000, false},
		{"late packets are no queue", wire{carries: 10_000_000, noise: 120 * time.Millisecond}, 150_000, 10, 400_000, 700_000, false},
		{"heavy loss", wire{carries: 10_000_000, loss: 0.3}, 300_000, 10, 80_000, 260_000, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			e, over := newEstimator(), false
			test.wire.dice = rand.New(rand.NewSource(1))
			test.wire.run(e, start, 1, 100_000, func(time.Time) {}) // the line without a queue
			test.wire.run(e, start.Add(time.Second), test.seconds, test.rate, func(time.Time) { over = over || e.over })
			if e.bits < test.least || e.bits > test.most || over != test.over {
				t.Errorf("estimate %.0f (over: %v), want %.0f to %.0f (%v)", e.bits, over, test.least, test.most, test.over)
			}
		})
	}
}

func TestC28AReportThatContradictsItselfIsHarmless(t *testing.T) {
	d := newDepartures()
	for n := range uint16(100) {
		if number := d.left(100, after(int(n))); number != n {
			t.Fatalf("packet %d has number %d", n, number)
		}
	}
	fb := &rtcp.TransportLayerCC{PacketStatusCount: 65535, PacketChunks: []rtcp.PacketStatusChunk{
		&rtcp.RunLengthChunk{PacketStatusSymbol: rtcp.TypeTCCPacketReceivedSmallDelta, RunLength: 65535},
	}, RecvDeltas: []*rtcp.RecvDelta{{Delta: 250}, {Delta: 250}}}
	if all, missing := d.report(fb, after(200)); all != 2 || missing != 0 {
		t.Errorf("counted %d, %d missing; want the two that it says arrived", all, missing)
	}
	before := d.estimator.bits
	d.report(fb, after(300)) // again: nothing new
	if d.estimator.bits != before {
		t.Error("a report counted twice")
	}
}

func TestC27ArrivalsAreToldOnce(t *testing.T) {
	a := newArrivals()
	for n := range uint16(20) {
		if n%5 != 3 {
			a.note(7, n, time.Duration(n)*time.Millisecond)
		}
	}
	list := a.report()
	if len(list) != 1 {
		t.Fatalf("%d reports, want one", len(list))
	}
	number := uint16(0)
	eachStatus(list[0].(*rtcp.TransportLayerCC), func(received bool, _ time.Duration) {
		if received != (number%5 != 3) {
			t.Errorf("packet %d: received %v", number, received)
		}
		number++
	})
	if number != 20 {
		t.Errorf("told of %d packets, want 20", number)
	}
	if again := a.report(); len(again) != 0 {
		t.Errorf("%d reports of nothing", len(again))
	}
	if err := errors.Join(a.Close(), a.Close()); err != nil {
		t.Error(err)
	}
}
