package workspace

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Received is what a peer sent: sealed log entries, blobs and envelopes.
type Received struct {
	Entries, Blobs, Envelopes [][]byte
}

// ErrBad reports bytes that no honest peer sends; the sender gets penalty points.
var ErrBad = errors.New("invalid object")

// refused is why something that was received can never be stored.
type refused struct {
	raw []byte
	error
}

// Unwrap makes errors.Is see why.
func (r *refused) Unwrap() error { return r.error }

// Receive checks, stores, opens and applies what a peer sent. It returns after
// the commit. Receiving the same thing twice is not an error. Good objects are
// kept even when others beside them are bad; then the error is [ErrBad].
func (w *Workspace) Receive(ctx context.Context, batch Received) error {
	bad, err := w.receive(ctx, batch)
	bad = slices.DeleteFunc(bad, func(err error) bool { return errors.Is(err, errCrowded) })
	if err == nil && len(bad) > 0 {
		err = fmt.Errorf("%w: %w", ErrBad, errors.Join(bad...))
	}
	return err
}

// receive is Receive, and returns what was refused for good, as *refused: what is
// neither here nor among it waits for something.
func (w *Workspace) receive(ctx context.Context, batch Received) (bad []error, err error) {
	if len(batch.Entries) > 0 || len(batch.Blobs) > 0 {
		err := w.write(ctx, func(ctx context.Context, after *afterCommit) error {
			bad = nil
			return w.receiveLog(ctx, batch, after, &bad)
		})
		if err != nil {
			return nil, fmt.Errorf("receive log entries: %w", err)
		}
	}
	if err := w.receiveChecked(ctx, w.check(batch.Envelopes), &bad); err != nil {
		return nil, fmt.Errorf("receive envelopes: %w", err)
	}
	return bad, nil
}

// receiveLog adds entries, then whatever the blobs beside them make possible.
func (w *Workspace) receiveLog(ctx context.Context, batch Received, after *afterCommit, bad *[]error) error {
	for _, raw := range batch.Entries {
		entry, err := member.OpenEntry(w.keys.log(), w.id, raw)
		if seal.OutcomeOf(err) == seal.Pend { // of a later version
			continue
		}
		if err != nil {
			*bad = append(*bad, &refused{raw, err})
			continue
		}
		outcome, err := w.members.add(ctx, entry, raw, after)
		switch outcome {
		case seal.OK, seal.Drop:
		case seal.Evidence:
			w.tellFork(entry.Dev, after)
		case seal.Pend: // its parents come with the next comparison
			w.logger.Debug("entry waits", "entry", entry.ID.Short(), "why", err)
		case seal.Reject:
			*bad = append(*bad, &refused{raw, err})
		default:
			return fmt.Errorf("entry %s: %w", entry.ID.Short(), err)
		}
	}
	for _, raw := range batch.Blobs {
		err := w.receiveBlob(ctx, raw)
		var fault *seal.Fault
		switch {
		case errors.As(err, &fault):
			*bad = append(*bad, &refused{raw, err})
		case err != nil:
			return err // our own storage: the peer is not to blame
		}
	}
	if err := w.takeEarly(ctx); err != nil {
		return err
	}
	return w.unlock(ctx, after)
}

// spread runs do(0 … n-1) on all cores.
func spread(n int, do func(i int)) {
	workers := min(runtime.GOMAXPROCS(0), n/8+1)
	if workers <= 1 {
		for i := range n {
			do(i)
		}
		return
	}
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i := worker; i < n; i += workers {
				do(i)
			}
		})
	}
	wg.Wait()
}

// receiveEnvelopes checks verified envelopes against the log and the chains,
// stores what holds and applies what can be opened.
func (w *Workspace) receiveEnvelopes(ctx context.Context, arrivals []arrival, after *afterCommit, bad *[]error) error {
	if len(arrivals) == 0 {
		return nil
	}
	if err := w.members.fresh(ctx); err != nil {
		return err
	}
	rows, opened := make([]EnvelopeRow, 0, len(arrivals)), make([]Opened, 0, len(arrivals))
	unreadable := map[seal.ID]string{}
	forked := map[feed.FeedID]bool{}
	w.fences.coming = nil
	for _, env := range distinct(arrivals) {
		row, one, outcome, err := w.accept(ctx, env)
		switch outcome {
		case seal.OK, seal.Evidence:
			rows = append(rows, row)
			if outcome == seal.Evidence {
				if err := w.noteFork(ctx, env.Envelope, after); err != nil {
					return err
				}
				forked[env.Feed()] = true
			}
			switch row.State {
			case EnvelopeApplied, EnvelopeHidden:
				opened = append(opened, one)
			case EnvelopeQuarantined:
				unreadable[row.ID] = err.Error()
			case EnvelopeWaitsForKey:
			}
		case seal.Drop:
		case seal.Pend:
			w.waiting.put(env.Envelope)
		case seal.Reject:
			*bad = append(*bad, &refused{env.Raw, err})
		default:
			return err
		}
	}
	if len(rows) == 0 {
		return nil
	}
	if err := w.keep(ctx, rows, opened, after); err != nil {
		return err
	}
	for id, reason := range unreadable {
		if err := w.quarantine(ctx, id, reason, after); err != nil {
			return err
		}
	}
	return w.fences.settle(ctx, rows, forked, after)
}

// accept decides about one verified envelope and opens it when the key is here.
func (w *Workspace) accept(ctx context.Context, env arrival) (EnvelopeRow, Opened, seal.Outcome, error) {
	h := env.Header
	row := EnvelopeRow{Space: h.Space, Device: h.Dev, Seq: h.Seq, ID: env.ID, Bytes: env.Raw}
	if h.WS != w.id {
		return row, Opened{}, seal.Reject, &seal.Fault{Outcome: seal.Reject, Reason: "an envelope of another workspace"}
	}
	st, err := w.members.at(h.LogRefs)
	if err != nil {
		return row, Opened{}, seal.Pend, err
	}
	id := feed.FeedID{Space: h.Space, Device: h.Dev}
	tail, err := w.feeds.tail(ctx, id)
	if err != nil {
		return row, Opened{}, seal.Quarantine, err
	}
	outcome, err := feed.Check(env.Envelope, tail, st)
	if h.Seq <= tail.Seq && outcome == seal.Evidence {
		if _, found, lookup := w.storage.Envelope(ctx, w.id, env.ID); lookup != nil {
			return row, Opened{}, seal.Quarantine, lookup
		} else if found {
			outcome = seal.Drop
		} else if crowded, lookup := w.fences.crowded(ctx, row); lookup != nil {
			return row, Opened{}, seal.Quarantine, lookup
		} else if crowded {
			return row, Opened{}, seal.Reject, errCrowded
		}
	}
	if outcome != seal.OK && outcome != seal.Evidence {
		return row, Opened{}, outcome, err
	}
	if h.Seq > tail.Seq { // a fork beyond the tail goes on from there (rule E7)
		w.feeds.advance(id, feed.Tail{Seq: h.Seq, ID: env.ID})
	}
	opened, err := w.openArrival(env, w.members.pending())
	switch {
	case errors.Is(err, ErrNoKey):
		row.State = EnvelopeWaitsForKey
		w.keys.want(w.members.pending(), h.Space, h.EpochID)
	case err != nil:
		row.State = EnvelopeQuarantined
	default:
		if err := w.fences.place(ctx, &row, &opened); err != nil {
			return row, Opened{}, seal.Quarantine, err
		}
	}
	return row, opened, outcome, err
}
