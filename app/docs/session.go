package docs

import (
	"encoding/hex"
	"slices"
	"sync"
	"time"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// leaseIdle is how long a replica may say nothing before another one may have its
// session (rule D17).
const leaseIdle = 10 * time.Minute

// Session is the lease of a replica: the actor that only it writes with.
type Session struct {
	Token    string // names the lease; secret between the replica and this device
	Number   uint32
	Actor    doc.Actor
	Heads    []seal.ID // ascending
	Actors   map[doc.Actor]Author
	ReadOnly bool
}

// leases are the open replicas of one workspace's documents. They are forgotten
// when the program ends.
type leases struct {
	v *view

	mu    sync.Mutex
	byDoc map[doc.ID][]*lease // guarded by mu
}

// lease is one open replica.
type lease struct {
	token  string
	number uint32
	seen   time.Time
	engine bool // the node's own replica
}

func newLeases(v *view) *leases { return &leases{v: v, byDoc: map[doc.ID][]*lease{}} }

func (l *leases) now() time.Time { return l.v.service.config.Now() }

// watched reports whether a document is open here.
func (l *leases) watched(id doc.ID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.byDoc[id], func(x *lease) bool { return !x.engine })
}

// held finds a lease by its token, and notes that its replica lives.
func (l *leases) held(id doc.ID, token string) (number uint32, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, x := range l.byDoc[id] {
		if x.token == token {
			x.seen = l.now()
			return x.number, true
		}
	}
	return 0, false
}

// take leases the smallest number that is free and that fits accepts.
func (l *leases) take(id doc.ID, engine bool, fits func(number uint32) bool) (token string, number uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for ; number <= MaxSession; number++ {
		if !l.busy(id, number) && fits(number) {
			return l.add(id, number, engine), number
		}
	}
	return "", 0
}

// retake leases one number, or fails when another replica has it.
func (l *leases) retake(id doc.ID, number uint32) (token string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if number > MaxSession || l.busy(id, number) {
		return "", false
	}
	return l.add(id, number, false), true
}

// busy reports whether a replica that lives has the number. mu is held.
func (l *leases) busy(id doc.ID, number uint32) bool {
	return slices.ContainsFunc(l.byDoc[id], func(x *lease) bool {
		return x.number == number && (x.engine || l.now().Sub(x.seen) < leaseIdle)
	})
}

// add ends whatever lease has the number and makes a new one. mu is held.
func (l *leases) add(id doc.ID, number uint32, engine bool) (token string) {
	l.byDoc[id] = slices.DeleteFunc(l.byDoc[id], func(x *lease) bool { return x.number == number })
	x := &lease{token: hex.EncodeToString(seal.Random(16)), number: number, seen: l.now(), engine: engine}
	l.byDoc[id] = append(l.byDoc[id], x)
	return x.token
}

// drop ends a lease.
func (l *leases) drop(id doc.ID, token string) (number uint32, was bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.byDoc[id] = slices.DeleteFunc(l.byDoc[id], func(x *lease) bool {
		if x.token == token {
			number, was = x.number, true
		}
		return x.token == token
	})
	if len(l.byDoc[id]) == 0 {
		delete(l.byDoc, id)
	}
	return number, was
}
