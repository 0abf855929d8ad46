package media

import (
	"net/netip"
	"time"
)

// Stat is what is known about the connection to one participant. Counters run
// from Join on, through restarts of the connection.
type Stat struct {
	ID           ID
	State        State
	Path         string // lan, direct, tunnel, or empty: not connected
	RTTMs        int
	Frames       uint64 // video frames received
	Bad          uint64 // video frames lost, broken or undecodable
	AudioPackets uint64 // audio packets received in time
	AudioLost    uint64 // audio packets that no repair brought in time
	KbpsIn       int
	KbpsOut      int
	Estimate     int    // kbit/s that the line to the participant carries
	LayerOut     Stream // Video, Small or 0: what we send of the camera
	LayerIn      Stream // the same, of theirs
	Wire
}

// Wire is what was measured of the connection itself, whoever's sound and pictures go
// over it, in the last seconds.
type Wire struct {
	LossOut    float64 // of our packets to them, before repair
	LossIn     float64 // of their packets to us, likewise
	PacketsOut int     // that LossOut is a share of
	PacketsIn  int     // that LossIn is a share of
	Short      bool    // it was seen to carry less than there is to send
}

// sample is a moment of the counters that rates are differences of.
type sample struct {
	at                                  time.Time
	in, out                             uint64
	arrived, missed, reported, notThere uint64
}

func (c *counters) sample(now time.Time) sample {
	return sample{
		at: now, in: c.bytesIn.Load(), out: c.bytesOut.Load(),
		arrived: c.arrived.Load(), missed: c.missed.Load(),
		reported: c.reported.Load(), notThere: c.notThere.Load(),
	}
}

// window keeps the last seconds of samples.
type window struct {
	samples []sample // oldest first
}

const windowLength = 3 * time.Second

func (w *window) add(s sample) {
	w.samples = append(w.samples, s)
	for len(w.samples) > 2 && s.at.Sub(w.samples[1].at) >= windowLength {
		w.samples = w.samples[1:]
	}
}

func (w *window) ends() (first, last sample, ok bool) {
	if len(w.samples) < 2 {
		return sample{}, sample{}, false
	}
	first, last = w.samples[0], w.samples[len(w.samples)-1]
	return first, last, last.at.After(first.at)
}

// kbps is the rate in and out.
func (w *window) kbps() (in, out int) {
	first, last, ok := w.ends()
	if !ok {
		return 0, 0
	}
	ms := float64(last.at.Sub(first.at).Milliseconds())
	return int(float64(8*(last.in-first.in)) / ms), int(float64(8*(last.out-first.out)) / ms)
}

// loss is the share of packets that were missing, in and out, before repair.
func (w *window) loss() (in, out float64) {
	wire := w.wire()
	return wire.LossIn, wire.LossOut
}

// wire is what was missing, and of how many packets.
func (w *window) wire() Wire {
	first, last, ok := w.ends()
	if !ok {
		return Wire{}
	}
	share := func(missing, all uint64) float64 {
		if all == 0 {
			return 0
		}
		return min(1, float64(missing)/float64(all))
	}
	missed := last.missed - first.missed
	// Repaired packets arrived too, so what was sent is at most the sum.
	in, out := max(last.arrived-first.arrived, missed), last.reported-first.reported
	return Wire{
		LossIn: share(missed, in), LossOut: share(last.notThere-first.notThere, out),
		PacketsIn: int(in), PacketsOut: int(out),
	}
}

// lately is the loss of our packets within the last second.
func (w *window) lately() float64 {
	recent := *w
	for len(recent.samples) > 2 && recent.samples[len(recent.samples)-1].at.Sub(recent.samples[1].at) >= time.Second {
		recent.samples = recent.samples[1:]
	}
	_, out := recent.loss()
	return out
}

// pathOf names the way to a remote address.
func pathOf(remote, tunnel netip.AddrPort, local func(netip.Addr) bool) string {
	addr := remote.Addr().Unmap()
	switch {
	case !addr.IsValid():
		return ""
	case tunnel.IsValid() && remote == tunnel:
		return "tunnel"
	case addr.IsPrivate(), addr.IsLoopback(), addr.IsLinkLocalUnicast(), local != nil && local(addr):
		return "lan"
	}
	return "direct"
}
