package calls

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"parvis/app/name"
	"parvis/crdt/call"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
	"parvis/media"
)

// MaxGuests is how many guests may be in a call.
const MaxGuests = media.MaxGuests

const (
	maxVisitors  = 48 // who wait and who are in, at this device
	maxStandings = 256
	backWithin   = 30 * time.Second // a guest whose line broke comes back within it, or has gone
)

// Knock is a guest who waits to be let in.
type Knock struct {
	Guest seal.ID
	Name  string // as the guest calls itself: it proves nothing
	AtMs  int64  // when it was heard here
}

// GuestEvent says that something happened with a guest of the own call.
type GuestEvent struct {
	Workspace seal.ID
	ID        call.ID
	Guest     seal.ID
	Name      string
	What      GuestWord
}

// GuestWord says what happened.
type GuestWord string

// What happens with guests.
const (
	Knocked   GuestWord = "knocks"
	LetIn     GuestWord = "admitted"
	TurnedOut GuestWord = "removed" // or refused
	WentAway  GuestWord = "left"
)

// lobby is the guests of the own call: who waits, who was let in, and the lines to them.
type lobby struct {
	session *session
	own     seal.ExchangeKey // of this device in this call
	stale   atomic.Bool      // the links are to be read again
	acting  sync.Mutex       // held while it is done what was decided about a guest

	mu        sync.Mutex
	closed    bool                      // guarded by mu
	links     map[guest.Room]guest.Link // that are valid; guarded by mu
	doors     map[doorKey]*doorway      // guarded by mu
	lost      map[doorKey]time.Time     // when a door was; guarded by mu
	visitors  map[seal.ID]*visitor      // guarded by mu
	standings map[seal.ID]*standing     // of the whole call, never forgotten; guarded by mu
	asked     seal.ID                   // the recording that this device asks for; guarded by mu
}

// ruling is what the participants say of a guest. Who was removed once stays so (rule L64).
type ruling uint8

const (
	unruled ruling = iota
	admitted
	removed
)

// standing is what is known of a guest for the whole call.
type standing struct {
	ruling
	owed int            // how often a removal is still to be repeated
	talk *guest.Session // its numbers must never repeat
}

func (s *standing) is(r ruling) bool { return s != nil && s.ruling == r }

// visitor is a guest whose page is there.
type visitor struct {
	id     seal.ID
	public guest.Public
	link   guest.Link
	came   time.Time

	// Guarded by mu of the lobby.
	name    string
	state   State
	consent Answer
	in      bool      // of the room
	away    time.Time // since when its line is broken; zero: it is not

	guestLine
}

func newLobby(x *session) *lobby {
	b := &lobby{
		session: x, own: seal.NewExchangeKey(), links: map[guest.Room]guest.Link{}, doors: map[doorKey]*doorway{}, lost: map[doorKey]time.Time{},
		visitors: map[seal.ID]*visitor{}, standings: map[seal.ID]*standing{},
	}
	b.stale.Store(true)
	return b
}

// relink sets which links are valid. Who waits by another one is sent away.
func (b *lobby) relink(valid []Link) {
	links := map[guest.Room]guest.Link{}
	for _, l := range valid {
		link := l.secret.Link()
		links[link.Room] = link
	}
	b.mu.Lock()
	b.links = links
	var all []*visitor
	for _, v := range b.visitors {
		if _, still := links[v.link.Room]; !still {
			all = append(all, v)
		}
	}
	b.mu.Unlock()
	for _, v := range all {
		b.settle(v, false)
	}
}

// awaits reports whether there is a link or a guest to keep a door open for.
func (b *lobby) awaits() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.closed && len(b.links)+len(b.visitors) > 0
}

// wanted are the doors that are to be opened now; those that nobody needs are closed.
func (b *lobby) wanted(hosts []seal.ID, now time.Time) (open []*doorway) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	links := map[guest.Room]guest.Link{}
	for room, l := range b.links {
		links[room] = l
	}
	for _, v := range b.visitors {
		links[v.link.Room] = v.link
	}
	for key, d := range b.doors {
		if _, needed := links[key.room]; !needed {
			d.cancel()
		}
	}
	for room, l := range links {
		for _, host := range hosts {
			key := doorKey{room, host}
			lost, before := b.lost[key]
			if b.doors[key] != nil || before && now.Sub(lost) < doorPause && !now.Before(lost) {
				continue
			}
			d := &doorway{key: key, link: l}
			b.doors[key] = d
			open = append(open, d)
		}
	}
	return open
}

// shut forgets a door. Who sat there may come back.
func (b *lobby) shut(d *doorway, lost bool) {
	now := b.session.service.config.Now()
	b.mu.Lock()
	delete(b.doors, d.key)
	if lost {
		b.lost[d.key] = now
	}
	var seats []Seat
	for _, v := range b.visitors {
		if seat, here := v.sits(d); here {
			seats = append(seats, seat)
		}
	}
	b.mu.Unlock()
	for _, seat := range seats {
		b.away(d, seat)
	}
}

// take handles what happened at a door.
func (b *lobby) take(d *doorway, door Door, e SeatEvent) {
	switch {
	case e.Kind == SeatGone:
		b.away(d, e.Seat)
	case e.Kind != SeatSaid:
	case guest.IsKnock(e.Data):
		b.knock(d, door, e)
	default:
		b.hear(d, e)
	}
}

// knock takes somebody who asks to come in, or who comes back.
func (b *lobby) knock(d *doorway, door Door, e SeatEvent) {
	k, err := d.link.OpenKnock(e.Data)
	called := name.Clean(k.Name)
	if err != nil || called == "" {
		return // no page of ours says so
	}
	id, now := k.ID(), b.session.service.config.Now()
	if there := b.seated(d, e.Seat); there != nil && there.id != id {
		return // one page is one guest
	}
	b.mu.Lock()
	v := b.visitors[id]
	fresh := v == nil
	switch {
	case b.closed, v != nil && v.link.Room != d.link.Room:
		b.mu.Unlock()
		return
	case fresh && len(b.visitors) >= maxVisitors:
		b.mu.Unlock()
		b.answer(d.link, door, e.Seat, id, guest.Full)
		return
	case fresh:
		v = &visitor{id: id, public: k.Public, link: d.link, came: now, name: called, state: State{Muted: true}}
		if known := b.standings[id]; known != nil {
			v.talk = known.talk
		}
		b.visitors[id] = v
	}
	v.away = time.Time{}
	v.sit(d, door, e.Seat)
	b.mu.Unlock()
	b.settle(v, fresh)
}

// settle lets a guest be what was decided. fresh: nobody here knew of it.
func (b *lobby) settle(v *visitor, fresh bool) {
	b.acting.Lock()
	what := b.judge(v, fresh)
	b.acting.Unlock()
	if what != "" {
		b.tell(v, what)
	}
}

// judge does what was decided. The caller holds acting.
func (b *lobby) judge(v *visitor, fresh bool) GuestWord {
	b.mu.Lock()
	known := b.standings[v.id]
	if b.closed || b.visitors[v.id] != v {
		b.mu.Unlock()
		return ""
	}
	_, valid := b.links[v.link.Room]
	full := !v.in && b.inside() >= MaxGuests
	b.mu.Unlock()
	switch {
	case known.is(removed):
		b.dismiss(v, guest.Refused)
		return TurnedOut
	case known.is(admitted) && full: // elsewhere somebody let it in at the same moment
		v.answer(b, guest.Full)
		return ""
	case known.is(admitted):
		return b.let(v)
	case !valid:
		b.dismiss(v, guest.Revoked)
		return WentAway
	}
	v.answer(b, guest.Waiting)
	if !fresh {
		return ""
	}
	return Knocked
}

// inside is how many guests are in the call. The caller holds mu.
func (b *lobby) inside() (n int) {
	for _, v := range b.visitors {
		if v.in {
			n++
		}
	}
	return n
}

// dismiss sends a guest away. The caller holds acting.
func (b *lobby) dismiss(v *visitor, why guest.State) {
	if b.forget(v) {
		v.say(guest.Message{Type: guest.Removed})
		b.session.room.Leave(media.ID(v.id))
		b.withdraw(v)
	} else {
		v.answer(b, why)
	}
	v.drop()
}

// forget takes a guest off the list; it says whether it was in the room.
func (b *lobby) forget(v *visitor) (was bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.visitors[v.id] == v {
		delete(b.visitors, v.id)
	}
	was, v.in = v.in, false
	return was
}

// tell says what happened with a guest, and how the call stands now.
func (b *lobby) tell(v *visitor, what GuestWord) {
	x := b.session
	b.mu.Lock()
	called := v.name
	b.mu.Unlock()
	x.service.Guests.Publish(GuestEvent{x.view.ws, x.key.call, v.id, called, what})
	x.view.tell(x.key.call)
	x.nudge()
}

// participants are the guests who were let in, by id; waiting are the others, who came first
// first.
func (b *lobby) participants() (in []Participant, waiting []Knock) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, v := range b.visitors {
		if v.in {
			in = append(in, Participant{Device: id, Person: id, State: v.state, Consent: v.consent, Guest: true, Name: v.name})
		} else {
			waiting = append(waiting, Knock{id, v.name, v.came.UnixMilli()})
		}
	}
	slices.SortFunc(in, func(a, b Participant) int { return a.Device.Compare(b.Device) })
	slices.SortFunc(waiting, func(a, b Knock) int { return cmp.Or(cmp.Compare(a.AtMs, b.AtMs), a.Guest.Compare(b.Guest)) })
	return in, waiting
}

// nameOf is how a guest calls itself.
func (b *lobby) nameOf(id seal.ID) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if v := b.visitors[id]; v != nil {
		return v.name
	}
	return ""
}
