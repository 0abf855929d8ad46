package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// MaxPage is the greatest number of lines in one page.
const MaxPage = 1000

// Names tells how people and workspaces are called.
type Names interface {
	// Name is the short id of a person whose name is not known.
	Name(ws, person seal.ID) string
	WorkspaceName(ctx context.Context, ws seal.ID) (string, error)
	// SpaceName is empty where the name of a space is not known.
	SpaceName(ctx context.Context, ws seal.ID, space seal.SpaceID) (string, error)
}

// Log is a workspace as the audit needs it.
type Log interface {
	Self() (person, device seal.ID)
	State() *member.State
	// Entries are the durable entries of the membership log.
	Entries() []*member.Entry
}

// Config is what the audit stands on.
type Config struct {
	// Find returns a workspace, or an error that wraps ErrNotFound.
	Find  func(ws seal.ID) (Log, error)
	Names Names
	Now   func() time.Time
}

// Service is the audit logs of all workspaces of this device.
type Service struct {
	config Config

	mu   sync.Mutex
	told map[seal.ID]told // guarded by mu; the last telling of each workspace
}

// told is a story and the heads of the log that it tells.
type told struct {
	heads string
	story *story
}

// New makes the service. It reads nothing.
func New(c Config) *Service {
	if c.Now == nil {
		c.Now = time.Now
	}
	return &Service{config: c, told: map[seal.ID]told{}}
}

// Query chooses lines.
type Query struct {
	Person  string // only what this person did, or what was done to them; empty: everybody
	Before  int    // only lines before this one; 0: up to the last
	Limit   int    // 1 to MaxPage
	Routine bool   // also keys and acknowledgements
}

// Page is some lines of the log, oldest first.
type Page struct {
	Lines  []Line
	More   bool // there are older ones
	Forks  []Fork
	People []Person          // by id; to choose from
	Whole  bool              // nothing is kept from the reader: guests see their own part
	Names  map[string]string // of people and spaces, as far as they are known
}

// List reads the newest lines that a query chooses. Guests see what they did and what
// was done to them.
func (s *Service) List(ctx context.Context, ws seal.ID, q Query) (Page, error) {
	log, story, err := s.tell(ws)
	if err != nil {
		return Page{}, err
	}
	mine := viewOf(log)
	story = mine.of(story)
	names := s.names(ws, story)
	if err := s.nameSpaces(ctx, ws, story, names); err != nil {
		return Page{}, err
	}
	page := Page{Names: names, Whole: mine.whole, Forks: story.forks, People: story.people}
	lines := story.word(naming{names, story.version})
	for i := len(lines) - 1; i >= 0; i-- {
		line := lines[i]
		if q.Before > 0 && line.N >= q.Before || !mine.sees(line) || line.Did.Routine() && !q.Routine || q.Person != "" && !line.About(q.Person) {
			continue
		}
		if len(page.Lines) == min(q.Limit, MaxPage) {
			page.More = true
			break
		}
		page.Lines = append(page.Lines, line)
	}
	slices.Reverse(page.Lines)
	return page, nil
}

// Exported is a file.
type Exported struct {
	Name    string
	Entries int
	Data    []byte
}

// Export writes the whole log as one file. Guests cannot: a part would not verify.
func (s *Service) Export(ctx context.Context, ws seal.ID) (Exported, error) {
	log, err := s.config.Find(ws)
	if err != nil {
		return Exported{}, err
	}
	if !viewOf(log).whole {
		return Exported{}, ErrGuest
	}
	entries := inOrder(log.Entries())
	story, err := tell(entries)
	if err != nil {
		return Exported{}, err
	}
	self, _ := log.Self()
	name, err := s.config.Names.WorkspaceName(ctx, ws)
	if err != nil {
		return Exported{}, fmt.Errorf("name the workspace: %w", err)
	}
	now := s.config.Now()
	data, err := write(story, Claims{ExportedMs: now.UnixMilli(), By: self.String(), Workspace: name, Names: s.names(ws, story)}, entries)
	if err != nil {
		return Exported{}, err
	}
	return Exported{Name: "parvis-audit-" + ws.Short() + "-" + now.UTC().Format("2006-01-02") + ".json", Entries: len(entries), Data: data}, nil
}

// tell reads the log of a workspace, unless nothing came since it was read last.
func (s *Service) tell(ws seal.ID) (Log, *story, error) {
	log, err := s.config.Find(ws)
	if err != nil {
		return nil, nil, err
	}
	var heads strings.Builder
	for _, h := range log.State().Heads() {
		heads.Write(h[:])
	}
	s.mu.Lock()
	last := s.told[ws]
	s.mu.Unlock()
	if last.story != nil && last.heads == heads.String() {
		return log, last.story, nil
	}
	entries := log.Entries()
	if len(entries) == 0 {
		return nil, nil, fmt.Errorf("workspace %s is not joined yet: %w", ws.Short(), ErrNotFound)
	}
	story, err := tell(entries)
	if err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	s.told[ws] = told{heads.String(), story}
	s.mu.Unlock()
	return log, story, nil
}

// names are those that this device knows of the people in a story.
func (s *Service) names(ws seal.ID, story *story) map[string]string {
	names := map[string]string{}
	note := func(person string) {
		id, err := seal.ParseID(person)
		if err != nil {
			return
		}
		if name := s.config.Names.Name(ws, id); name != id.Short() {
			names[person] = name
		}
	}
	for _, p := range story.people {
		note(p.ID)
	}
	for _, l := range story.lines { // people whose admission does not count
		if l.Did.What == Admitted {
			note(l.Did.Person)
		}
		note(l.By.Person)
	}
	return names
}

// nameSpaces adds the names of spaces that this device knows. They are for this screen
// only: in a file they would tell others what only a space's own people read.
func (s *Service) nameSpaces(ctx context.Context, ws seal.ID, story *story, names map[string]string) error {
	for _, l := range story.lines {
		if l.Did.What != MadeSpace {
			continue
		}
		id, err := seal.ParseSpaceID(l.Did.Space)
		if err != nil {
			return err
		}
		name, err := s.config.Names.SpaceName(ctx, ws, id)
		if err != nil {
			return fmt.Errorf("name space %s: %w", SpaceMark(l.Did.Space), err)
		}
		if name != "" {
			names[l.Did.Space] = name
		}
	}
	return nil
}

// view is what one person sees of a log.
type view struct {
	self  string
	whole bool
}

// viewOf is everything, but for guests: they hold the whole log, because its rules need
// it, but other people are not their business.
func viewOf(log Log) view {
	self, _ := log.Self()
	p, known := log.State().Person(self)
	return view{self.String(), known && p.Role < member.RoleGuest}
}

func (v view) sees(l Line) bool { return v.whole || l.About(v.self) }

// of is the story as it is told to the reader: guests are named no other members of
// spaces, and no trustees.
func (v view) of(s *story) *story {
	if v.whole {
		return s
	}
	own := *s
	own.lines = slices.Clone(s.lines)
	for i := range own.lines {
		did := &own.lines[i].Did
		did.Access = slices.DeleteFunc(slices.Clone(did.Access), func(g Given) bool { return g.Person != v.self })
		if did.What == SetPolicy || did.What == Deposed {
			did.Added = slices.DeleteFunc(slices.Clone(did.Added), func(p string) bool { return p != v.self })
		}
	}
	own.forks = slices.DeleteFunc(slices.Clone(s.forks), func(f Fork) bool { return f.Person != v.self })
	own.people = slices.DeleteFunc(slices.Clone(s.people), func(p Person) bool { return p.ID != v.self })
	return &own
}
