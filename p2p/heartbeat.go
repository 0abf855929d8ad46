package p2p

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
)

// A super-peer that is cut off is noticed within 5 s: an unanswered beat is
// seen at the latest after beatEvery + beatTime.
const (
	beatEvery   = 2 * time.Second
	beatTime    = 2 * time.Second
	beatAgain   = 500 * time.Millisecond // while it is silent
	deadAfter   = 12 * time.Second       // of silence: the connection is closed
	beatsStream = 20 * time.Second       // on one stream; the other side ends it after 30 s
)

// heartbeat pings a super-peer until ctx ends (W61). One that does not answer is
// called silent at once, and disconnected only after a longer silence: a line
// that is full of our own uploads answers late.
func (a *attendants) heartbeat(ctx context.Context, run *hosted, pid peer.ID, at *attendant) {
	b := beater{run: run, pid: pid}
	defer b.end()
	answered := time.Now()
	for {
		wait := beatEvery
		if rtt, err := b.beat(ctx); err == nil {
			answered = time.Now()
			run.Peerstore().RecordLatency(pid, rtt)
			a.update(ctx, at, func(s *SuperPeer) { s.Silent = false })
		} else if ctx.Err() == nil {
			wait = beatAgain
			a.update(ctx, at, func(s *SuperPeer) { s.Silent = true })
			if time.Since(answered) > deadAfter {
				a.node.log.Info("a super-peer does not answer any more", "peer", textOf(pid).Short())
				_ = run.Network().ClosePeer(pid)
				answered = time.Now()
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// beater sends pings over one stream, which costs less than a stream for each.
type beater struct {
	run    *hosted
	pid    peer.ID
	stream network.Stream // nil unless open
	since  time.Time
}

func (b *beater) end() {
	if b.stream != nil {
		_ = b.stream.Reset()
		b.stream = nil
	}
}

// beat measures one round trip.
func (b *beater) beat(ctx context.Context) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(network.WithNoDial(ctx, "heartbeat"), beatTime)
	defer cancel()
	if b.stream != nil && time.Since(b.since) > beatsStream {
		b.end()
	}
	fresh := b.stream == nil
	rtt, err := b.once(ctx)
	if err != nil {
		b.end()
		if !fresh && ctx.Err() == nil && !timedOut(err) {
			rtt, err = b.once(ctx) // the other side had only closed the old stream
		}
	}
	if err != nil {
		b.end()
	}
	return rtt, err
}

func (b *beater) once(ctx context.Context) (time.Duration, error) {
	if b.stream == nil {
		s, err := b.run.NewStream(ctx, b.pid, ping.ID)
		if err != nil {
			return 0, err
		}
		b.stream, b.since = s, time.Now()
	}
	deadline, _ := ctx.Deadline()
	_ = b.stream.SetDeadline(deadline)
	var sent, back [ping.PingSize]byte
	_, _ = rand.Read(sent[:])
	begin := time.Now()
	if _, err := b.stream.Write(sent[:]); err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(b.stream, back[:]); err != nil {
		return 0, err
	}
	if !bytes.Equal(sent[:], back[:]) {
		return 0, errors.New("another answer than the ping")
	}
	return time.Since(begin), nil
}

// timedOut reports whether a deadline passed.
func timedOut(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}
