package p2ptest

import (
	"bytes"
	"encoding/binary"
	"io"
	"time"

	"parvis/p2p"
)

// Tape is a stream without another end: what comes stands in In, then it is over, and
// what is written stands in Out.
type Tape struct {
	In     io.Reader
	Out    bytes.Buffer
	Good   int   // writes that succeed before Broken; 0: none
	Broken error // what the writes after them fail with; nil: none fails
	Resets int
}

// Frames is a tape from which frames come (SPEC.md W20).
func Frames(frames ...[]byte) *Tape {
	var in []byte
	for _, f := range frames {
		in = append(binary.AppendUvarint(in, uint64(len(f))), f...)
	}
	return &Tape{In: bytes.NewReader(in)}
}

// Read implements p2p.Stream.
func (s *Tape) Read(p []byte) (int, error) {
	if s.In == nil {
		return 0, io.EOF
	}
	return s.In.Read(p)
}

// Write implements p2p.Stream.
func (s *Tape) Write(p []byte) (int, error) {
	if s.Good--; s.Good < 0 && s.Broken != nil {
		return 0, s.Broken
	}
	return s.Out.Write(p)
}

// Close implements p2p.Stream, as the methods below do.
func (s *Tape) Close() error                     { return nil }
func (s *Tape) CloseWrite() error                { return nil }
func (s *Tape) Reset() error                     { s.Resets++; return nil }
func (s *Tape) SetDeadline(time.Time) error      { return nil }
func (s *Tape) SetReadDeadline(time.Time) error  { return nil }
func (s *Tape) SetWriteDeadline(time.Time) error { return nil }
func (s *Tape) Peer() p2p.PeerID                 { return "tape" }

var _ p2p.Stream = (*Tape)(nil)
