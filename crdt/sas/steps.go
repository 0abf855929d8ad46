package sas

import "parvis/crdt/seal"

// Introduction is what the initiator says about itself.
type Introduction struct {
	Genesis []byte // its PersonGenesis
	Record  []byte // its DeviceRecord
}

// Identify checks an [Introduction] and returns who it is. The caller's also
// compares the device's transport key with the connection's.
type Identify func(genesis, record []byte) (Party, error)

// start makes the initiator's first two messages.
func (s *Session) start(own Introduction, random func(n int) []byte) ([][]byte, error) {
	if len(own.Genesis) > MaxGenesis || len(own.Record) > MaxRecord {
		return nil, reject(reasonMessage)
	}
	if err := s.terms.valid(); err != nil {
		return nil, err
	}
	copy(s.run[:], random(len(s.run)))
	copy(s.ours[:], random(len(s.ours)))
	s.commit = commitment(s.terms.transcript(), s.ours)
	if !s.desk.fresh(s.commit) {
		return nil, reject(reasonReplay)
	}
	s.step = stepReply
	hello := SasHello{
		V: Version, Run: s.run, Purpose: s.terms.Purpose,
		Genesis: own.Genesis, Record: own.Record, LogHead: s.terms.LogHead,
	}
	return [][]byte{encode(hello), encode(SasCommit{V: Version, Run: s.run, Commit: s.commit})}, nil
}

// hello completes the responder's terms: from here on they are fixed.
func (s *Session) hello(raw []byte) error {
	m, err := parse[SasHello](raw)
	if err != nil {
		return err
	}
	if m.V != Version {
		return reject(reasonVersion)
	}
	if len(m.Genesis) > MaxGenesis || len(m.Record) > MaxRecord {
		return reject(reasonMessage)
	}
	if m.Purpose != s.terms.Purpose {
		return reject(reasonPurpose)
	}
	party, err := s.identify(m.Genesis, m.Record)
	if err != nil || s.terms.A != (Party{}) && party != s.terms.A {
		return reject(reasonParty)
	}
	s.terms.A, s.terms.LogHead, s.run = party, m.LogHead, m.Run
	s.step = stepCommit
	return s.terms.valid()
}

// committed takes A's commitment and answers with our random number.
func (s *Session) committed(raw []byte) ([]byte, error) {
	m, err := parse[SasCommit](raw)
	if err != nil {
		return nil, err
	}
	if err := s.head(m.V, m.Run); err != nil {
		return nil, err
	}
	if !s.desk.fresh(m.Commit) {
		return nil, reject(reasonReplay)
	}
	s.commit = m.Commit
	s.step = stepOpen
	return encode(SasReply{V: Version, Run: s.run, Random: s.ours}), nil
}

// reply takes B's random number and shows ours.
func (s *Session) reply(raw []byte) ([]byte, error) {
	m, err := parse[SasReply](raw)
	if err != nil {
		return nil, err
	}
	if err := s.head(m.V, m.Run); err != nil {
		return nil, err
	}
	s.show(s.ours, m.Random)
	return encode(SasOpen{V: Version, Run: s.run, Random: s.ours}), nil
}

// opened takes A's random number and holds it against the commitment.
func (s *Session) opened(raw []byte) error {
	m, err := parse[SasOpen](raw)
	if err != nil {
		return err
	}
	if err := s.head(m.V, m.Run); err != nil {
		return err
	}
	c := commitment(s.terms.transcript(), m.Random)
	if !seal.EqualBytes(c[:], s.commit[:]) {
		return reject(reasonCommit)
	}
	s.show(m.Random, s.ours)
	return nil
}
