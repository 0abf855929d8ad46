package sync

import (
	"slices"
	"time"
)

// Pace of what a sink says (Y7, Y12). In a crowd the first two grow ([crowd]).
const (
	shareGap   = 40 * time.Millisecond // what came another way is told at most this often
	ackGap     = 20 * time.Millisecond // windows are acknowledged at most this often, unless the source waits
	ownGap     = time.Second           // what was written here is news to nobody who has it from us
	helloGap   = 5 * time.Second       // a source resets a sink that starts rounds more often
	missingGap = 30 * time.Second      // between rounds while something is missing
	roundGap   = 10 * time.Minute      // between rounds otherwise, ±20 %
)

// crowd is how many times slower a device talks that is connected to so many: it says
// the same to each of them, and each hears it from all the others (Y7).
func crowd(connected int) time.Duration { return time.Duration(min(max(connected/8, 1), 6)) }

// strikes is how many rounds in a row a peer may claim something and deliver
// nothing at all before it loses points.
const strikes = 3

// SinkConfig is fixed for the life of a stream.
type SinkConfig struct {
	Workspace [32]byte
	Self      [32]byte
	Spread    float64 // −1 … 1: where in the ±20 % this stream's rounds lie
}

// Sink decides what is said to one source. It is a step function: call Next
// after every input until it says nothing.
type Sink struct {
	cfg   SinkConfig
	mine  Have
	links [][32]byte
	told  told
	recv  received
	round round
}

// told is what the source knows of us.
type told struct {
	feeds   map[Feed]int // number in this round
	last    []Position   // by number
	live    int          // how many of them are not at 0
	heads   [][32]byte
	links   [][32]byte
	handled uint64
	at      time.Time // of the last frame
}

// received counts windows.
type received struct{ arrived, handled uint64 }

// round says when everything is compared again.
type round struct {
	due     bool // as soon as helloGap allows
	last    time.Time
	checked time.Time // when we last looked whether something is missing
	arrived uint64    // windows when the round began
	strikes int
	claimed bool // the peer claimed, at the beginning of the round, what we lack
}

// NewSink starts a stream that has not spoken yet.
func NewSink(cfg SinkConfig) *Sink {
	return &Sink{cfg: cfg, round: round{due: true}}
}

// Mine learns what this device holds, sorted by feed.
func (s *Sink) Mine(h Have) { s.mine = h }

// Links learns to which devices this one is connected.
func (s *Sink) Links(devices [][32]byte) { s.links = devices }

// Arrived notes a window. It reports false when the source sent more than it
// may without acknowledgement.
func (s *Sink) Arrived() bool {
	s.recv.arrived++
	return s.recv.arrived-s.told.handled <= MaxInFlight
}

// Handled notes that n windows were committed. Mine should be called before.
func (s *Sink) Handled(n int) { s.recv.handled += uint64(n) }

// Resync asks for a new round.
func (s *Sink) Resync() { s.round.due = true }

// Check is called when [Sink.CheckAt] is due. missing says that the peer claims
// to hold what we lack and may have. The result is true when the peer claimed
// it for three rounds and delivered nothing.
func (s *Sink) Check(missing bool, now time.Time) (liar bool) {
	s.round.checked = now
	if now.Sub(s.round.last) >= s.period() {
		s.round.due = true
	}
	if !missing || s.round.strikes >= strikes {
		s.round.claimed = false
		return false
	}
	if s.round.claimed && s.recv.arrived == s.round.arrived {
		s.round.strikes++
	} else {
		s.round.strikes = 0
	}
	s.round.claimed, s.round.due = true, true
	return s.round.strikes >= strikes
}

// CheckAt is when Check should be called.
func (s *Sink) CheckAt() time.Time { return s.round.checked.Add(missingGap) }

func (s *Sink) period() time.Duration {
	return time.Duration(float64(roundGap) * (1 + s.cfg.Spread/5))
}

// Next is the next frame to send, or the time at which to ask again; a zero time
// means after the next input.
func (s *Sink) Next(now time.Time) (frame Frame, at time.Time) {
	if s.round.due {
		if s.round.last.IsZero() || now.Sub(s.round.last) >= helloGap {
			return s.hello(now), time.Time{}
		}
		at = s.round.last.Add(helloGap)
	}
	if s.round.last.IsZero() {
		return nil, at
	}
	if !slices.Equal(s.links, s.told.links) {
		s.told.links = s.links
		return Links{Devices: s.links}, time.Time{}
	}
	urgency, news := s.news()
	if !news {
		return nil, at
	}
	if due := s.told.at.Add(urgency); now.Before(due) {
		if at.IsZero() || due.Before(at) {
			at = due
		}
		return nil, at
	}
	return s.delta(now), time.Time{}
}

// news says whether there is something to tell and how long after the last
// frame it may go out.
func (s *Sink) news() (gap time.Duration, news bool) {
	gap = ownGap
	slower := crowd(len(s.links))
	if s.recv.handled > s.told.handled {
		news, gap = true, slower*ackGap
		if s.recv.arrived-s.told.handled >= MaxInFlight-1 {
			return 0, true // the source is about to wait for us
		}
	}
	if !slices.Equal(s.mine.Heads, s.told.heads) {
		news, gap = true, min(gap, slower*shareGap)
	}
	kept := 0
	for _, p := range s.mine.Feeds {
		n, known := s.told.feeds[p.Feed]
		if known && s.told.last[n].Seq > 0 {
			kept++
		}
		if known && s.told.last[n] == p || !known && len(s.told.last) >= MaxFeeds {
			continue
		}
		news = true
		if p.Feed.Device != s.cfg.Self {
			gap = min(gap, slower*shareGap)
		}
	}
	return gap, news || kept < s.told.live
}

// hello begins a round with everything.
func (s *Sink) hello(now time.Time) Frame {
	feeds := s.mine.Feeds[:min(len(s.mine.Feeds), MaxFeeds)]
	s.told = told{
		feeds: make(map[Feed]int, len(feeds)), last: slices.Clone(feeds), live: len(feeds),
		heads: s.mine.Heads, links: s.links, handled: s.told.handled, at: now,
	}
	for i, p := range feeds {
		s.told.feeds[p.Feed] = i
	}
	s.round.due, s.round.last, s.round.checked, s.round.arrived = false, now, now, s.recv.arrived
	return Hello{Workspace: s.cfg.Workspace, Heads: s.mine.Heads, Feeds: feeds, Links: s.links}
}

// delta tells what changed. A feed that is gone is told as position 0.
func (s *Sink) delta(now time.Time) Frame {
	d := HaveDelta{Handled: s.recv.handled}
	if !slices.Equal(s.mine.Heads, s.told.heads) {
		d.Heads, s.told.heads = s.mine.Heads, s.mine.Heads
	}
	kept := 0
	for _, p := range s.mine.Feeds {
		n, known := s.told.feeds[p.Feed]
		if known && s.told.last[n].Seq > 0 {
			kept++
		}
		switch {
		case !known && len(s.told.last) < MaxFeeds:
			s.told.feeds[p.Feed] = len(s.told.last)
			s.told.last = append(s.told.last, p)
			d.Fresh = append(d.Fresh, p)
		case known && s.told.last[n] != p:
			s.told.last[n] = p
			d.Known = append(d.Known, Known{Index: uint64(n), Seq: p.Seq, ID: p.ID})
		}
	}
	if kept < s.told.live {
		d.Known = append(d.Known, s.gone()...)
	}
	s.told.live = 0
	for _, p := range s.told.last {
		if p.Seq > 0 {
			s.told.live++
		}
	}
	s.told.handled, s.told.at = s.recv.handled, now
	return d
}

// gone lists the feeds that were told and are no longer held, as position 0.
func (s *Sink) gone() []Known {
	var out []Known
	for n, p := range s.told.last {
		if p.Seq > 0 && seqOf(s.mine.Feeds, p.Feed) == 0 {
			s.told.last[n] = Position{Feed: p.Feed}
			out = append(out, Known{Index: uint64(n)})
		}
	}
	return out
}
