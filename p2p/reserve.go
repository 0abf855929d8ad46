package p2p

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	pbv2 "github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/pb"
)

const (
	// ReservationTime is how long a super-peer keeps a place at its relay. What a
	// reservation says about its end therefore tells the super-peer's clock.
	ReservationTime = time.Hour

	reserveTime    = 20 * time.Second // for one attempt
	reserveBackOff = time.Second      // after a failure, doubled: a newcomer is on the access list soon
	reserveLongest = 5 * time.Minute
)

// reserve keeps a place at the relay of a super-peer until ctx ends (W60).
func (a *attendants) reserve(ctx context.Context, run *hosted, pid peer.ID, at *attendant) {
	backOff := time.Duration(0)
	for {
		asked := time.Now()
		r, err := askReservation(ctx, run, pid)
		var wait time.Duration
		if err == nil {
			backOff = 0
			wait = max(time.Until(r.Expiration)/2, time.Minute)
			// The answer was written about half-way between the question and now.
			ahead := r.Expiration.Add(-ReservationTime).Sub(asked.Add(time.Since(asked) / 2)).Round(time.Second)
			a.update(ctx, at, func(s *SuperPeer) {
				s.Relay, s.Reason, s.Ahead, s.ClockKnown = RelayReserved, "", ahead, true
			})
		} else {
			backOff = min(max(2*backOff, reserveBackOff), reserveLongest)
			wait = backOff
			state, reason := refusal(err)
			a.node.log.Debug("no place at the relay", "peer", textOf(pid).Short(), "err", err)
			a.update(ctx, at, func(s *SuperPeer) { s.Relay, s.Reason = state, reason })
		}
		wait = time.Duration(float64(wait) * (0.8 + 0.4*rand.Float64()))
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

func askReservation(ctx context.Context, run *hosted, pid peer.ID) (*client.Reservation, error) {
	ctx, cancel := context.WithTimeout(network.WithNoDial(ctx, "reserve"), reserveTime)
	defer cancel()
	return client.Reserve(ctx, run.Host, peer.AddrInfo{ID: pid})
}

// refusal says what a failed reservation means.
func refusal(err error) (state, reason string) {
	var failed client.ReservationError
	if !errors.As(err, &failed) {
		return RelayFailed, ReasonNoAnswer
	}
	switch failed.Status {
	case pbv2.Status_PERMISSION_DENIED:
		return RelayRefused, ReasonStranger
	case pbv2.Status_RESERVATION_REFUSED, pbv2.Status_RESOURCE_LIMIT_EXCEEDED:
		return RelayRefused, ReasonFull
	}
	if strings.Contains(failed.Reason, "in the past") {
		return RelayFailed, ReasonClock
	}
	if strings.Contains(err.Error(), "protocols not supported") {
		return RelayRefused, ReasonNoRelay
	}
	return RelayFailed, ReasonNoAnswer
}
