package discovery

import (
	"context"
	"slices"
	"sync"
	"time"

	"parvis/p2p"
)

const (
	maxNames   = 48 // labels announced at once
	renewEvery = 30 * time.Second
	// rereadNames catches a midnight that passed while the machine slept.
	rereadNames = time.Hour
	retryNames  = 5 * time.Minute // after the network refused an announcement
)

// announcer keeps exactly the current names announced (W53).
type announcer struct {
	discovery *Discovery
	wake      chan struct{}
	running   map[string]func() // label → stop; owned by run
	renewed   time.Time         // owned by run

	mu    sync.Mutex
	stale bool // the announced addresses are old; guarded by mu
}

func (a *announcer) init(d *Discovery) {
	a.discovery = d
	a.wake = make(chan struct{}, 1)
	a.running = make(map[string]func())
}

func (a *announcer) signal() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// renew announces again, because an announcement holds the addresses of its start.
func (a *announcer) renew() {
	a.mu.Lock()
	a.stale = true
	a.mu.Unlock()
	a.signal()
}

func (a *announcer) run(ctx context.Context) {
	defer a.stop(func(string) bool { return true })
	a.renewed = time.Now()
	for {
		next := a.round(time.Now())
		if !sleepUntil(ctx, next, a.wake) {
			return
		}
	}
}

// round starts and stops announcements and returns when to look again.
func (a *announcer) round(now time.Time) time.Time {
	next := earlier(midnight(now), now.Add(rereadNames))
	a.mu.Lock()
	if a.stale && now.Sub(a.renewed) >= renewEvery {
		a.stale = false
		a.renewed = now
		a.mu.Unlock()
		a.stop(func(string) bool { return true })
	} else {
		if at := a.renewed.Add(renewEvery); a.stale && at.Before(next) {
			next = at
		}
		a.mu.Unlock()
	}
	wanted := validNames(a.discovery.Names())
	a.stop(func(label string) bool { return !slices.Contains(wanted, label) })
	for _, label := range wanted {
		if a.running[label] != nil {
			continue
		}
		stop, err := a.discovery.network.Announce(serviceOf(label), a.heard)
		if err != nil {
			a.discovery.Log.Debug("announce on the local network", "error", err)
			next = earlier(next, now.Add(retryNames))
			continue
		}
		a.running[label] = stop
	}
	return next
}

func (a *announcer) stop(which func(label string) bool) {
	for label, stop := range a.running {
		if which(label) {
			stop()
			delete(a.running, label)
		}
	}
}

// heard is called by the announcements.
func (a *announcer) heard(p p2p.PeerID, addrs []string) {
	t := Target{Peer: p, Addrs: addrs}
	a.discovery.Learn(t)
	if a.discovery.Found != nil {
		a.discovery.Found(t)
	}
}

// serviceOf is the DNS-SD service type of a label.
func serviceOf(label string) string { return "_" + label + "._udp" }

// validNames drops what would not be a DNS label of ours.
func validNames(labels []string) []string {
	var out []string
	for _, l := range labels {
		ok := len(l) > 0 && len(l) <= 32 && !slices.Contains(out, l) && len(out) < maxNames
		for _, c := range l {
			ok = ok && (c >= 'a' && c <= 'z' || c >= '0' && c <= '9')
		}
		if ok {
			out = append(out, l)
		}
	}
	return out
}

// midnight is the next change of the day in UTC.
func midnight(now time.Time) time.Time {
	return now.UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
