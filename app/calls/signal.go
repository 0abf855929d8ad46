package calls

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

// Limits of outgoing signals (rule L13).
const (
	maxQueued  = 128
	attempts   = 4
	firstPause = 500 * time.Millisecond // doubling
	byeTime    = time.Second
)

// signals are those of one call of this device: one queue per participant, so that a
// slow one delays nobody.
type signals struct {
	session *session
	wg      sync.WaitGroup

	mu      sync.Mutex
	counter call.Counter      // guarded by mu
	seen    call.Seen         // guarded by mu
	lines   map[seal.ID]*line // guarded by mu; by device
}

// line is the queue to one participant.
type line struct {
	queue  chan media.Signal
	cancel context.CancelFunc
	ended  bool // guarded by signals.mu; nothing goes out behind a bye
}

func newSignals(x *session) *signals { return &signals{session: x, lines: map[seal.ID]*line{}} }

// open makes the queue to a participant.
func (g *signals) open(to seal.ID) {
	ctx, cancel := context.WithCancel(context.Background()) // it outlives the session by a bye
	l := &line{queue: make(chan media.Signal, maxQueued), cancel: cancel}
	g.mu.Lock()
	g.lines[to] = l
	g.mu.Unlock()
	g.wg.Go(func() {
		defer cancel()
		for s := range l.queue {
			g.deliver(ctx, to, s)
		}
	})
}

// close ends the queue to a participant who has gone; what waits is dropped.
func (g *signals) close(to seal.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if l := g.lines[to]; l != nil {
		delete(g.lines, to)
		l.cancel()
		l.end()
	}
}

// end lets nothing more in. The caller holds mu.
func (l *line) end() {
	if !l.ended {
		l.ended = true
		close(l.queue)
	}
}

// signal brings a signal of the room to a participant, a guest or a super-peer.
func (x *session) signal(to media.ID, s media.Signal) {
	if isGuest(to) {
		x.lobby.signal(seal.ID(to), s)
		return
	}
	if !x.ways.carriers.send(seal.ID(to), s) {
		x.signals.fromRoom(to, s)
	}
}

// fromRoom queues a signal of the room. Its goodbyes are left out: those who leave are
// known by their hints, and a goodbye that comes late would end what began since.
func (g *signals) fromRoom(to media.ID, s media.Signal) {
	if s.Kind != media.Bye {
		g.post(to, s)
	}
}

// post queues a signal. It is dropped when the queue is full: the connection is then
// made anew.
func (g *signals) post(to media.ID, s media.Signal) {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.lines[seal.ID(to)]
	if l == nil || l.ended {
		return
	}
	select {
	case l.queue <- s:
	default:
		g.session.service.config.Log.Debug("signals wait too long", "device", seal.ID(to).Short())
	}
	if s.Kind == media.Bye {
		l.end()
	}
}

// bye says goodbye to all. What cannot be brought within a second is dropped.
func (g *signals) bye() {
	g.mu.Lock()
	var all []media.ID
	for id := range g.lines {
		all = append(all, media.ID(id))
	}
	g.mu.Unlock()
	for _, id := range all {
		g.post(id, media.Signal{Kind: media.Bye})
	}
}

// wait returns when all queues have ended.
func (g *signals) wait() {
	late := time.AfterFunc(byeTime, func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		for _, l := range g.lines {
			l.cancel()
		}
	})
	defer late.Stop()
	g.wg.Wait()
}

// deliver brings one signal, trying again while the device is not connected.
func (g *signals) deliver(ctx context.Context, to seal.ID, s media.Signal) {
	x := g.session
	g.mu.Lock()
	n := g.counter.Next(uint64(x.service.config.Now().UnixMilli()))
	g.mu.Unlock()
	raw, err := x.view.team.SealSignal(call.Signal{
		Space: x.key.space, Call: x.key.call, To: to, N: n, Type: call.Type(s.Kind), SDP: s.SDP, Fingerprint: s.Fingerprint,
	})
	for pause := firstPause; err == nil; pause *= 2 {
		peer, known := x.view.team.PeerOf(to)
		if !known {
			return
		}
		again := x.service.config.Post.Deliver(ctx, peer, raw)
		if again == nil || errors.Is(again, ErrRefused) || ctx.Err() != nil {
			return
		}
		if pause >= firstPause<<(attempts-1) {
			err = again
			break
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
	if err != nil {
		x.service.config.Log.Debug("send call signal", "device", to.Short(), "err", err)
	}
}

// Signal takes a signal that arrived (rule L12). It is [ErrMalformed] when nobody
// honest sent it, and any other error when it was not for the call of this device.
func (s *Service) Signal(raw []byte) error {
	signal, err := call.Open(raw)
	if seal.OutcomeOf(err) == seal.Reject {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if err != nil {
		return err
	}
	x := s.session.Load()
	if x == nil || !x.mayTake(signal) {
		return ErrRefused
	}
	if signal.Type == call.Bye {
		x.view.gone(x.key, signal.From, true)
		x.reconcile()
		return nil
	}
	if !x.view.signalled(x.key, signal.From) {
		return ErrRefused
	}
	x.reconcile()
	err = x.room.Signal(media.ID(signal.From), media.Signal{Kind: media.SignalKind(signal.Type), SDP: signal.SDP, Fingerprint: signal.Fingerprint})
	if err != nil {
		return fmt.Errorf("call signal: %w", err)
	}
	return nil
}

// mayTake reports whether a signal is for this device, in this call, from somebody who
// may be in it, and new.
func (x *session) mayTake(signal call.Signal) bool {
	team := x.view.team
	_, own := team.Self()
	if signal.Workspace != x.view.ws || signal.Space != x.key.space || signal.Call != x.key.call ||
		signal.To != own || !team.MayJoin(x.key.space, signal.From) {
		return false
	}
	x.signals.mu.Lock()
	defer x.signals.mu.Unlock()
	return x.signals.seen.New(signal)
}
