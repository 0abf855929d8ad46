package superpeer

import (
	"math"
	"sync"
	"time"

	"parvis/p2p"
)

// Limits are those of one device (protocol 2.14).
type Limits struct {
	Stored    int64   // bytes that are there
	Daily     int64   // bytes that come in one day, UTC
	PerSecond float64 // objects
	Burst     float64 // objects at once
}

// DefaultLimits are 2 GiB, 100 MiB a day, and 200 objects a second, 2000 at once.
func DefaultLimits() Limits {
	return Limits{Stored: 2 << 30, Daily: 100 << 20, PerSecond: 200, Burst: 2000}
}

// maxBuckets is how many devices are remembered before full buckets are emptied
// out: a full one says nothing.
const maxBuckets = 1024

// rates is how many objects each device may bring now.
type rates struct {
	limits Limits

	mu      sync.Mutex
	buckets map[p2p.PeerID]bucket // guarded by mu
}

type bucket struct {
	objects float64 // that may come, as of then
	then    time.Time
}

// take books n objects. Where there is no room for them it books nothing and says
// how long to wait.
func (r *rates) take(now time.Time, p p2p.PeerID, n int) (wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.buckets == nil {
		r.buckets = make(map[p2p.PeerID]bucket)
	}
	if len(r.buckets) >= maxBuckets {
		for id, b := range r.buckets {
			if r.filled(b, now).objects >= r.limits.Burst {
				delete(r.buckets, id)
			}
		}
	}
	b, ok := r.buckets[p]
	if !ok {
		b = bucket{r.limits.Burst, now}
	}
	b = r.filled(b, now)
	lacking := float64(n) - b.objects
	if lacking <= 0 {
		b.objects -= float64(n)
	}
	r.buckets[p] = b
	return max(0, time.Duration(math.Ceil(lacking/r.limits.PerSecond*1000))*time.Millisecond)
}

// filled is the bucket at a later time. A clock that goes back fills nothing.
func (r *rates) filled(b bucket, now time.Time) bucket {
	past := max(0, now.Sub(b.then).Seconds())
	return bucket{min(r.limits.Burst, b.objects+past*r.limits.PerSecond), now}
}
