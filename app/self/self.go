// Package self carries what one person's devices share: what was read, what is being
// written, settings. It travels in envelopes of kind self in the person's own space
// (SPEC.md), which nobody else can read.
package self

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"parvis/app/event"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// ErrNotFound reports an unknown workspace.
var ErrNotFound = errors.New("no such workspace")

// CoalesceFor is how long what changes is collected before it is written: each
// envelope takes room on all devices.
const CoalesceFor = 2 * time.Second

// Fact is one value under a key. Of two the greater Order counts, then the later one;
// most facts have no Order.
type Fact struct {
	Key   string
	Order []byte
	Value []byte
}

// Changed is a fact that arrived from another device.
type Changed struct {
	Workspace seal.ID
	Fact
	Writer seal.ID // the envelope
}

// Source knows facts of this device that were never shared.
type Source interface {
	Facts(ctx context.Context, ws seal.ID) ([]Fact, error)
}

// Config is what a Service stands on.
type Config struct {
	Store Storage
	// Workspaces tells when the person's devices change; may be nil.
	Workspaces *workspace.Manager
	// Sources are asked when a second device comes, and at every start.
	Sources []Source
	// Coalesce is CoalesceFor when zero.
	Coalesce time.Duration
	Log      *slog.Logger // none when nil
}

// Service is the shared facts of all workspaces of this device.
type Service struct {
	config Config
	stop   func()
	wg     sync.WaitGroup

	// Changed tells facts from other devices, each after its commit. Subscribers must
	// not block.
	Changed event.Topic[Changed]

	mu     sync.Mutex
	ctx    context.Context             // guarded by mu; of the background work
	cancel context.CancelFunc          // guarded by mu
	views  map[seal.ID]*view           // guarded by mu
	queued map[seal.ID]map[string]Fact // guarded by mu; to be written
	asked  map[seal.ID]int             // guarded by mu; devices when the sources were asked
	timer  *time.Timer                 // guarded by mu; nil: nothing is queued
	closed bool                        // guarded by mu
}

// New makes the service. It reads nothing.
func New(c Config) *Service {
	if c.Coalesce == 0 {
		c.Coalesce = CoalesceFor
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{config: c, stop: func() {}, cancel: func() {}, views: map[seal.ID]*view{}, queued: map[seal.ID]map[string]Fact{}, asked: map[seal.ID]int{}}
}

// View adds a workspace and returns the view that folds its envelopes.
func (s *Service) View(w *workspace.Workspace) workspace.View { return s.Open(TeamOf(w)) }

// Open adds a workspace and returns the view that folds its envelopes. It reads
// nothing; opening a workspace again replaces what was kept of it.
func (s *Service) Open(team Team) workspace.View {
	v := &view{service: s, team: team}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.views[team.ID()] = v
	delete(s.asked, team.ID())
	return v
}

// Start shares what the sources know, and what was put, until Close.
func (s *Service) Start(ctx context.Context) error {
	s.mu.Lock()
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.closed, s.timer = false, nil
	s.mu.Unlock()
	if s.config.Workspaces == nil {
		return nil
	}
	events := &s.config.Workspaces.Events
	members := events.Members.Subscribe(func(c workspace.MembersChanged) { s.look(c.Workspace) })
	state := events.State.Subscribe(func(c workspace.StateChanged) { s.look(c.Workspace) })
	s.stop = func() { members(); state() }
	for _, w := range s.config.Workspaces.List() {
		s.look(w.ID())
	}
	return nil
}

// Close ends what Start began, after it has written what is queued.
func (s *Service) Close() {
	s.stop()
	s.mu.Lock()
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	ctx, cancel := s.ctx, s.cancel
	s.mu.Unlock()
	if ctx != nil && ctx.Err() == nil {
		s.flush(context.WithoutCancel(ctx))
	}
	cancel()
	s.wg.Wait()
}

// Put shares a fact with the person's other devices, soon. What is put again before
// that is written once.
func (s *Service) Put(ws seal.ID, f Fact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queued[ws] == nil {
		s.queued[ws] = map[string]Fact{}
	}
	s.queued[ws][f.Key] = f
	s.arm(s.config.Coalesce)
}

// arm lets what is queued be written after a while. The caller holds mu.
func (s *Service) arm(after time.Duration) {
	if s.timer == nil && !s.closed && s.ctx != nil && s.ctx.Err() == nil {
		s.timer = time.AfterFunc(after, s.due)
	}
}

// Share writes a fact now, though there may be no other device yet. It is
// [workspace.ErrRefused] for guests, who have no space of their own.
func (s *Service) Share(ctx context.Context, ws seal.ID, f Fact) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	return v.share(ctx, []Fact{f}, false)
}

// due writes what is queued, on a timer's goroutine.
func (s *Service) due() {
	s.mu.Lock()
	s.timer = nil
	ctx := s.ctx
	if ctx.Err() != nil {
		s.mu.Unlock()
		return
	}
	s.wg.Add(1)
	s.mu.Unlock()
	defer s.wg.Done()
	s.flush(ctx)
}

// flush writes what is queued.
func (s *Service) flush(ctx context.Context) {
	s.mu.Lock()
	queued := s.queued
	s.queued = map[seal.ID]map[string]Fact{}
	s.mu.Unlock()
	for ws, facts := range queued {
		v, err := s.view(ws)
		if err != nil || v.team.Devices() < 2 {
			continue // nobody to share it with; the sources know it when somebody comes
		}
		err = v.share(ctx, slices.Collect(maps.Values(facts)), false)
		if err == nil || errors.Is(err, workspace.ErrRefused) {
			continue
		}
		s.putBack(ws, facts)
		if ctx.Err() == nil {
			s.config.Log.Warn("share with the own devices", "workspace", ws.Short(), "err", err)
		}
	}
}

// retryFactor is how many times longer than usual it takes until what could not be
// written is tried again.
const retryFactor = 5

// putBack queues facts again that could not be written, behind what is newer.
func (s *Service) putBack(ws seal.ID, facts map[string]Fact) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queued[ws] == nil {
		s.queued[ws] = map[string]Fact{}
	}
	for key, f := range facts {
		if _, newer := s.queued[ws][key]; !newer {
			s.queued[ws][key] = f
		}
	}
	s.arm(retryFactor * s.config.Coalesce)
}

// look asks the sources once a person has another device.
func (s *Service) look(ws seal.ID) {
	v, err := s.view(ws)
	if err != nil {
		return
	}
	devices := v.team.Devices()
	s.mu.Lock()
	ctx := s.ctx
	due := devices > 1 && s.asked[ws] != devices && ctx != nil && ctx.Err() == nil
	if due {
		s.asked[ws] = devices
		s.wg.Add(1)
	}
	s.mu.Unlock()
	if !due {
		return
	}
	go func() {
		defer s.wg.Done()
		if err := s.gather(ctx, v); err != nil && !errors.Is(err, workspace.ErrRefused) && ctx.Err() == nil {
			s.config.Log.Warn("share what is on this device", "workspace", ws.Short(), "err", err)
		}
	}()
}

// gather shares what the sources know and nobody has shared yet.
func (s *Service) gather(ctx context.Context, v *view) error {
	var fresh []Fact
	for _, source := range s.config.Sources {
		facts, err := source.Facts(ctx, v.team.ID())
		if err != nil {
			return err
		}
		for _, f := range facts {
			known, found, err := s.config.Store.SelfRow(ctx, v.team.ID(), f.Key)
			if err != nil {
				return err
			}
			if !found || len(f.Order) > 0 && slices.Compare(f.Order, known.Order) > 0 {
				fresh = append(fresh, f)
			}
		}
	}
	return v.share(ctx, fresh, true)
}

// Applied notes that a fact of another device is where it belongs.
func (s *Service) Applied(ctx context.Context, c Changed) error {
	return s.config.Store.SelfApplied(ctx, c.Workspace, c.Key, c.Writer)
}

// Unapplied are the facts of other devices that nobody has said of that they are where
// they belong: the program ended in between.
func (s *Service) Unapplied(ctx context.Context, ws seal.ID) (list []Changed, err error) {
	rows, err := s.config.Store.SelfRows(ctx, ws, "")
	for _, row := range rows {
		if !row.Applied && !row.Damaged {
			list = append(list, row.changed())
		}
	}
	return list, err
}

// Value is what the person's devices share under a key.
func (s *Service) Value(ctx context.Context, ws seal.ID, key string) (value []byte, found bool, err error) {
	row, found, err := s.config.Store.SelfRow(ctx, ws, key)
	return row.Value, found, err
}

// Values is what the person's devices share under the keys that begin with prefix.
func (s *Service) Values(ctx context.Context, ws seal.ID, prefix string) (map[string][]byte, error) {
	rows, err := s.config.Store.SelfRows(ctx, ws, prefix)
	if err != nil {
		return nil, err
	}
	values := make(map[string][]byte, len(rows))
	for _, row := range rows {
		values[row.Key] = row.Value
	}
	return values, nil
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
