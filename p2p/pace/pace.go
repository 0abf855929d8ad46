// Package pace says how often each peer may do something: at first some times at once, then
// again and again after a while.
package pace

import (
	"time"

	"golang.org/x/time/rate"

	"parvis/p2p"
)

// known is how many peers are remembered before those are forgotten of whom nothing is left to
// remember.
const known = 1024

// Pace counts what peers do. Its zero value lets nobody; not safe for concurrent use.
type Pace struct {
	Every time.Duration // after which a peer may once more
	Burst int           // at once

	peers map[p2p.PeerID]*rate.Limiter
}

// Allow reports whether a peer may now, and counts it. Time that goes back gives nothing.
func (c *Pace) Allow(p p2p.PeerID, now time.Time) bool {
	one := c.peers[p]
	if one == nil {
		if c.peers == nil {
			c.peers = map[p2p.PeerID]*rate.Limiter{}
		}
		if len(c.peers) >= known {
			c.forget(now)
		}
		one = rate.NewLimiter(rate.Every(c.Every), c.Burst)
		c.peers[p] = one
	}
	return one.AllowN(now, 1)
}

// forget leaves out those who may do all that a new one may.
func (c *Pace) forget(now time.Time) {
	for p, one := range c.peers {
		if one.TokensAt(now) >= float64(c.Burst) {
			delete(c.peers, p)
		}
	}
}

// Len is how many peers are remembered.
func (c *Pace) Len() int { return len(c.peers) }
