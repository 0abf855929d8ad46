package docs

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"parvis/app/event"
	"parvis/app/workspace"
	"parvis/crdt/doc"
	"parvis/crdt/doc/format"
	"parvis/crdt/seal"
)

// Format is one file format by its short name ("md", "docx"). Export or Import
// may be nil.
type Format struct {
	Mime   string
	Export format.Exporter
	Import format.Importer
}

// Config is what documents stand on.
type Config struct {
	Store  Storage
	People Names
	// Workspaces tells when custody changed; may be nil.
	Workspaces *workspace.Manager
	// Engine starts an engine; it is called when text is needed, and again after
	// the engine was closed because nobody needed it. May be nil.
	Engine  func() (doc.Engine, error)
	Formats map[string]Format // by name, which is also the ending of its files
	Files   Files             // of pictures; may be nil
	Now     func() time.Time  // time.Now when nil
	Log     *slog.Logger      // none when nil
}

// Names knows how people are called.
type Names interface {
	Name(ws, person seal.ID) string
}

// Service is the documents of all workspaces of this device.
type Service struct {
	config    Config
	stop      func()
	desk      *desk
	compactor *compactor

	// Facts, each told after its commit. Subscribers must not block.
	DocumentChanged event.Topic[Document]
	ChangesArrived  event.Topic[Changes]
	CursorMoved     event.Topic[Cursor]
	Mentioned       event.Topic[Mentioned]
	Reload          event.Topic[Reload]
	Trouble         event.Topic[Trouble]

	mu     sync.Mutex
	views  map[seal.ID]*view // guarded by mu
	closed bool              // guarded by mu
}

// New makes the service. It reads nothing and starts no engine.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Service{config: c, stop: func() {}, views: map[seal.ID]*view{}}
	s.desk = newDesk(s)
	s.compactor = newCompactor(s)
	return s
}

// Start tells when what was written here reached other devices, and makes
// snapshots in the background, until Close.
func (s *Service) Start(ctx context.Context) error {
	s.mu.Lock()
	s.closed = false
	s.mu.Unlock()
	if s.config.Workspaces != nil {
		s.stop = s.config.Workspaces.Events.Custody.Subscribe(s.acknowledged)
	}
	s.compactor.start(ctx)
	return nil
}

// Close ends what Start began, and closes the engine.
func (s *Service) Close() {
	s.stop()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.compactor.close()
	s.desk.close()
	s.mu.Lock()
	clear(s.views) // what they show is read again
	s.mu.Unlock()
}

// View adds a workspace and returns the view that folds its document envelopes.
func (s *Service) View(w *workspace.Workspace) workspace.View { return s.Add(TeamOf(w)) }

// Add adds a workspace and returns the view that folds its document envelopes. It
// reads nothing; adding a workspace again replaces what was kept of it.
func (s *Service) Add(team Team) workspace.View {
	v := newView(s, team)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views[team.ID()] = v
	team.OnLive(workspace.KindDocument, v.hear)
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

// find finds a document of a workspace.
func (s *Service) find(ctx context.Context, ws seal.ID, id doc.ID) (*view, shown, error) {
	v, err := s.view(ws)
	if err != nil {
		return nil, shown{}, err
	}
	d, err := v.list.find(ctx, id)
	return v, d, err
}

// acknowledged tells the documents whose custody moved.
func (s *Service) acknowledged(c workspace.CustodyChanged) {
	v, err := s.view(c.Workspace)
	if err != nil {
		return
	}
	if _, device := v.team.Self(); device != c.Device {
		return
	}
	for _, id := range v.list.restless(c.Space) {
		if d, ok := v.list.document(context.Background(), id); ok {
			s.DocumentChanged.Publish(d)
		}
	}
}

// after runs fn later, unless the service was closed.
func (s *Service) after(wait time.Duration, fn func()) {
	time.AfterFunc(wait, func() {
		s.mu.Lock()
		closed := s.closed
		s.mu.Unlock()
		if !closed {
			fn()
		}
	})
}
