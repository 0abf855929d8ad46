package calls

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parvis/app/event"
	"parvis/app/workspace"
	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

// Config is what calls stand on.
type Config struct {
	Store    Storage
	People   Names
	Channels Channels
	Post     Post
	// Rooms opens the connections of a call.
	Rooms func(media.Config) (Room, error)
	// Tunnels may be nil: participants then need addresses that reach each other.
	Tunnels Tunnels
	// Carriers may be nil: a large call then always goes through a participant.
	Carriers Carriers
	// Doors may be nil: guests cannot come in then.
	Doors Doors
	// Generate makes the device of a test participant; may be nil.
	Generate func(name string, send func(media.Frame)) (Generator, error)
	// Values remember the own call for the next start of the program; may be nil.
	Values Values
	// Workspaces tells when somebody loses access; may be nil.
	Workspaces *workspace.Manager
	Now        func() time.Time // time.Now when nil
	Log        *slog.Logger     // none when nil
}

// Service is the calls of all workspaces of this device.
type Service struct {
	config Config
	stop   func()
	wake   chan struct{} // something goes on that needs the clock
	wg     sync.WaitGroup

	Facts

	device   atomic.Pointer[Attachment] // what captures and plays here
	session  atomic.Pointer[session]    // the own call; nil: none
	entering sync.Mutex                 // the own call is begun and ended by one at a time
	again    again

	mu    sync.Mutex
	views map[seal.ID]*view // guarded by mu
}

// Facts are what calls tell. Subscribers must not block.
type Facts struct {
	CallChanged  event.Topic[Call]
	Rang         event.Topic[Ring]
	StatsChanged event.Topic[Stats] // at most once a second, while this device is in a call
	Trouble      event.Topic[Trouble]
	Reacted      event.Topic[Reaction]   // in the own call
	Guests       event.Topic[GuestEvent] // of the own call
	LinksChanged event.Topic[LinksChanged]
}

// New makes the service. It reads nothing.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{config: c, stop: func() {}, wake: make(chan struct{}, 1), views: map[seal.ID]*view{}}
}

// View adds a workspace and returns the view that folds its call envelopes.
func (s *Service) View(w *workspace.Workspace) workspace.View { return s.Open(TeamOf(w)) }

// Open adds a workspace and returns the view that folds its call envelopes. It reads
// nothing; opening a workspace again replaces what was kept of it.
func (s *Service) Open(team Team) workspace.View {
	v := newView(s, team)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views[team.ID()] = v
	team.OnLive(workspace.KindCall, v.hear)
	return v
}

// Forget drops what is kept in memory of a workspace that is not on this device any more.
func (s *Service) Forget(ws seal.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.views, ws)
}

func (s *Service) view(ws seal.ID) (*view, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.views[ws]
	if !ok {
		return nil, fmt.Errorf("workspace %s: %w", ws.Short(), ErrNotFound)
	}
	return v, nil
}

func (s *Service) all() []*view {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*view
	for _, v := range s.views {
		all = append(all, v)
	}
	return all
}

// beat is how often it is looked at what time changes.
const beat = 500 * time.Millisecond

// Start keeps up with who is there, until Close.
func (s *Service) Start(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	unsubscribe := func() {}
	if s.config.Workspaces != nil {
		unsubscribe = s.config.Workspaces.Events.Members.Subscribe(func(c workspace.MembersChanged) { s.recheck(c.Workspace) })
	}
	s.stop = func() {
		unsubscribe()
		cancel()
	}
	s.wg.Go(func() { s.run(ctx) })
	return nil
}

// Close leaves the own call, ends what Start began and waits.
func (s *Service) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	if x := s.session.Load(); x != nil {
		s.end(ctx, x)
	}
	s.stop()
	s.wg.Wait()
	if x := s.session.Load(); x != nil { // it went over to another call meanwhile
		s.end(ctx, x)
	}
	if a := s.device.Load(); a != nil {
		a.Close()
	}
}

// run looks at the clock while anything goes on.
func (s *Service) run(ctx context.Context) {
	for {
		select {
		case <-s.wake:
		case <-ctx.Done():
			return
		}
		for s.tick() {
			select {
			case <-time.After(beat):
			case <-ctx.Done():
				return
			}
		}
	}
}

// busy says that something goes on that needs the clock.
func (s *Service) busy() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// tick does what is due, and reports whether anything goes on.
func (s *Service) tick() (more bool) {
	now := s.config.Now()
	for _, v := range s.all() {
		v.expire(now)
		v.expireAsking(now)
		more = v.stopOld(now) || v.goesOn() || more
	}
	s.forgetAgain(func(_ seal.ID, _ call.ID, until time.Time) bool { return !now.Before(until) })
	if x := s.session.Load(); x != nil {
		x.beat(now)
		more = true
	}
	return more
}

// recheck lets those go who may not be in a call any more (rule L11).
func (s *Service) recheck(ws seal.ID) {
	if v, err := s.view(ws); err == nil {
		v.recheck()
	}
	if x := s.session.Load(); x != nil && x.view.ws == ws {
		x.lobby.stale.Store(true) // of somebody who made a link, perhaps
		x.nudge()
	}
}
