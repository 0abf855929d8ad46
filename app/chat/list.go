package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"parvis/crdt/seal"
)

// list is what readers see of the channels of one workspace: the committed rows,
// counts and drafts. It is read from the store once and then kept up to date by
// what commits tell.
type list struct {
	v *view

	mu     sync.Mutex
	loaded bool                       // guarded by mu
	shown  map[ChannelID]*shown       // guarded by mu
	places map[int64]ChannelRow       // guarded by mu; by number
	told   map[seal.SpaceID][]seal.ID // guarded by mu; the people of the spaces told so far
}

// shown is one channel. Its picture has version 0 while it comes from the store.
type shown struct {
	picture
	draft string
}

func newList(v *view) *list {
	return &list{v: v, shown: map[ChannelID]*shown{}, places: map[int64]ChannelRow{}, told: map[seal.SpaceID][]seal.ID{}}
}

// load reads everything once. mu is held meanwhile, so that nothing newer can be
// overwritten; reading never waits for the writer.
func (l *list) load(ctx context.Context) error {
	if l.loaded {
		return nil
	}
	storage := l.v.storage()
	rows, err := l.v.channelRows(ctx)
	if err != nil {
		return err
	}
	for _, row := range rows {
		s, known := l.shown[row.Channel]
		if !known {
			s = &shown{picture: picture{row: row}}
			if err := l.count(ctx, s); err != nil {
				return err
			}
		}
		if s.draft, err = storage.Draft(ctx, row.N); err != nil {
			return err
		}
		l.put(s)
	}
	l.loaded = true
	return nil
}

func (l *list) count(ctx context.Context, s *shown) error {
	mark, err := l.v.storage().Mark(ctx, s.row.N)
	if err != nil {
		return err
	}
	s.readUpTo = mark.ID
	if s.unread, s.mentions, err = l.v.storage().Unread(ctx, s.row.N, mark); err != nil {
		return err
	}
	last, err := l.v.storage().LastPost(ctx, s.row.N)
	s.lastMs = last.SentMs
	return err
}

// put keeps a channel. Only a channel whose id belongs to its space is found by
// its id (rule T9), so that no other space can take the place of a channel.
func (l *list) put(s *shown) {
	l.places[s.row.N] = s.row
	if known := l.shown[s.row.Channel]; s.row.Made || known != nil && known.row.N == s.row.N {
		l.shown[s.row.Channel] = s // one that is not made any more shows nothing, and no other takes its place
	}
}

// update takes what a commit changed, unless something newer is known.
func (l *list) update(pictures []picture) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range pictures {
		s, known := l.shown[p.row.Channel]
		if !known || s.row.N != p.row.N {
			s = &shown{}
		}
		if p.version > s.version {
			s.picture = p
			l.put(s)
		}
	}
}

// setDraft remembers a draft that was stored.
func (l *list) setDraft(channel ChannelID, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s, known := l.shown[channel]; known {
		s.draft = text
	}
}

// find finds a channel that this device can read. A general channel that nobody
// has used yet has the number 0.
func (l *list) find(ctx context.Context, id ChannelID) (ChannelRow, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.load(ctx); err != nil {
		return ChannelRow{}, fmt.Errorf("read channels: %w", err)
	}
	if s, ok := l.shown[id]; ok && s.row.Made {
		if _, readable := l.v.team.Space(s.row.Space); readable {
			return s.row, nil
		}
	}
	for _, space := range l.v.team.Spaces() {
		if General(space.ID) == id {
			return l.general(space.ID), nil
		}
	}
	return ChannelRow{}, fmt.Errorf("channel %s: %w", id, ErrNotFound)
}

func (l *list) general(space seal.SpaceID) ChannelRow {
	return ChannelRow{Workspace: l.v.ws, Space: space, Channel: General(space), Made: true}
}

// place is the channel with a number.
func (l *list) place(ctx context.Context, n int64) (ChannelRow, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	row, ok := l.places[n]
	if !ok && l.load(ctx) == nil {
		row, ok = l.places[n]
	}
	return row, ok
}

// number is the number of a channel, if it has one.
func (l *list) number(ctx context.Context, p place) (int64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.load(ctx) != nil {
		return 0, false
	}
	for n, row := range l.places {
		if row.Space == p.space && row.Channel == p.channel {
			return n, true
		}
	}
	return 0, false
}

// channel is one channel as it is shown.
func (l *list) channel(ctx context.Context, id ChannelID) (Channel, bool) {
	row, err := l.find(ctx, id)
	if err != nil {
		return Channel{}, false
	}
	space, _ := l.v.team.Space(row.Space)
	l.mu.Lock()
	s, ok := l.shown[id]
	if !ok {
		s = &shown{picture: picture{row: row}}
	}
	copied := *s
	l.mu.Unlock()
	return l.v.channel(copied, space), true
}

// all lists the channels of every space: general first, then the others in the
// order in which this device met them.
func (l *list) all(ctx context.Context) ([]Channel, error) {
	l.mu.Lock()
	if err := l.load(ctx); err != nil {
		l.mu.Unlock()
		return nil, fmt.Errorf("read channels: %w", err)
	}
	bySpace := map[seal.SpaceID][]shown{}
	for _, s := range l.shown {
		if !s.row.Made {
			continue // what made it is hidden now
		}
		bySpace[s.row.Space] = append(bySpace[s.row.Space], *s)
	}
	l.mu.Unlock()
	var all []Channel
	for _, space := range l.v.team.Spaces() {
		here := bySpace[space.ID]
		general := General(space.ID)
		if !slices.ContainsFunc(here, func(s shown) bool { return s.row.Channel == general }) {
			here = append(here, shown{picture: picture{row: l.general(space.ID)}})
		}
		slices.SortFunc(here, func(a, b shown) int {
			switch general {
			case a.row.Channel:
				return -1
			case b.row.Channel:
				return 1
			}
			return int(a.row.N - b.row.N)
		})
		for _, s := range here {
			all = append(all, l.v.channel(s, space))
		}
	}
	return all, nil
}

// freshSpaces lists the readable spaces that the last call did not list, or with other
// people.
func (l *list) freshSpaces() []seal.SpaceID {
	l.mu.Lock()
	defer l.mu.Unlock()
	var fresh []seal.SpaceID
	for _, space := range l.v.team.Spaces() {
		if people, told := l.told[space.ID]; !told || !slices.Equal(people, space.People) {
			l.told[space.ID] = space.People
			fresh = append(fresh, space.ID)
		}
	}
	return fresh
}

// channel makes what is shown of a channel in its space.
func (v *view) channel(s shown, space Space) Channel {
	c := Channel{
		Workspace: v.ws, Space: s.row.Space, ID: s.row.Channel, Name: s.row.Name, People: space.People,
		Direct: space.Kind == Group && s.row.Channel == General(space.ID),
		Unread: s.unread, Mentions: s.mentions, ReadUpTo: s.readUpTo, LastMs: s.lastMs, Draft: s.draft,
	}
	if missed := v.service.config.Calls; missed != nil && c.Direct {
		c.MissedCalls = missed.Missed(context.Background(), v.ws, c.ID)
		c.Unread += c.MissedCalls
	}
	switch {
	case c.Direct:
		c.Name = v.otherNames(space.People)
	case s.row.Channel != General(space.ID):
	case space.Kind == Private:
		if c.Name, _ = v.service.config.People.SpaceName(context.Background(), v.ws, space.ID); c.Name != "" {
			break
		}
	}
	if c.Name == "" {
		c.Name = "general"
	}
	return c
}

// otherNames names the people of a direct conversation without oneself.
func (v *view) otherNames(people []seal.ID) string {
	self, _ := v.team.Self()
	var names []string
	for _, person := range people {
		if person != self {
			names = append(names, v.service.config.People.Name(v.ws, person))
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
