package blocks

import (
	"context"
	"sync"
	"time"

	"parvis/p2p"
)

const (
	streamIdle = 30 * time.Second // half of what the reader waits
	maxIdle    = servers          // open streams that are kept for one peer
	pieceSize  = 64 << 10
)

// streams are our open streams: each carries one message at a time and is kept
// for the next one.
type streams struct {
	open func(ctx context.Context, to p2p.PeerID) (p2p.Stream, error)

	mu   sync.Mutex
	idle map[lane][]idleStream // guarded by mu; the last used at the end
}

// lane is what keeps the order: wants, which are sent one after the other, always
// take the same stream; answers may pass each other.
type lane struct {
	to    p2p.PeerID
	wants bool
}

type idleStream struct {
	p2p.Stream
	since time.Time
}

// send writes one frame. A stream that fails is not used again.
func (s *streams) send(ctx context.Context, to lane, frame []byte) error {
	stream, kept := s.take(to)
	if !kept {
		var err error
		if stream, err = s.open(ctx, to.to); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = stream.Reset() })
	err := write(stream, frame)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = stream.Reset()
		return err
	}
	s.give(to, stream)
	return nil
}

// write moves the deadline with every piece, so that it limits standstill alone.
func write(stream p2p.Stream, frame []byte) error {
	for len(frame) > 0 {
		piece := frame[:min(pieceSize, len(frame))]
		if err := stream.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
			return err
		}
		if _, err := stream.Write(piece); err != nil {
			return err
		}
		frame = frame[len(piece):]
	}
	return nil
}

func (s *streams) take(to lane) (p2p.Stream, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.idle[to]
	if len(list) == 0 {
		return nil, false
	}
	last := list[len(list)-1]
	s.idle[to] = list[:len(list)-1]
	return last.Stream, true
}

func (s *streams) give(to lane, stream p2p.Stream) {
	s.mu.Lock()
	if s.idle == nil {
		s.idle = map[lane][]idleStream{}
	}
	full := len(s.idle[to]) >= maxIdle
	if !full {
		s.idle[to] = append(s.idle[to], idleStream{stream, time.Now()})
	}
	s.mu.Unlock()
	if full {
		finish(stream)
	}
}

// finish lets the other side read what was sent. Close waits for the end of the
// handshake, which a silent peer can delay.
func finish(stream p2p.Stream) {
	_ = stream.SetReadDeadline(time.Now().Add(sendTimeout))
	go func() { _ = stream.Close() }()
}

// sweep closes what was not used since streamIdle.
func (s *streams) sweep(now time.Time) {
	s.mu.Lock()
	var old []p2p.Stream
	for to, list := range s.idle {
		kept := list[:0]
		for _, stream := range list {
			if now.Sub(stream.since) >= streamIdle {
				old = append(old, stream.Stream)
			} else {
				kept = append(kept, stream)
			}
		}
		if s.idle[to] = kept; len(kept) == 0 {
			delete(s.idle, to)
		}
	}
	s.mu.Unlock()
	for _, stream := range old {
		finish(stream)
	}
}

// drop forgets the streams to a peer that is gone.
func (s *streams) drop(to p2p.PeerID) {
	for _, lane := range []lane{{to: to}, {to: to, wants: true}} {
		s.mu.Lock()
		list := s.idle[lane]
		delete(s.idle, lane)
		s.mu.Unlock()
		for _, stream := range list {
			_ = stream.Reset()
		}
	}
}

func (s *streams) closeAll() {
	s.mu.Lock()
	all := s.idle
	s.idle = nil
	s.mu.Unlock()
	for _, list := range all {
		for _, stream := range list {
			_ = stream.Reset()
		}
	}
}
