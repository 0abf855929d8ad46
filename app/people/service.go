package people

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"parvis/app/event"
	"parvis/app/name"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// newDeviceMs is how long a new device is pointed out (protocol 2.2).
const newDeviceMs = 7 * 24 * 3_600_000

// Config is what people stands on.
type Config struct {
	Store Storage
	// Workspaces tells who came, went and is online; may be nil.
	Workspaces *workspace.Manager
	Elsewhere  Elsewhere // the own person's other devices; may be nil
	// Repeat writes what else those who came to a space lack to find their way; may be nil.
	Repeat func(ctx context.Context, ws seal.ID, space seal.SpaceID) error
	Now    func() time.Time // time.Now when nil
	Log    *slog.Logger     // none when nil
}

// Service is the people of all workspaces of this device.
type Service struct {
	config Config
	stop   func()

	// Facts, each told after its commit. Subscribers must not block.
	PersonChanged    event.Topic[Person]
	WorkspaceRenamed event.Topic[seal.ID]
	SpaceRenamed     event.Topic[NamedSpace]
	Trouble          event.Topic[Trouble]

	wake chan struct{}

	mu     sync.Mutex
	views  map[seal.ID]*view // guarded by mu
	unsaid map[seal.ID]bool  // guarded by mu; workspaces in which names may have to be said abroad
}

// New makes the service. It reads nothing.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{config: c, stop: func() {}, wake: make(chan struct{}, 1), views: map[seal.ID]*view{}, unsaid: map[seal.ID]bool{}}
}

// Trouble is a damaged row, named for the user.
type Trouble struct {
	Workspace seal.ID
	Text      string // one sentence
}

// NamedSpace is a space that got a name.
type NamedSpace struct {
	Workspace seal.ID
	Space     seal.SpaceID
}

// View adds a workspace and returns the view that folds its profile envelopes.
func (s *Service) View(w *workspace.Workspace) workspace.View { return s.Open(TeamOf(w)) }

// Open adds a workspace and returns the view that folds its profile envelopes.
// It reads nothing; opening a workspace again replaces what was kept of it.
func (s *Service) Open(team Team) workspace.View {
	v := &view{
		service: s, team: team, names: map[key]NameRow{}, vouches: map[seal.ID]map[seal.ID]string{},
		told: map[seal.ID]Person{}, said: map[saying]said{},
	}
	s.mu.Lock()
	s.views[team.ID()] = v
	s.mu.Unlock()
	s.abroad(team.ID())
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

// Name is how a person is called: the name the person chose, or a short id.
func (s *Service) Name(ws, person seal.ID) string {
	if v, err := s.view(ws); err == nil {
		if n := v.name(key{PersonName, string(person[:])}); n != "" {
			return n
		}
	}
	return person.Short()
}

// WorkspaceName is the name of a workspace, or empty while it is not known.
func (s *Service) WorkspaceName(_ context.Context, ws seal.ID) (string, error) {
	v, err := s.view(ws)
	if err != nil {
		return "", err
	}
	return v.name(key{what: WorkspaceName}), nil
}

// SpaceName is the name of a space, or empty.
func (s *Service) SpaceName(_ context.Context, ws seal.ID, space seal.SpaceID) (string, error) {
	v, err := s.view(ws)
	if err != nil {
		return "", err
	}
	return v.name(key{SpaceName, string(space[:])}), nil
}

// OnWorkspaceName calls heard whenever a workspace got a name, until cancel.
func (s *Service) OnWorkspaceName(heard func(ws seal.ID)) (cancel func()) {
	return s.WorkspaceRenamed.Subscribe(heard)
}

// List returns everybody, former members too: those who are here first, by name.
func (s *Service) List(_ context.Context, ws seal.ID) ([]Person, error) {
	v, err := s.view(ws)
	if err != nil {
		return nil, err
	}
	var all []Person
	for _, m := range v.team.Members() {
		if v.shows(m) {
			all = append(all, v.person(m))
		}
	}
	slices.SortStableFunc(all, func(a, b Person) int {
		if outA, outB := a.State.Out(), b.State.Out(); outA != outB {
			if outB {
				return -1
			}
			return 1
		}
		if c := strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)); c != 0 {
			return c
		}
		return a.ID.Compare(b.ID)
	})
	return all, nil
}

// Shows reports whether a person is listed.
func (s *Service) Shows(ws, person seal.ID) bool {
	v, err := s.view(ws)
	if err != nil {
		return false
	}
	m, ok := v.team.Member(person)
	return ok && v.shows(m)
}

// Rename changes one's own name.
func (s *Service) Rename(ctx context.Context, ws seal.ID, text string) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	home, ok := v.team.Home()
	if !ok {
		return fmt.Errorf("no space to write the name in: %w", ErrNotFound)
	}
	self, _ := v.team.Self()
	return v.give(ctx, home, PersonName, self[:], text)
}

// NameWorkspace names the workspace; owners and admins may.
func (s *Service) NameWorkspace(ctx context.Context, ws seal.ID, text string) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	self, _ := v.team.Self()
	home, ok := v.team.Home()
	if !ok || !v.leads(self) {
		return ErrRefused
	}
	return v.give(ctx, home, WorkspaceName, nil, text)
}

// NameSpace names a space, in an envelope that only the space's people can read.
func (s *Service) NameSpace(ctx context.Context, ws seal.ID, space seal.SpaceID, text string) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	return v.give(ctx, space, SpaceName, space[:], text)
}

// FreeSpaceName makes sure that none of some spaces has a name, whatever the case of
// its letters.
func (s *Service) FreeSpaceName(ctx context.Context, ws seal.ID, spaces []seal.SpaceID, text string) error {
	if text = name.Typed(text); text == "" {
		return ErrInvalid
	}
	for _, space := range spaces {
		other, err := s.SpaceName(ctx, ws, space)
		if err != nil {
			return err
		}
		if strings.EqualFold(other, text) {
			return fmt.Errorf("space %s: %w", space.Short(), ErrTaken)
		}
	}
	return nil
}

// give writes a name, unless it is the one already given.
func (v *view) give(ctx context.Context, space seal.SpaceID, what What, target []byte, text string) error {
	text = name.Typed(text)
	if text == "" {
		return ErrInvalid
	}
	if v.name(key{what, string(target)}) == text {
		return nil
	}
	_, err := v.write(ctx, space, Profile{What: what, Target: target, Name: text}, key{what, string(target)})
	return err
}

// RepeatSpaceName writes the name of a space once more, and whom it lets in, for people
// who cannot open what was written before they came.
func (s *Service) RepeatSpaceName(ctx context.Context, ws seal.ID, space seal.SpaceID) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	for _, what := range []What{SpaceName, Demand} {
		k := key{what, string(space[:])}
		text := v.name(k)
		if text == "" {
			continue
		}
		if _, err := v.repeat(ctx, space, Profile{What: what, Target: space[:], Name: text}, k); err != nil {
			return err
		}
	}
	return nil
}

// repeat says once more what k is called, and says how that is: a name that was given
// meanwhile must not give way to the one before.
func (v *view) repeat(ctx context.Context, space seal.SpaceID, p Profile, k key) (said, error) {
	opened, err := v.put(ctx, space, k, func(now NameRow) Profile {
		p.Name = cmp.Or(now.Name, p.Name)
		return p
	})
	return said{opened.ID, p.Name}, err
}

// write says something new of what k names.
func (v *view) write(ctx context.Context, space seal.SpaceID, p Profile, k key) (workspace.Opened, error) {
	return v.put(ctx, space, k, func(NameRow) Profile { return p })
}

// put writes what is to be said of what k names, which may depend on what is said of it when
// nothing can come between.
func (v *view) put(ctx context.Context, space seal.SpaceID, k key, what func(now NameRow) Profile) (workspace.Opened, error) {
	opened, err := v.team.Append(ctx, space, workspace.KindProfile, func(ctx context.Context) (workspace.Draft, error) {
		before, _, err := v.service.config.Store.NameRow(ctx, v.team.ID(), k.what, k.target)
		if err != nil {
			return workspace.Draft{}, err
		}
		p := what(before)
		p.Lamport = before.Lamport + 1
		body, err := p.Encode()
		return workspace.Draft{Body: body}, err
	})
	if err != nil {
		return workspace.Opened{}, fmt.Errorf("give name: %w", err)
	}
	return opened, nil
}

// Start keeps up with who is here and online, and says names where they are not known,
// until Close.
func (s *Service) Start(ctx context.Context) error {
	if s.config.Workspaces == nil {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.sayAbroad(ctx) })
	events := &s.config.Workspaces.Events
	stopPresence := events.Presence.Subscribe(func(c workspace.PresenceChanged) { s.refresh(c.Workspace) })
	stopMembers := events.Members.Subscribe(func(c workspace.MembersChanged) {
		s.refresh(c.Workspace)
		s.abroad(c.Workspace)
	})
	s.stop = func() {
		stopPresence()
		stopMembers()
		cancel()
		wg.Wait()
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

// refresh tells every person of a workspace who looks different now.
func (s *Service) refresh(ws seal.ID) {
	v, err := s.view(ws)
	if err != nil {
		return
	}
	for _, m := range v.team.Members() {
		if v.shows(m) {
			v.tell(v.person(m))
		}
	}
}

// Introduce gives the own person the chosen name once a workspace is ready.
func (s *Service) Introduce(ctx context.Context, w *workspace.Workspace, text string) error {
	return s.Rename(ctx, w.ID(), text)
}
