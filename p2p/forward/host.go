package forward

import (
	"context"
	"sync"
	"time"

	"parvis/p2p"
	"parvis/p2p/pace"
	"parvis/p2p/wire"
)

// Bounds of a super-peer (W94).
const (
	MaxRooms  = 128
	MaxGuests = 64  // of one room
	maxAll    = 256 // of all rooms
	joinBurst = 20  // of one device, at once
	joinEvery = 2 * time.Second
)

// Guest is a member in a room.
type Guest struct {
	Peer p2p.PeerID
	Tag  Tag
	// Send gives it a signal and does not block.
	Send func(Signal)
}

// Hall is the media connections of one room. No method but Close may block; none may call
// the Host.
type Hall interface {
	Join(g Guest)
	Leave(t Tag)
	Signal(from Tag, s Signal) error
	// Close ends all connections and waits.
	Close() error
}

// Config is what a Host stands on.
type Config struct {
	// May reports whether a device may be in the rooms of a workspace now. It must be quick.
	May func(peer p2p.PeerID, workspace [32]byte) bool
	// Open makes the connections of a new room.
	Open func(r Room) (Hall, error)
	// Changed tells how many rooms and guests there are, at each change. It must not call
	// the Host, and may be nil.
	Changed func(rooms, guests int)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
}

// Host is the rooms of a super-peer.
type Host struct {
	config  Config
	closing sync.WaitGroup // of halls

	mu     sync.Mutex
	rooms  map[key]*room // guarded by mu
	joins  pace.Pace     // guarded by mu
	guests int           // guarded by mu
	closed bool          // guarded by mu
}

// key is what a room is known by: the same name in two workspaces is two rooms.
type key struct {
	workspace [32]byte
	room      Room
}

type room struct {
	hall   Hall
	guests map[Tag]*guest
}

// guest is one stream.
type guest struct {
	key  key
	tag  Tag
	peer p2p.PeerID
	line *line
}

// NewHost makes a host without rooms. Serve lets members in; Close must be called.
func NewHost(c Config) *Host {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Changed == nil {
		c.Changed = func(int, int) {}
	}
	return &Host{config: c, rooms: map[key]*room{}, joins: pace.Pace{Every: joinEvery, Burst: joinBurst}}
}

// Serve lets the members of a node in.
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

// serve is one guest, from its ticket to the end of its stream.
func (h *Host) serve(ctx context.Context, s p2p.Stream) error {
	l := newLine(s)
	frame, err := l.r.ReadFrame(maxJoin)
	if err != nil {
		return err
	}
	t, err := decodeJoin(frame)
	if err != nil {
		return err
	}
	g := &guest{key: key{t.Workspace, t.Room}, tag: t.Tag, peer: s.Peer(), line: l}
	if refusal := h.enter(g); refusal != nil {
		return wire.Send(l.w, verdictOn(refusal))
	}
	defer h.leave(g)
	defer context.AfterFunc(ctx, l.cut)()
	if err := wire.Send(l.w, verdictOn(nil)); err != nil {
		return err
	}
	if err := s.SetDeadline(time.Time{}); err != nil {
		return err
	}
	return l.run(func(s Signal) { h.signal(g, s) })
}

// enter gives a guest its place, or says why not.
func (h *Host) enter(g *guest) (refusal error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.joins.Allow(g.peer, h.config.Now()) {
		return ErrOften
	}
	if !h.config.May(g.peer, g.key.workspace) {
		return ErrStranger
	}
	if h.closed {
		return ErrFull
	}
	r := h.rooms[g.key]
	if r != nil {
		if other := r.guests[g.tag]; other != nil && other.peer != g.peer {
			return ErrTaken
		}
		for _, other := range r.guests {
			if other.peer == g.peer { // its older place, under whatever tag
				h.drop(r, other)
			}
		}
		if len(r.guests) >= MaxGuests {
			return ErrFull
		}
	}
	if h.guests >= maxAll || r == nil && len(h.rooms) >= MaxRooms {
		return ErrFull
	}
	if r == nil {
		hall, err := h.config.Open(g.key.room)
		if err != nil {
			return ErrFull
		}
		r = &room{hall, map[Tag]*guest{}}
		h.rooms[g.key] = r
	}
	r.guests[g.tag] = g
	h.guests++
	r.hall.Join(Guest{g.peer, g.tag, g.line.Send})
	h.config.Changed(len(h.rooms), h.guests)
	return nil
}

// drop takes a guest out of its room. The caller holds mu.
func (h *Host) drop(r *room, g *guest) {
	if r.guests[g.tag] != g {
		return
	}
	delete(r.guests, g.tag)
	h.guests--
	r.hall.Leave(g.tag)
	g.line.cut()
	h.config.Changed(len(h.rooms), h.guests)
}

// leave takes a guest out whose stream has ended. The last one closes the room.
func (h *Host) leave(g *guest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r := h.rooms[g.key]; r != nil {
		h.drop(r, g)
		h.tidy(g.key, r)
	}
}

// tidy closes a room that is empty. The caller holds mu.
func (h *Host) tidy(k key, r *room) {
	if len(r.guests) > 0 {
		return
	}
	delete(h.rooms, k)
	h.closing.Go(func() { _ = r.hall.Close() })
	h.config.Changed(len(h.rooms), h.guests)
}

// signal hands on what a guest says about its connection. What the connection does not
// take is dropped: it is made anew by the guest.
func (h *Host) signal(g *guest, s Signal) {
	h.mu.Lock()
	r := h.rooms[g.key]
	in := r != nil && r.guests[g.tag] == g
	h.mu.Unlock()
	if in {
		_ = r.hall.Signal(g.tag, s)
	}
}

// Recheck throws out who may not be here any more.
func (h *Host) Recheck() {
	h.sweep(func(g *guest) bool { return !h.config.May(g.peer, g.key.workspace) })
}

func (h *Host) sweep(which func(*guest) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k, r := range h.rooms {
		for _, g := range r.guests {
			if which(g) {
				h.drop(r, g)
			}
		}
		h.tidy(k, r)
	}
}

// Has reports whether a device is in a room of that name.
func (h *Host) Has(p p2p.PeerID, name Room) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k, r := range h.rooms {
		if k.room != name {
			continue
		}
		for _, g := range r.guests {
			if g.peer == p {
				return true
			}
		}
	}
	return false
}

// Count is how many rooms there are, and guests in all of them.
func (h *Host) Count() (rooms, guests int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.rooms), h.guests
}

// Close throws everybody out, lets nobody in any more, and waits.
func (h *Host) Close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.sweep(func(*guest) bool { return true })
	h.closing.Wait()
}
