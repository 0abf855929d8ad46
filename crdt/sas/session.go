package sas

import "parvis/crdt/seal"

// State says how far a run is.
type State int

const (
	// Waiting means that the other side has to send something first.
	Waiting State = iota
	// Comparing means that our code can be shown and the other's typed.
	Comparing
	// Entered means that our person typed the right code; the other has not yet.
	Entered
	// Verified means that both typed the right code.
	Verified
	// Failed means that the run is over and nothing is known about the keys.
	Failed
)

// step is the message a side waits for.
type step int

const (
	stepHello step = iota
	stepCommit
	stepReply
	stepOpen
	stepDone
	stepEnd
)

// Session is one run on one side. It is made by a [Desk], belongs to one
// goroutine, and is never used for a second run.
type Session struct {
	desk      *Desk
	peer      seal.ID
	terms     Terms
	identify  Identify
	run       Run
	startedMs int64
	step      step
	starts    bool    // this side is A
	other     seal.ID // whose strikes are counted; zero: nobody's
	ours      seal.ID // our random number
	commit    seal.ID // A's commitment
	own       string  // the code we show
	expected  string  // the code the other side shows
	typed     bool    // our person typed it
	confirmed bool    // the other side's person typed ours
}

// Peer returns the transport identity the run is bound to.
func (s *Session) Peer() seal.ID { return s.peer }

// Terms returns what the codes vouch for; complete once the state is Comparing.
func (s *Session) Terms() Terms { return s.terms }

// Code returns the code to show, empty before there is one.
func (s *Session) Code() string { return s.own }

// State says how far the run is.
func (s *Session) State() State {
	switch {
	case s.step == stepEnd && s.typed && s.confirmed:
		return Verified
	case s.step == stepEnd:
		return Failed
	case s.own == "":
		return Waiting
	case s.typed:
		return Entered
	}
	return Comparing
}

// Receive takes one message of the other side and returns what to send back,
// which may be nothing. An error ends the run: it is a *[seal.Fault] with
// [seal.Reject], and the user is told that the codes could not be compared. The
// caller never starts again by itself (rule C7).
func (s *Session) Receive(nowMs int64, raw []byte) (send []byte, err error) {
	if err := s.alive(nowMs); err != nil {
		return nil, err
	}
	switch s.step {
	case stepHello:
		err = s.hello(raw)
	case stepCommit:
		send, err = s.committed(raw)
	case stepReply:
		send, err = s.reply(raw)
	case stepOpen:
		err = s.opened(raw)
	case stepDone:
		err = s.done(nowMs, raw)
	}
	if err != nil {
		s.end(nowMs)
		return nil, err
	}
	return send, nil
}

// Enter takes the code our person typed. It returns the message for the other
// side; with an error beside it where the codes differ, which ends the run.
func (s *Session) Enter(nowMs int64, typed string) (send []byte, err error) {
	if err := s.alive(nowMs); err != nil {
		return nil, err
	}
	if s.own == "" || s.typed {
		return nil, reject(reasonOrder)
	}
	s.typed = seal.EqualBytes([]byte(plainCode(typed)), []byte(s.expected))
	send = encode(SasDone{V: Version, Run: s.run, OK: s.typed})
	if !s.typed {
		s.end(nowMs)
		return send, reject(reasonCode)
	}
	if s.confirmed {
		s.end(nowMs)
	}
	return send, nil
}

// Drop ends a run whose connection was lost or whose person gave up. After
// codes could be known it counts as a failure like any other, because else a man in
// the middle would drop every run that he would lose (rule C8).
func (s *Session) Drop(nowMs int64) {
	if s.step != stepEnd {
		s.end(nowMs)
	}
}

// alive reports why the run cannot go on, and ends one that is too old.
func (s *Session) alive(nowMs int64) error {
	if s.step == stepEnd {
		return reject(reasonOrder)
	}
	if nowMs-s.startedMs > MaxRunMs {
		s.end(s.startedMs + MaxRunMs)
		return reject(reasonExpired)
	}
	return nil
}

func (s *Session) end(nowMs int64) {
	revealed := s.revealed()
	s.step = stepEnd
	s.desk.ended(nowMs, s, revealed && s.State() == Failed)
}

// revealed reports whether the other side may know the codes by now: A has sent
// SasOpen, or B has sent SasReply.
func (s *Session) revealed() bool {
	if s.starts {
		return s.step >= stepDone
	}
	return s.step >= stepOpen
}

// head checks the first two elements that all messages share.
func (s *Session) head(v uint, run Run) error {
	if v != Version {
		return reject(reasonVersion)
	}
	if run != s.run {
		return reject(reasonRun)
	}
	return nil
}

func (s *Session) done(nowMs int64, raw []byte) error {
	m, err := parse[SasDone](raw)
	if err != nil {
		return err
	}
	if err := s.head(m.V, m.Run); err != nil {
		return err
	}
	if s.confirmed {
		return reject(reasonOrder)
	}
	if !m.OK {
		return reject(reasonOther)
	}
	s.confirmed = true
	if s.typed {
		s.end(nowMs)
	}
	return nil
}

// show computes the codes once both random numbers are known.
func (s *Session) show(randomA, randomB seal.ID) {
	codeA, codeB := codes(s.terms.transcript(), randomA, randomB, s.desk.digits())
	if s.starts {
		s.own, s.expected = codeA, codeB
	} else {
		s.own, s.expected = codeB, codeA
	}
	s.step = stepDone
}
