package sync

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"
)

// beyond is the position of a chain of which nothing is to be sent. It is small
// enough that adding to it does not overflow.
const beyond = math.MaxUint64 / 4

// retryAfter is how long an object may stay unconfirmed before it is sent again
// (Y9), at most maxTries times until the sink starts a new round.
const (
	retryAfter = 30 * time.Second
	maxTries   = 3
)

// Errors of a sink that breaks the protocol.
var (
	ErrTooManyFeeds = errors.New("more than 4096 feeds")
	ErrMalformed    = errors.New("malformed frame")
)

// View is what this device holds and how it relays, as one moment saw it. It is
// shared by all streams and never changed.
type View struct {
	Have
	// LogFrom is the device whose stream brought the newest log entries; zero
	// when they were written here or read at start.
	LogFrom [32]byte
	// Gossip says that gossip carries new envelopes too, so that relaying can wait.
	Gossip bool
	// Peers is what the sinks of other streams said they hold, by device.
	Peers map[[32]byte][]Position
}

// SourceConfig names the two ends of a stream.
type SourceConfig struct {
	Self, Sink [32]byte      // devices
	RelayDelay time.Duration // how long somebody else has the chance to deliver first
}

// Source decides what is sent to one sink. It is a step function: call Next
// after every input until it asks for nothing.
type Source struct {
	cfg    SourceConfig
	view   View
	viewed bool    // Mine was called
	feeds  []chain // sorted by feed: what we hold and what the sink holds
	table  []Feed  // numbers of the sink's feeds in this round, see [HaveDelta]
	links  [][32]byte
	log    logState
	flow   flow
	lift   bool // send everything missing, whoever else might
	seen   inputs
	wait   time.Time
}

// inputs counts what happened, because inputs may arrive while the replica is
// being asked.
type inputs struct {
	all, log           uint64 // inputs so far; those that concern the log
	askedAll, askedLog uint64 // as they were at the last request
	clean              uint64 // all, when there was last nothing to send
}

// chain is one feed as both ends hold it.
type chain struct {
	Feed  Feed
	mine  Position
	has   Position  // what the sink said
	sent  Position  // what it holds once everything sent is stored
	since time.Time // since when it lacks something nobody delivers; zero: nothing lacking
	tries int
	// announced is the last seq that gossip named without carrying it.
	announced uint64
}

// logState is the membership log as both ends hold it.
type logState struct {
	has     [][32]byte // heads the sink ever named
	sent    [][32]byte // all heads it has once everything sent is stored
	settled bool       // the replica said that nothing more is to be sent
	since   time.Time
	tries   int
	held    bool // the last request left the log out
}

// flow counts windows.
type flow struct {
	sent, acked uint64
	last        time.Time // of the last window
	reset       bool      // forget what was sent as soon as nothing is in flight
	greeted     bool
	hello       time.Time // when the first round began
}

// NewSource starts a stream whose sink has not spoken yet.
func NewSource(cfg SourceConfig) *Source { return &Source{cfg: cfg} }

// at finds or makes the entry of a feed. The pointer is valid until the next call.
func (s *Source) at(f Feed) *chain {
	i := sort.Search(len(s.feeds), func(i int) bool { return s.feeds[i].Feed.compare(f) >= 0 })
	if i == len(s.feeds) || s.feeds[i].Feed != f {
		s.feeds = slices.Insert(s.feeds, i, chain{Feed: f, mine: Position{Feed: f}, has: Position{Feed: f}, sent: Position{Feed: f}})
	}
	return &s.feeds[i]
}

// Hello starts a round: the sink says everything it holds. In every round but
// the first one all that is missing is sent, whoever else might do it (Y11).
func (s *Source) Hello(h Hello, now time.Time) (Have, error) {
	if len(h.Feeds) > MaxFeeds {
		return Have{}, ErrTooManyFeeds
	}
	if s.flow.greeted {
		s.lift, s.flow.reset = true, true
	} else {
		s.flow.hello = now
	}
	first := !s.flow.greeted
	s.flow.greeted = true
	s.seen.all++
	s.seen.log++
	s.table = s.table[:0]
	feeds := sorted(h.Feeds)
	for i := range s.feeds {
		if seqOf(feeds, s.feeds[i].Feed) == 0 {
			s.confirm(&s.feeds[i], Position{Feed: s.feeds[i].Feed}, now)
		}
	}
	for _, p := range h.Feeds {
		s.table = append(s.table, p.Feed)
		s.confirm(s.at(p.Feed), p, now)
	}
	for i := range s.feeds {
		if f := &s.feeds[i]; first && !f.since.IsZero() {
			f.since = now // the delay of Y10 begins when the sink comes
		}
	}
	s.log.has, s.log.settled = slices.Clone(h.Heads), false
	s.links = h.Links
	return Have{Heads: h.Heads, Feeds: feeds}, nil
}

// Have learns what the sink stored since it last spoke, and how many windows it
// dealt with. The result is what changed, with full positions.
func (s *Source) Have(d HaveDelta, now time.Time) (Have, error) {
	switch {
	case !s.flow.greeted:
		return Have{}, fmt.Errorf("%w: have before hello", ErrMalformed)
	case d.Handled < s.flow.acked || d.Handled > s.flow.sent:
		return Have{}, fmt.Errorf("%w: %d windows handled of %d", ErrMalformed, d.Handled, s.flow.sent)
	case len(s.table)+len(d.Fresh) > MaxFeeds:
		return Have{}, ErrTooManyFeeds
	}
	changed := Have{Heads: d.Heads, Feeds: make([]Position, 0, len(d.Known)+len(d.Fresh))}
	for _, k := range d.Known {
		if k.Index >= uint64(len(s.table)) {
			return Have{}, fmt.Errorf("%w: feed %d of %d", ErrMalformed, k.Index, len(s.table))
		}
		changed.Feeds = append(changed.Feeds, Position{s.table[k.Index], k.Seq, k.ID})
	}
	for _, p := range d.Fresh {
		s.table = append(s.table, p.Feed)
		changed.Feeds = append(changed.Feeds, p)
	}
	for _, p := range changed.Feeds {
		s.confirm(s.at(p.Feed), p, now)
	}
	if len(d.Heads) > 0 {
		s.log.has = union(s.log.has, d.Heads, MaxHeads)
	}
	s.flow.acked = d.Handled
	s.seen.all++
	return changed, nil
}

// confirm notes what the sink holds of a feed. A position can move back: the
// sink found damage.
func (s *Source) confirm(f *chain, p Position, now time.Time) {
	switch {
	case p.Seq < f.has.Seq:
		f.sent, f.tries = p, 0
	case p.Seq > f.has.Seq:
		f.tries = 0
		if p.Seq > f.sent.Seq { // not by us: somebody else delivers
			f.sent = p
			f.since = now
		}
	}
	f.has = p
	f.lag(now)
}

// lag starts or stops the clock of a feed.
func (f *chain) lag(now time.Time) {
	if f.mine.Seq <= f.sent.Seq {
		f.since = time.Time{}
	} else if f.since.IsZero() {
		f.since = now
	}
}

// Links learns to which devices the sink is connected.
func (s *Source) Links(devices [][32]byte) {
	s.links = devices
	s.seen.all++
}

// Mine learns what this device holds. What the sink itself wrote since the first
// look needs no sending; its own word for it comes later. What it lacked at the
// first look it may have lost.
func (s *Source) Mine(v View, now time.Time) {
	if !slices.Equal(v.Heads, s.view.Heads) {
		s.log.settled = false
		s.log.since = now
		s.seen.log++
	}
	for i := range s.feeds {
		if f := &s.feeds[i]; f.mine.Seq > 0 && seqOf(v.Feeds, f.Feed) == 0 {
			f.mine = Position{Feed: f.Feed}
			f.lag(now)
		}
	}
	for _, p := range v.Feeds {
		f := s.at(p.Feed)
		if f.mine == p {
			continue
		}
		if s.viewed && s.flow.greeted && p.Feed.Device == s.cfg.Sink && f.sent.Seq >= f.mine.Seq && p.Seq > f.sent.Seq {
			f.sent = p
		}
		f.mine = p
		f.lag(now)
	}
	s.view, s.viewed = v, true
	s.seen.all++
}

// Resync sends again what was sent and never confirmed, as soon as nothing is
// under way, and asks the replica again.
func (s *Source) Resync() {
	s.flow.reset, s.lift, s.log.settled = true, true, false
	s.seen.all++
	s.seen.log++
}

// Announced learns that gossip does not carry an envelope, so that it need not be
// waited for.
func (s *Source) Announced(f Feed, seq uint64) {
	c := s.at(f)
	c.announced = max(c.announced, seq)
	s.seen.all++
}

// Idle reports that everything sent was dealt with and nothing is left to send.
func (s *Source) Idle() bool { return s.seen.clean == s.seen.all && s.flow.sent == s.flow.acked }

// Sink returns what the sink said it holds.
func (s *Source) Sink() []Position {
	out := make([]Position, 0, len(s.feeds))
	for i := range s.feeds {
		if s.feeds[i].has.Seq > 0 {
			out = append(out, s.feeds[i].has)
		}
	}
	return out
}
