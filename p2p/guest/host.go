package guest

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"parvis/p2p"
	"parvis/p2p/pace"
	"parvis/p2p/wire"
)

// Bounds of a super-peer (W115).
const (
	MaxGuests  = 16 // of one room
	maxAlone   = 128
	maxRooms   = 64 // of one workspace, with a member in it
	maxMembers = 64 // of one room
	joinBurst  = 40 // of one device, at once
	joinEvery  = time.Second
)

// ErrNoRoom says that a guest is one too many.
var ErrNoRoom = errors.New("there are as many guests as there may be")

// Config is what a Host stands on. No callback may block or call the Host.
type Config struct {
	// May reports whether a device may open rooms for a workspace now.
	May   func(peer p2p.PeerID, workspace [32]byte) bool
	Offer Offer
	// Admitted makes what a guest is given when it is let in; Forgotten takes it back.
	// Both may be nil.
	Admitted  func(s Seat) []byte
	Forgotten func(s Seat)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Host is the rooms of a super-peer.
type Host struct {
	config Config

	mu     sync.Mutex
	rooms  map[Room]*room // guarded by mu
	joins  pace.Pace      // guarded by mu
	alone  int            // guests in rooms without a member; guarded by mu
	closed bool           // guarded by mu
}

// room has members or guests or both. The first member says of which workspace it is, for
// as long as a member is there.
type room struct {
	workspace [32]byte
	members   map[Member]*member
	guests    map[Seat]*Visitor
}

// member is one stream.
type member struct {
	name   Member
	peer   p2p.PeerID
	ticket Ticket
	line   *line
}

// NewHost makes a host without rooms. Close must be called.
func NewHost(c Config) *Host {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Admitted == nil {
		c.Admitted = func(Seat) []byte { return nil }
	}
	if c.Forgotten == nil {
		c.Forgotten = func(Seat) {}
	}
	return &Host{config: c, rooms: map[Room]*room{}, joins: pace.Pace{Every: joinEvery, Burst: joinBurst}}
}

// Serve lets the members of a node open rooms.
func (h *Host) Serve(n *p2p.Node) {
	n.Handle(Protocol, func(ctx context.Context, s p2p.Stream) {
		err := h.serve(ctx, s)
		if err != nil {
			_ = s.Reset()
		}
		if wire.IsFault(err) {
			n.Penalise(s.Peer(), breach, err.Error())
		}
	})
}

// serve is one member, from its ticket to the end of its stream.
func (h *Host) serve(ctx context.Context, s p2p.Stream) error {
	l := newLine(s)
	frame, err := l.r.ReadFrame(maxOpen)
	if err != nil {
		return err
	}
	t, err := decodeOpen(frame)
	if err != nil {
		return err
	}
	m := &member{name: Member(random16()), peer: s.Peer(), ticket: t, line: l}
	if (t.Room == Room{}) {
		return wire.Send(l.w, readyOn(h.mayAsk(m), h.config.Offer))
	}
	if refusal := h.open(m); refusal != nil {
		return wire.Send(l.w, readyOn(refusal, Offer{}))
	}
	defer h.shut(m)
	defer context.AfterFunc(ctx, l.cut)()
	if err := wire.Send(l.w, readyOn(nil, h.config.Offer)); err != nil {
		return err
	}
	if err := s.SetDeadline(time.Time{}); err != nil {
		return err
	}
	return l.run(true, func(e Event) { h.take(m, e) })
}

func random16() (name [16]byte) {
	rand.Read(name[:])
	return name
}

// mayAsk says why a device is told nothing, and counts how often it comes.
func (h *Host) mayAsk(m *member) (refusal error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mayCome(m)
}

// mayCome is called with mu held.
func (h *Host) mayCome(m *member) error {
	switch {
	case !h.joins.Allow(m.peer, h.config.Now()):
		return ErrOften
	case !h.config.May(m.peer, m.ticket.Workspace):
		return ErrStranger
	case h.closed:
		return ErrFull
	}
	return nil
}

// open puts a member into its room, or says why not.
func (h *Host) open(m *member) (refusal error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if refusal := h.mayCome(m); refusal != nil {
		return refusal
	}
	r := h.rooms[m.ticket.Room]
	if r != nil && len(r.members) > 0 {
		if r.workspace != m.ticket.Workspace {
			return ErrTaken
		}
		for _, other := range r.members {
			if other.peer == m.peer { // its older stream
				h.drop(r, other)
			}
		}
		if len(r.members) >= maxMembers {
			return ErrFull
		}
	}
	if h.roomsOf(m.ticket.Workspace) >= maxRooms && (r == nil || len(r.members) == 0) {
		return ErrFull
	}
	r = h.room(m.ticket.Room)
	if len(r.members) == 0 {
		r.workspace = m.ticket.Workspace
		h.alone -= len(r.guests)
	}
	r.members[m.name] = m
	for seat, v := range r.guests {
		m.line.queue.put(Event{Kind: Came, Seat: seat}) // few enough to fit
		v.tell(Notice{Kind: NoticeCame, Member: m.name})
	}
	return nil
}

// room is called with mu held.
func (h *Host) room(name Room) *room {
	r := h.rooms[name]
	if r == nil {
		r = &room{members: map[Member]*member{}, guests: map[Seat]*Visitor{}}
		h.rooms[name] = r
	}
	return r
}

// roomsOf counts those that members of a workspace have opened. It is called with mu held.
func (h *Host) roomsOf(workspace [32]byte) (count int) {
	for _, r := range h.rooms {
		if len(r.members) > 0 && r.workspace == workspace {
			count++
		}
	}
	return count
}

// drop takes a member out of its room. The caller holds mu.
func (h *Host) drop(r *room, m *member) {
	if r.members[m.name] != m {
		return
	}
	delete(r.members, m.name)
	m.line.cut()
	if len(r.members) == 0 {
		h.alone += len(r.guests)
	}
	for _, v := range r.guests {
		v.leftAt = h.config.Now()
		v.tell(Notice{Kind: NoticeGone, Member: m.name})
	}
}

// shut takes a member out whose stream has ended.
func (h *Host) shut(m *member) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.rooms[m.ticket.Room]; r != nil {
		h.drop(r, m)
		h.tidy(m.ticket.Room, r)
	}
}

// tidy forgets a room without anybody. The caller holds mu.
func (h *Host) tidy(name Room, r *room) {
	if len(r.members)+len(r.guests) == 0 {
		delete(h.rooms, name)
	}
}

// take does what a member says. Guests that are gone were gone before it knew.
func (h *Host) take(m *member, e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[m.ticket.Room]
	if r == nil || r.members[m.name] != m || r.guests[e.Seat] == nil {
		return
	}
	v := r.guests[e.Seat]
	switch e.Kind {
	case Said:
		v.tell(Notice{NoticeSaid, m.name, e.Data})
	case Admit:
		v.admit()
	case Drop:
		v.dropped = true
		v.tell(Notice{Kind: NoticeDropped})
		h.leave(v)
	}
}

// Recheck throws out members who may not be here any more.
func (h *Host) Recheck() {
	h.sweep(func(m *member) bool { return !h.config.May(m.peer, m.ticket.Workspace) })
}

func (h *Host) sweep(which func(*member) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for name, r := range h.rooms {
		for _, m := range slices.Collect(maps.Values(r.members)) {
			if which(m) {
				h.drop(r, m)
			}
		}
		h.tidy(name, r)
	}
}

// Count is how many rooms have members in them, and how many guests there are in all.
func (h *Host) Count() (rooms, guests int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rooms {
		guests += len(r.guests)
		if len(r.members) > 0 {
			rooms++
		}
	}
	return rooms, guests
}

// Close throws everybody out and lets nobody in any more.
func (h *Host) Close() {
	h.mu.Lock()
	h.closed = true
	for _, r := range h.rooms {
		for _, v := range slices.Collect(maps.Values(r.guests)) {
			h.leave(v)
		}
	}
	h.mu.Unlock()
	h.sweep(func(*member) bool { return true })
}
