package calls

import (
	"context"
	"sync"
	"time"

	"parvis/crdt/guest"
	"parvis/crdt/seal"
)

// Doors are the super-peers at which guests ask to come in.
type Doors interface {
	// Receiving are the hosts of those of a workspace that receive guests and are connected.
	Receiving(ws seal.ID) []seal.ID
	// Ask says where guests find one of them.
	Ask(ctx context.Context, ws, host seal.ID) (Reception, error)
	// Open opens the room of a meeting link at one of them. take gets what happens there, one
	// at a time, and must not block.
	Open(ctx context.Context, ws, host seal.ID, room guest.Room, take func(SeatEvent)) (Door, error)
}

// Reception is where guests find a super-peer.
type Reception struct {
	URL  string   // without a slash at the end
	STUN []string // where a device learns by which address a guest may reach it
}

// Door is the open room of a meeting link at a super-peer.
type Door interface {
	Seats
	Reception() Reception
	// Ended is closed when it is open no more.
	Ended() <-chan struct{}
	// Close closes it, after what was sent before, and waits until nothing more happens there.
	Close()
}

// Seats are the lines to the pages of guests. Nothing of it blocks.
type Seats interface {
	// Send brings sealed bytes to a page.
	Send(s Seat, data []byte)
	// Admit lets a guest use what the super-peer has to connect browsers.
	Admit(s Seat)
	// Drop ends the line.
	Drop(s Seat)
}

// Seat names the line to one page. Who comes back has another one.
type Seat [16]byte

// SeatEvent is something that happened at a door.
type SeatEvent struct {
	Seat Seat
	Kind SeatKind
	Data []byte // what was said, sealed
}

// SeatKind says what happened.
type SeatKind uint8

// What happens.
const (
	SeatCame SeatKind = 1
	SeatGone SeatKind = 2
	SeatSaid SeatKind = 3
)

const (
	maxDoors  = 4               // super-peers at which the rooms of a call are opened
	doorPause = 5 * time.Second // before a door that was lost is opened again
)

// doorKey is the room of a link at a super-peer.
type doorKey struct {
	room guest.Room
	host seal.ID
}

// doorway is one that is open, or being opened.
type doorway struct {
	key    doorKey
	link   guest.Link
	cancel context.CancelFunc

	mu    sync.Mutex
	door  Door        // nil: it is still being opened; guarded by mu
	early []SeatEvent // what happened before it was known; guarded by mu
}

// at is the door, and the event if it is to be handled now.
func (d *doorway) at(e SeatEvent) (Door, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.door == nil {
		d.early = append(d.early, e)
		return nil, false
	}
	return d.door, true
}

// opened notes the door, and hands out what happened before. What happens meanwhile waits.
func (d *doorway) opened(door Door, take func(Door, SeatEvent)) {
	for {
		d.mu.Lock()
		early := d.early
		if d.early = nil; len(early) == 0 {
			d.door = door
			d.mu.Unlock()
			return
		}
		d.mu.Unlock()
		for _, e := range early {
			take(door, e)
		}
	}
}

// relinked lets the own call look at its meeting links again.
func (v *view) relinked(channel ChannelID) {
	v.service.LinksChanged.Publish(LinksChanged{v.ws, channel})
	if x := v.service.session.Load(); x != nil && x.view == v && x.channel == channel {
		x.lobby.stale.Store(true)
		x.nudge()
	}
}

// receive opens the rooms of the valid meeting links at the super-peers that receive guests, and
// closes the others as soon as no guest is left who came that way.
func (x *session) receive(ctx context.Context) {
	doors, b := x.service.config.Doors, x.lobby
	if doors == nil {
		return
	}
	if b.stale.Swap(false) {
		valid, err := x.view.links(ctx, x.channel)
		if err != nil {
			b.stale.Store(true) // again with the next beat
			x.service.config.Log.Warn("read the meeting links of a call", "err", err)
			return
		}
		b.relink(valid)
	}
	var hosts []seal.ID
	if b.awaits() {
		hosts = doors.Receiving(x.view.ws)
		hosts = hosts[:min(len(hosts), maxDoors)]
	}
	for _, d := range b.wanted(hosts, x.service.config.Now()) {
		ctx, cancel := context.WithCancel(ctx)
		d.cancel = cancel
		x.wg.Go(func() { x.tendDoor(ctx, d) })
	}
}

// tendDoor keeps a door open until it ends or is not wanted any more.
func (x *session) tendDoor(ctx context.Context, d *doorway) {
	defer d.cancel()
	b := x.lobby
	door, err := x.service.config.Doors.Open(ctx, x.view.ws, d.key.host, d.key.room, func(e SeatEvent) {
		if door, now := d.at(e); now {
			b.take(d, door, e)
		}
	})
	if err == nil {
		d.opened(door, func(door Door, e SeatEvent) { b.take(d, door, e) })
		select {
		case <-door.Ended():
		case <-ctx.Done():
		}
		door.Close()
	} else if ctx.Err() == nil {
		x.service.config.Log.Debug("open a door for guests", "host", d.key.host.Short(), "err", err)
	}
	b.shut(d, ctx.Err() == nil)
	x.nudge()
}
