package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// CodesEnd says how a comparison came to nothing, as far as this side knows.
type CodesEnd string

// How a comparison ends without the codes being compared.
const (
	CodesStopped CodesEnd = "stopped" // our person gave up
	CodesWrong   CodesEnd = "wrong"   // our person typed another code than the other side shows
	CodesRefused CodesEnd = "refused" // the other person gave up or typed another code
	CodesLost    CodesEnd = "lost"    // the connection broke, as it does when the other side stops late
	CodesLate    CodesEnd = "late"    // its time was over
	CodesRemoved CodesEnd = "removed" // one of the two devices was removed meanwhile
	CodesOver    CodesEnd = "over"    // the invitation lets nobody in any more
)

// codesError is an [ErrCodes] that knows how the comparison ended.
type codesError struct {
	end   CodesEnd
	cause error
}

func (e *codesError) Error() string   { return ErrCodes.Error() + ": " + e.cause.Error() }
func (e *codesError) Unwrap() []error { return []error{ErrCodes, e.cause} }

// broken is how a run ended that no person ended, by err.
func broken(ctx context.Context, err error) CodesEnd {
	refusal, refused := errors.AsType[*Refusal](err)
	switch {
	case refused && refusal.Over():
		return CodesOver
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return CodesLate
	}
	return CodesLost
}

// endOf is how the comparison behind an [ErrCodes] ended.
func endOf(err error) CodesEnd {
	if known, ok := errors.AsType[*codesError](err); ok && known.end != "" {
		return known.end
	}
	return CodesLost
}

// Stopped says how the comparison of codes ended that a join came to nothing by;
// empty for a join that goes on, and for a workspace that is ready. Such a join rests
// until somebody opens the invitation again, opens another one, or cancels it.
func (w *Workspace) Stopped() CodesEnd {
	if j := w.joining.Load(); j != nil {
		return j.stopped()
	}
	return ""
}

func (j *joining) stopped() CodesEnd {
	if err := j.failure(); errors.Is(err, ErrCodes) {
		return endOf(err)
	}
	return ""
}

// endRemoved ends the comparisons with a device that is in the workspace no longer, and those
// of this device where it was removed itself: they would verify nobody.
func (m *Manager) endRemoved() {
	m.codes.mu.Lock()
	going := slices.Collect(maps.Values(m.codes.open))
	m.codes.mu.Unlock()
	for _, c := range going {
		w, err := m.Get(c.Workspace)
		if err != nil || !w.Ready() {
			continue // it joins, or adds a device, which is of no workspace yet
		}
		_, there := w.peerDevice(c.session.Peer())
		own, _ := w.State().Device(w.self.device)
		if own.Active && (there || c.Person.IsZero()) {
			continue
		}
		m.codes.mu.Lock()
		c.End = cmp.Or(c.End, CodesRemoved)
		m.codes.mu.Unlock()
		c.cancel()
	}
}

// rest keeps a join whose codes were not compared, so that the person sees what
// became of it. Nothing is tried again without being asked for (rule K8).
func (m *Manager) rest(w *Workspace, j *joining, err error) {
	stored := m.Storage.Write(m.ctx, func(ctx context.Context) error {
		return m.Storage.PutSecret(ctx, w.id, secretStopped, []byte(endOf(err)))
	})
	if stored != nil {
		m.Logger.Error("keep a stopped join", "err", stored) // it goes on at the next start
	}
	j.fail(err)
	m.network.Recheck()
	m.Events.State.Publish(StateChanged{Workspace: w.id})
}

// rested makes a join that was stopped before this start.
func (m *Manager) rested(link member.Link, name string, end CodesEnd) *joining {
	j := m.newJoining(link, name)
	j.cancel()
	j.fail(&codesError{end, errors.New("it was stopped before")})
	close(j.done)
	return j
}

// again starts a join anew that was stopped, with the link and the name of now.
func (m *Manager) again(ctx context.Context, w *Workspace, link member.Link, name string) (*joining, error) {
	stored, err := seal.Encode(storedJoin{V: 1, Link: link.String(), Name: name})
	if err != nil {
		return nil, err
	}
	err = m.Storage.Write(ctx, func(ctx context.Context) error {
		if err := m.Storage.DeleteSecret(ctx, w.id, secretStopped); err != nil {
			return err
		}
		return m.Storage.PutSecret(ctx, w.id, secretJoin, stored)
	})
	if err != nil {
		return nil, fmt.Errorf("join again: %w", err)
	}
	j := m.newJoining(link, name)
	w.joining.Store(j)
	m.goJoin(w, j)
	return j, nil
}

// forget removes what was made for a join that came to nothing.
func (m *Manager) forget(w *Workspace) {
	m.remove(w)
	if err := m.Storage.Write(m.ctx, func(ctx context.Context) error { return m.Storage.RemoveWorkspace(ctx, w.id) }); err != nil {
		m.Logger.Error("remove refused join", "err", err)
	}
	m.Events.State.Publish(StateChanged{Workspace: w.id})
}
