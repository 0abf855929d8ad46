package sas

import "parvis/crdt/seal"

// Limits of runs (rules C6, C8 and C12).
const (
	Digits      = 6
	MaxRunMs    = 10 * 60 * 1000 // a run dies after ten minutes
	PauseMs     = 10 * 1000      // between two runs with one peer without an invitation
	MaxFailures = 3              // of one invitation, before it must be revoked; of two people, before they rest
	RestMs      = 10 * 60 * 1000 // how long two people rest
	memory      = 4096           // how many commitments are remembered
)

// Desk starts the runs of one device and keeps the rules between them: one run
// at a time per peer, a pause where no invitation counts the failures, no commitment
// twice, three failures. Its zero
// value is ready. It belongs to one goroutine; times are Unix milliseconds and
// come from the caller.
type Desk struct {
	runs      map[seal.ID]*Session // by peer
	endedMs   map[seal.ID]int64    // by peer
	failures  map[seal.ID]int      // by invitation
	strikes   map[seal.ID]Strikes  // by person, of runs between two who are in already
	seen      map[seal.ID]struct{} // commitments
	seenOrder []seal.ID            // oldest first
	fewer     int                  // digits, when tests want fewer
}

// Initiate starts a run as A, with all terms known. It returns the two messages
// to send. random is [seal.Random].
func (d *Desk) Initiate(nowMs int64, peer seal.ID, terms Terms, own Introduction, random func(n int) []byte) (*Session, [][]byte, error) {
	s, err := d.begin(nowMs, peer, terms, terms.B.Person)
	if err != nil {
		return nil, nil, err
	}
	s.starts = true
	messages, err := s.start(own, random)
	if err != nil {
		s.Drop(nowMs)
		return nil, nil, err
	}
	return s, messages, nil
}

// Respond waits for a run as B. terms.LogHead is empty: it comes with the SasHello,
// where identify says who A is. So is terms.A, unless B knows whom it must be, as it
// does with [PurposeVerify]: then nobody else is accepted. random is [seal.Random].
func (d *Desk) Respond(nowMs int64, peer seal.ID, terms Terms, identify Identify, random func(n int) []byte) (*Session, error) {
	s, err := d.begin(nowMs, peer, terms, terms.A.Person)
	if err != nil {
		return nil, err
	}
	s.identify = identify
	copy(s.ours[:], random(len(s.ours)))
	return s, nil
}

// Spent reports whether the invitation has failed so often that it must be
// revoked and no further run with it may start.
func (d *Desk) Spent(invite seal.ID) bool { return d.failures[invite] >= MaxFailures }

// Failures counts the failed runs of an invitation, for whoever keeps them across a
// restart.
func (d *Desk) Failures(invite seal.ID) int { return d.failures[invite] }

// Recall says how many runs of an invitation had failed before a restart.
func (d *Desk) Recall(invite seal.ID, failures int) {
	if d.failures == nil {
		d.failures = map[seal.ID]int{}
	}
	d.failures[invite] = max(d.failures[invite], failures)
}

// Pauses reports whether a run with a peer ended so shortly ago that none without an
// invitation starts.
func (d *Desk) Pauses(nowMs int64, peer seal.ID) bool {
	for other, at := range d.endedMs {
		if nowMs-at >= PauseMs {
			delete(d.endedMs, other)
		}
	}
	_, pauses := d.endedMs[peer]
	return pauses
}

// Strikes are the failed runs between this device's person and another one.
type Strikes struct {
	Failures int
	LastMs   int64 // when the last of them ended
}

// restsUntil is when the two may compare again; not after nowMs: at once. A clock
// that was put back does not make the rest longer.
func (s Strikes) restsUntil(nowMs int64) int64 {
	if s.Failures < MaxFailures || s.LastMs > nowMs {
		return 0
	}
	return s.LastMs + RestMs
}

// Strikes are those with a person, for whoever keeps them across a restart.
func (d *Desk) Strikes(person seal.ID) Strikes { return d.strikes[person] }

// Strike says what strikes there were with a person before a restart.
func (d *Desk) Strike(person seal.ID, s Strikes) {
	if d.strikes == nil {
		d.strikes = map[seal.ID]Strikes{}
	}
	if s.Failures > d.strikes[person].Failures {
		d.strikes[person] = s
	}
}

// RestsUntil is until when no run with a person starts; 0: one may.
func (d *Desk) RestsUntil(nowMs int64, person seal.ID) int64 {
	until := d.strikes[person].restsUntil(nowMs)
	if until <= nowMs {
		return 0
	}
	return until
}

// rested ends a rest that is over: the count begins anew.
func (d *Desk) rested(nowMs int64, person seal.ID) error {
	if d.RestsUntil(nowMs, person) > 0 {
		return reject(reasonResting)
	}
	if d.strikes[person].Failures >= MaxFailures {
		delete(d.strikes, person)
	}
	return nil
}

func (d *Desk) begin(nowMs int64, peer seal.ID, terms Terms, other seal.ID) (*Session, error) {
	if old := d.runs[peer]; old != nil && old.alive(nowMs) == nil {
		return nil, reject(reasonBusy)
	}
	if d.Pauses(nowMs, peer) && terms.Invite.IsZero() {
		return nil, reject(reasonTooSoon)
	}
	if d.Spent(terms.Invite) && !terms.Invite.IsZero() {
		return nil, reject(reasonFailures)
	}
	s := &Session{desk: d, peer: peer, terms: terms, startedMs: nowMs}
	if terms.Purpose == PurposeVerify {
		s.other = other
		if err := d.rested(nowMs, other); err != nil {
			return nil, err
		}
	}
	if d.runs == nil {
		d.runs, d.endedMs = map[seal.ID]*Session{}, map[seal.ID]int64{}
		d.seen = map[seal.ID]struct{}{}
	}
	d.runs[peer] = s
	return s, nil
}

// ended forgets the run and counts it where it failed. One that was good ends the
// count between two people.
func (d *Desk) ended(nowMs int64, s *Session, failed bool) {
	delete(d.runs, s.peer)
	d.endedMs[s.peer] = nowMs
	if failed && !s.terms.Invite.IsZero() {
		d.Recall(s.terms.Invite, d.failures[s.terms.Invite]+1)
	}
	switch {
	case s.other.IsZero():
	case failed:
		d.Strike(s.other, Strikes{Failures: d.strikes[s.other].Failures + 1, LastMs: nowMs})
	case s.State() == Verified:
		delete(d.strikes, s.other)
	}
}

// fresh remembers a commitment and reports whether it is a new one.
func (d *Desk) fresh(commit seal.ID) bool {
	if _, known := d.seen[commit]; known {
		return false
	}
	if len(d.seenOrder) == memory {
		delete(d.seen, d.seenOrder[0])
		d.seenOrder = d.seenOrder[1:]
	}
	d.seen[commit] = struct{}{}
	d.seenOrder = append(d.seenOrder, commit)
	return true
}

func (d *Desk) digits() int {
	if d.fewer > 0 {
		return d.fewer
	}
	return Digits
}
