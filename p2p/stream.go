package p2p

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
)

// ErrLobbyLimit reports that a stranger sent more than the lobby allows.
var ErrLobbyLimit = errors.New("a stranger sent too much")

// Deadlines bound the time of reads and writes. The zero time means none.
type Deadlines interface {
	SetDeadline(time.Time) error
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// Stream is an ordered, encrypted two-way flow of bytes to one peer. Close ends
// both directions kindly, CloseWrite ours only, Reset both at once and tells the
// other side that something is wrong. Safe for one reader and one writer at once.
type Stream interface {
	io.ReadWriteCloser
	Deadlines
	CloseWrite() error
	Reset() error
	// Peer is the device at the other end, proved by TLS.
	Peer() PeerID
}

// stream is the Stream of a libp2p stream. budget, when set, is what is left of
// the bytes that a stranger may send.
type stream struct {
	network.Stream
	peer   PeerID
	budget *atomic.Int64
	spent  func() bool // reports whether a used-up budget ends the stream
}

func (s *stream) Peer() PeerID { return s.peer }

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.Stream.Read(p)
	if s.budget != nil && s.budget.Add(-int64(n)) < 0 && s.spent() {
		_ = s.Reset()
		return 0, ErrLobbyLimit
	}
	return n, err
}
