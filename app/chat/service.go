package chat

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parvis/app/event"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Config is what chat stands on.
type Config struct {
	Store  Storage
	People Names
	// Elsewhere is what this person's other devices know; may be nil.
	Elsewhere Elsewhere
	// Calls knows which calls were missed; may be nil.
	Calls Calls
	// Workspaces tells when spaces came or went; may be nil.
	Workspaces *workspace.Manager
	Now        func() time.Time // time.Now when nil
	Log        *slog.Logger     // none when nil
}

// Service is the conversations of all workspaces of this device.
type Service struct {
	config Config
	stop   func()

	// Facts, each told after its commit. Subscribers must not block.
	MessageChanged event.Topic[Message]
	ChannelChanged event.Topic[Channel]
	SomebodyTypes  event.Topic[Typing]
	Trouble        event.Topic[Trouble]
	Reload         event.Topic[seal.ID] // too much changed in this workspace to tell it one by one

	mu    sync.Mutex
	views map[seal.ID]*view // guarded by mu
}

// New makes the service. It reads nothing.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{config: c, stop: func() {}, views: map[seal.ID]*view{}}
}

// Start tells conversations that other people made possible, until Close: a new
// private space, or a direct conversation that somebody opened.
func (s *Service) Start(context.Context) error {
	if s.config.Workspaces != nil {
		s.stop = s.config.Workspaces.Events.Members.Subscribe(func(c workspace.MembersChanged) { s.refresh(c.Workspace) })
	}
	return nil
}

// Close ends what Start began.
func (s *Service) Close() {
	s.stop()
	s.mu.Lock()
	clear(s.views) // what they show is read again
	s.mu.Unlock()
}

// Calls knows the calls of direct conversations.
type Calls interface {
	// Missed counts the calls of a conversation that this person missed and has not seen.
	Missed(ctx context.Context, ws seal.ID, channel ChannelID) int
}

// Refresh tells a conversation of which something is told elsewhere: its missed calls.
func (s *Service) Refresh(ctx context.Context, ws seal.ID, channel ChannelID) {
	v, err := s.view(ws)
	if err != nil {
		return
	}
	if c, ok := v.list.channel(ctx, channel); ok {
		s.ChannelChanged.Publish(c)
	}
}

// Trouble is a damaged row, named for the user.
type Trouble struct {
	Workspace seal.ID
	Text      string // one sentence
}

// View adds a workspace and returns the view that folds its chat envelopes.
func (s *Service) View(w *workspace.Workspace) workspace.View { return s.Open(TeamOf(w)) }

// Open adds a workspace and returns the view that folds its chat envelopes. It
// reads nothing; opening a workspace again replaces what was kept of it.
func (s *Service) Open(team Team) workspace.View {
	v := newView(s, team)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views[team.ID()] = v
	team.OnLive(workspace.KindChat, v.hear)
	return v
}

// Forget drops what is kept in memory of a workspace that is not on this device any more.
func (s *Service) Forget(ws seal.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.views, ws)
}

// view finds the view of a workspace.
func (s *Service) view(ws seal.ID) (*view, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.views[ws]
	if !ok {
		return nil, fmt.Errorf("workspace %s: %w", ws.Short(), ErrNotFound)
	}
	return v, nil
}

// refresh tells the general channels of spaces that are new, or have other people.
func (s *Service) refresh(ws seal.ID) {
	v, err := s.view(ws)
	if err != nil {
		return
	}
	for _, space := range v.list.freshSpaces() {
		if c, ok := v.list.channel(context.Background(), General(space)); ok {
			s.ChannelChanged.Publish(c)
		}
	}
}
