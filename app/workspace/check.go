package workspace

import (
	"context"
	"runtime"
	"runtime/debug"
	"sync/atomic"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// How many envelopes are checked, and then stored, at a time. The first part is
// small, because nothing is stored meanwhile.
const (
	firstPart = 64
	laterPart = 256
)

// arrival is an envelope whose signature is right. plain is its content, when the
// key was here while it was checked.
type arrival struct {
	*feed.Envelope
	plain  feed.Plain
	opened bool
}

// checked is one part of what a peer sent.
type checked struct {
	good []arrival
	bad  []error
}

// check decodes envelopes, checks their signatures and opens them, in the
// background and each part on one core, so that one can be stored while the next
// ones are checked. The parts come in order; nobody has to wait for them.
func (w *Workspace) check(raws [][]byte) []<-chan checked {
	var parts []<-chan checked
	var todo []func()
	for size := firstPart; len(raws) > 0; size = laterPart {
		part, ready := raws[:min(size, len(raws))], make(chan checked, 1)
		raws = raws[len(part):]
		parts = append(parts, ready)
		todo = append(todo, func() { ready <- w.checkPart(part) })
	}
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), len(todo)) {
		go func() {
			for i := next.Add(1) - 1; i < int64(len(todo)); i = next.Add(1) - 1 {
				todo[i]()
			}
		}()
	}
	return parts
}

// checkPart leaves out what is already here.
func (w *Workspace) checkPart(raws [][]byte) (c checked) {
	found, faults := make([]arrival, len(raws)), make([]error, len(raws))
	w.checkAll(raws, found, faults)
	for i := range raws {
		if faults[i] != nil {
			c.bad = append(c.bad, &refused{raws[i], faults[i]})
		} else if found[i].Envelope != nil {
			c.good = append(c.good, found[i])
		}
	}
	return c
}

// checkAll finds for each envelope what it is, or what is wrong with it, or nothing
// for one that is here.
func (w *Workspace) checkAll(raws [][]byte, found []arrival, faults []error) {
	w.guarded(len(raws), func(from, to int) {
		clear(found[from:to])
		clear(faults[from:to])
		w.checkLot(raws[from:to], found[from:to], faults[from:to])
	}, func(i int) {
		found[i] = arrival{}
		faults[i] = &seal.Fault{Outcome: seal.Reject, Reason: "an envelope that cannot be checked"}
	})
}

// guarded checks the first n of something together and, when that panics, one by
// one: failed are those that panic alone. A panic is a bug here, and no input may end
// the process, or make its neighbours worthless.
func (w *Workspace) guarded(n int, check func(from, to int), failed func(i int)) {
	try := func(from, to int) (done bool) {
		defer func() {
			if r := recover(); r != nil {
				w.logger.Error("check envelopes", "workspace", w.id.Short(), "panic", r, "stack", string(debug.Stack()))
			}
		}()
		check(from, to)
		return true
	}
	if try(0, n) {
		return
	}
	for i := range n {
		if !try(i, i+1) {
			failed(i)
		}
	}
}

func (w *Workspace) checkLot(raws [][]byte, found []arrival, faults []error) {
	parsed := make([]*feed.Envelope, 0, len(raws))
	places := make([]int, 0, len(raws))
	for i, raw := range raws {
		env, err := w.parse(raw)
		faults[i] = err
		if env != nil {
			parsed, places = append(parsed, env), append(places, i)
		}
	}
	for n, good := range feed.VerifyAll(parsed) {
		if !good {
			faults[places[n]] = &seal.Fault{Outcome: seal.Reject, Reason: "the signature of an envelope is wrong"}
			continue
		}
		a := arrival{Envelope: parsed[n]}
		if key, ok := w.keys.contentKey(a.Header.Space, a.Header.EpochID, a.Header.Dev); ok {
			plain, err := a.Open(key)
			a.plain, a.opened = plain, err == nil
		}
		found[places[n]] = a
	}
}

// parse decodes an envelope. It gives nothing for one that is here, and for one of
// a later version: that comes again after the update.
func (w *Workspace) parse(raw []byte) (*feed.Envelope, error) {
	env, err := feed.Parse(raw)
	if err != nil {
		if seal.OutcomeOf(err) != seal.Pend || env == nil || !env.Verify() {
			return nil, err
		}
		return nil, nil
	}
	h := env.Header
	if end := w.feeds.end(feed.FeedID{Space: h.Space, Device: h.Dev}); end.Seq == h.Seq && end.ID == env.ID {
		return nil, nil
	}
	return env, nil
}

// receiveChecked stores parts as they come, all in one transaction, together with
// what had waited. The transaction begins when there is something to store:
// nobody else can write while it is open.
func (w *Workspace) receiveChecked(ctx context.Context, parts []<-chan checked, bad *[]error) error {
	var part checked
	for len(parts) > 0 && len(part.good) == 0 {
		part = <-parts[0]
		parts = parts[1:]
		*bad = append(*bad, part.bad...)
	}
	waited := w.waiting.take()
	if len(part.good) == 0 && len(waited) == 0 {
		return nil
	}
	return w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		for {
			if err := w.receiveEnvelopes(ctx, part.good, after, bad); err != nil {
				return err
			}
			if len(parts) == 0 {
				return w.receiveEnvelopes(ctx, unopened(waited), after, bad)
			}
			part = <-parts[0]
			parts = parts[1:]
			*bad = append(*bad, part.bad...)
		}
	})
}

// unopened are envelopes that were checked before.
func unopened(envelopes []*feed.Envelope) []arrival {
	arrivals := make([]arrival, len(envelopes))
	for i, env := range envelopes {
		arrivals[i].Envelope = env
	}
	return arrivals
}

// openArrival makes what views are given of an envelope.
func (w *Workspace) openArrival(a arrival, st *member.State) (Opened, error) {
	if !a.opened {
		return w.open(a.Envelope, st)
	}
	return w.openedBy(a.Envelope, a.plain, st), nil
}
