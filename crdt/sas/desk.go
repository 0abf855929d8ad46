package sas

import "parvis/crdt/seal"

// Limits of runs (rules C6 and C8).
const (
	Digits      = 6
	MaxRunMs    = 10 * 60 * 1000 // a run dies after ten minutes
	PauseMs     = 10 * 1000      // between two runs with one peer without an invitation
	MaxFailures = 3              // of one invitation, before it must be revoked
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
	seen      map[seal.ID]struct{} // commitments
	seenOrder []seal.ID            // oldest first
	fewer     int                  // digits, when tests want fewer
}

// Initiate starts a run as A, with all terms known. It returns the two messages
// to send. random is [seal.Random].
func (d *Desk) Initiate(nowMs int64, peer seal.ID, terms Terms, own Introduction, random func(n int) []byte) (*Session, [][]byte, error) {
	s, err := d.begin(nowMs, peer, terms)
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

// Respond waits for a run as B. terms.A and terms.LogHead are empty: they come
// with the SasHello, where identify says who A is. random is [seal.Random].
func (d *Desk) Respond(nowMs int64, peer seal.ID, terms Terms, identify Identify, random func(n int) []byte) (*Session, error) {
	s, err := d.begin(nowMs, peer, terms)
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

func (d *Desk) begin(nowMs int64, peer seal.ID, terms Terms) (*Session, error) {
	if old := d.runs[peer]; old != nil && old.alive(nowMs) == nil {
		return nil, reject(reasonBusy)
	}
	for other, at := range d.endedMs {
		if nowMs-at >= PauseMs {
			delete(d.endedMs, other)
		}
	}
	if _, pausing := d.endedMs[peer]; pausing && terms.Invite.IsZero() {
		return nil, reject(reasonTooSoon)
	}
	if d.Spent(terms.Invite) && !terms.Invite.IsZero() {
		return nil, reject(reasonFailures)
	}
	if d.runs == nil {
		d.runs, d.endedMs = map[seal.ID]*Session{}, map[seal.ID]int64{}
		d.seen = map[seal.ID]struct{}{}
	}
	s := &Session{desk: d, peer: peer, terms: terms, startedMs: nowMs}
	d.runs[peer] = s
	return s, nil
}

// ended forgets the run and counts it where it failed.
func (d *Desk) ended(nowMs int64, s *Session, failed bool) {
	delete(d.runs, s.peer)
	d.endedMs[s.peer] = nowMs
	if failed && !s.terms.Invite.IsZero() {
		d.Recall(s.terms.Invite, d.failures[s.terms.Invite]+1)
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
