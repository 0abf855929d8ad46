package call

import "parvis/crdt/seal"

// Counter numbers the own signals of a call (V4). The zero value is ready. Not safe
// for concurrent use.
type Counter struct{ last uint64 }

// Next is the next number; ms is the clock in Unix milliseconds.
func (c *Counter) Next(ms uint64) uint64 {
	c.last = max(c.last+1, ms)
	return c.last
}

// Seen remembers what was heard in one call (V4). The zero value is ready. The
// caller lets in devices of the space only, which bounds it. Not safe for
// concurrent use.
type Seen struct{ last map[seal.ID]uint64 }

// New tells whether a signal is newer than all that its sender said before, and
// remembers it.
func (s *Seen) New(signal Signal) bool {
	if signal.N <= s.last[signal.From] {
		return false
	}
	if s.last == nil {
		s.last = map[seal.ID]uint64{}
	}
	s.last[signal.From] = signal.N
	return true
}
