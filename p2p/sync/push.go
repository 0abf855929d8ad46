package sync

import (
	"math"
	"slices"
	"time"
)

// Next says what to ask the replica for: the sink's position as it will be,
// with chains left out that somebody else is about to deliver. It reports false
// when there is nothing to do before [Source.Wait] or the next input.
func (s *Source) Next(now time.Time) (theirs Have, ask bool) {
	inFlight := s.flow.sent - s.flow.acked
	if !s.flow.greeted || inFlight >= MaxInFlight {
		s.wait = time.Time{}
		return Have{}, false
	}
	if inFlight == 0 {
		s.retry(now)
	}
	if s.seen.clean == s.seen.all && (s.wait.IsZero() || now.Before(s.wait)) {
		return Have{}, false
	}
	s.wait = time.Time{}
	log := s.wantLog(now)
	theirs.Feeds = make([]Position, 0, len(s.feeds))
	feeds := false
	for i := range s.feeds {
		f := &s.feeds[i]
		p := f.sent
		if f.mine.Seq > f.sent.Seq {
			if until := s.held(f); now.Before(until) {
				s.wakeAt(until)
				p.Seq, p.ID = beyond, [32]byte{}
			} else {
				feeds = true
			}
		}
		if p.Seq > 0 {
			theirs.Feeds = append(theirs.Feeds, p)
		}
		if inFlight == 0 && f.sent.Seq > f.has.Seq && f.tries < maxTries {
			s.wakeAt(s.flow.last.Add(retryAfter))
		}
	}
	if !log && !feeds {
		s.seen.clean, s.lift = s.seen.all, false
		return Have{}, false
	}
	s.seen.askedAll, s.seen.askedLog = s.seen.all, s.seen.log
	theirs.Heads = s.theirHeads()
	return theirs, true
}

// Wait is when Next should be called even without an input; zero: never.
func (s *Source) Wait() time.Time { return s.wait }

func (s *Source) wakeAt(t time.Time) {
	if s.wait.IsZero() || t.Before(s.wait) {
		s.wait = t
	}
}

// theirHeads are the log entries the sink has or gets; with the log left out,
// ours as well.
func (s *Source) theirHeads() [][32]byte {
	heads := union(slices.Clone(s.log.has), s.log.sent, math.MaxInt)
	if s.log.held {
		heads = union(heads, s.view.Heads, math.MaxInt)
	}
	return heads
}

// wantLog reports whether log entries are to be sent now. It may only set a
// time to wake when they are on their way from somebody else.
func (s *Source) wantLog(now time.Time) bool {
	s.log.held = false
	if s.log.settled || subset(s.view.Heads, s.log.has) {
		return false
	}
	from := s.view.LogFrom
	if s.lift || from == ([32]byte{}) || !slices.Contains(s.links, from) {
		return true
	}
	if until := s.log.since.Add(s.patience()); now.Before(until) {
		s.wakeAt(until)
		s.log.held = true
		return false
	}
	return true
}

// retry forgets what was sent and never confirmed, so that it is sent again.
func (s *Source) retry(now time.Time) {
	again := s.flow.reset
	late := !s.flow.last.IsZero() && now.Sub(s.flow.last) >= retryAfter
	if !again && !late {
		return
	}
	s.flow.reset = false
	for i := range s.feeds {
		f := &s.feeds[i]
		if again {
			f.tries = 0
		}
		if f.sent.Seq > f.has.Seq && (again || f.tries < maxTries) {
			f.sent, f.since = f.has, time.Time{}
			f.tries++
			f.lag(now)
			s.seen.all++
			s.lift = true
		}
	}
	if again {
		s.log.tries = 0
	}
	if !subset(s.log.sent, s.log.has) && (again || s.log.tries < maxTries) {
		s.log.sent, s.log.settled = nil, false
		s.log.tries++
		s.seen.all++
	}
}

// Sent notes that b went out as one window and what the sink holds once it is
// stored. An empty batch is no window: there is nothing to send for now.
func (s *Source) Sent(theirs Have, b Batch, after Have, now time.Time) {
	if len(b.Entries)+len(b.Blobs) == 0 && !s.log.held && s.seen.log == s.seen.askedLog {
		s.log.settled = true
	}
	if b.Len() == 0 {
		s.seen.clean, s.lift = s.seen.askedAll, false
		return
	}
	s.flow.sent++
	s.flow.last = now
	for _, p := range after.Feeds {
		if p.Seq <= seqOf(theirs.Feeds, p.Feed) {
			continue
		}
		if f := s.at(p.Feed); p.Seq > f.sent.Seq {
			f.sent = p
			f.lag(now)
		}
	}
	if len(b.Entries) > 0 && !s.log.held {
		s.log.sent = union(nil, after.Heads, 4*MaxHeads)
	}
}
