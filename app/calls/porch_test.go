package calls_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"parvis/app/calls"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
)

// porch is the super-peers of a world that receive guests. What happens there happens one after
// the other, on a goroutine of its own.
type porch struct {
	mu    sync.Mutex
	all   []seal.ID // guarded by mu
	doors []*porchDoor
	pages []*page
	next  byte
	queue []func()
	busy  bool
}

// porchOf is the super-peers as one device reaches them.
type porchOf struct{ *device }

type porchDoor struct {
	porch *porch
	owner *device
	host  seal.ID
	room  guest.Room
	take  func(calls.SeatEvent)
	ended chan struct{}
	once  sync.Once
}

// do queues something. mu is not held while it runs.
func (p *porch) do(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, f)
	if p.busy {
		return
	}
	p.busy = true
	go func() {
		for {
			p.mu.Lock()
			if len(p.queue) == 0 {
				p.busy = false
				p.mu.Unlock()
				return
			}
			f := p.queue[0]
			p.queue = p.queue[1:]
			p.mu.Unlock()
			f()
		}
	}()
}

func (d porchOf) Receiving(seal.ID) []seal.ID {
	p := &d.world.porch
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.all)
}

func (d porchOf) Ask(_ context.Context, _, host seal.ID) (calls.Reception, error) {
	if !slices.Contains(d.Receiving(ws), host) {
		return calls.Reception{}, errors.New("nobody there")
	}
	return calls.Reception{URL: "https://" + host.Short(), STUN: []string{"stun:192.0.2.1:3478"}}, nil
}

func (d porchOf) Open(ctx context.Context, _, host seal.ID, room guest.Room, take func(calls.SeatEvent)) (calls.Door, error) {
	if _, err := d.Ask(ctx, ws, host); err != nil {
		return nil, err
	}
	p := &d.world.porch
	door := &porchDoor{porch: p, owner: d.device, host: host, room: room, take: take, ended: make(chan struct{})}
	p.mu.Lock()
	p.doors = append(p.doors, door)
	there := slices.Clone(p.pages)
	p.mu.Unlock()
	for _, g := range there {
		p.do(func() { g.meets(door) })
	}
	return door, nil
}

func (d *porchDoor) Reception() calls.Reception {
	return calls.Reception{URL: "https://" + d.host.Short(), STUN: []string{"stun:192.0.2.1:3478"}}
}

func (d *porchDoor) Ended() <-chan struct{} { return d.ended }

func (d *porchDoor) Close() {
	d.porch.mu.Lock()
	d.porch.doors = slices.DeleteFunc(d.porch.doors, func(o *porchDoor) bool { return o == d })
	d.porch.mu.Unlock()
	d.once.Do(func() { close(d.ended) })
}

// page is the page of the seat, if it is here.
func (d *porchDoor) page(s calls.Seat) *page {
	d.porch.mu.Lock()
	defer d.porch.mu.Unlock()
	for _, g := range d.porch.pages {
		if g.seat == s && g.room.Room == d.room {
			return g
		}
	}
	return nil
}

func (d *porchDoor) Send(s calls.Seat, data []byte) {
	if g := d.page(s); g != nil {
		d.porch.do(func() { g.hears(d, data) })
	}
}

func (d *porchDoor) Admit(s calls.Seat) {
	if g := d.page(s); g != nil {
		d.porch.do(func() { g.note(func() { g.turn++ }) })
	}
}

func (d *porchDoor) Drop(s calls.Seat) {
	if g := d.page(s); g != nil {
		d.porch.do(func() { g.note(func() { g.dropped = true }) })
		g.goAway()
	}
}

// page is a guest: what runs in its browser.
type page struct {
	t     testing.TB
	world *world
	room  guest.Link
	name  string
	key   seal.ExchangeKey
	seat  calls.Seat // guarded by porch.mu

	mu      sync.Mutex
	states  []guest.State // answers, in order
	talks   map[guest.Public]*guest.Session
	peers   map[*porchDoor]guest.Public
	heard   map[seal.ID][]guest.Message // by device
	turn    int                         // how often it may use what connects browsers
	dropped bool
}

// visit opens a link in a browser.
func (w *world) visit(t testing.TB, secret guest.Secret, name string) *page {
	t.Helper()
	g := &page{
		t: t, world: w, room: secret.Link(), name: name, key: seal.NewExchangeKey(), talks: map[guest.Public]*guest.Session{},
		peers: map[*porchDoor]guest.Public{}, heard: map[seal.ID][]guest.Message{},
	}
	g.comes()
	return g
}

func (g *page) id() seal.ID { return guest.IDOf(g.key.Public()) }

// comes lets the page be there, again perhaps.
func (g *page) comes() {
	p := &g.world.porch
	p.mu.Lock()
	p.next++
	g.seat = calls.Seat{p.next}
	p.pages = append(p.pages, g)
	doors := slices.Clone(p.doors)
	p.mu.Unlock()
	for _, d := range doors {
		p.do(func() { g.meets(d) })
	}
}

// goAway closes the page.
func (g *page) goAway() {
	p := &g.world.porch
	p.mu.Lock()
	seat := g.seat
	p.pages = slices.DeleteFunc(p.pages, func(o *page) bool { return o == g })
	doors := slices.Clone(p.doors)
	p.mu.Unlock()
	for _, d := range doors {
		if d.room == g.room.Room {
			p.do(func() { d.take(calls.SeatEvent{Seat: seat, Kind: calls.SeatGone}) })
		}
	}
}

func (g *page) note(change func()) {
	g.mu.Lock()
	change()
	g.mu.Unlock()
	select {
	case g.world.stir <- struct{}{}:
	default:
	}
}

// meets knocks at a member's.
func (g *page) meets(d *porchDoor) {
	if d.room != g.room.Room {
		return
	}
	d.take(calls.SeatEvent{Seat: g.seat, Kind: calls.SeatCame})
	knock, err := g.room.SealKnock(guest.Knock{Name: g.name, Public: g.key.Public()})
	if err != nil {
		g.t.Error(err)
	}
	d.take(calls.SeatEvent{Seat: g.seat, Kind: calls.SeatSaid, Data: knock})
}

func (g *page) hears(d *porchDoor, data []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if guest.IsKnock(data) {
		a, err := g.room.OpenAnswer(g.id(), data)
		if err != nil {
			g.t.Error(err)
			return
		}
		g.states = append(g.states, a.State)
		g.peers[d] = a.Public
		if a.State == guest.Admitted && g.talks[a.Public] == nil {
			if g.talks[a.Public], err = g.room.Guest(g.key, a.Public); err != nil {
				g.t.Error(err)
			}
		}
	} else if m, err := g.talks[g.peers[d]].Open(data); err != nil {
		g.t.Errorf("%s: %v", g.name, err)
	} else {
		g.heard[d.owner.Device] = append(g.heard[d.owner.Device], m)
	}
	select {
	case g.world.stir <- struct{}{}:
	default:
	}
}

// says tells something to a member.
func (g *page) says(to *device, m guest.Message) {
	p := &g.world.porch
	p.mu.Lock()
	doors := slices.Clone(p.doors)
	p.mu.Unlock()
	for _, d := range doors {
		if d.owner == to && d.room == g.room.Room {
			g.mu.Lock()
			sealed, err := g.talks[g.peers[d]].Seal(m)
			g.mu.Unlock()
			if err != nil {
				g.t.Error(err)
			}
			p.do(func() { d.take(calls.SeatEvent{Seat: g.seat, Kind: calls.SeatSaid, Data: sealed}) })
		}
	}
}

// state is the last answer.
func (g *page) state() guest.State {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.states) == 0 {
		return 0
	}
	return g.states[len(g.states)-1]
}

// answered is how many members answered its knock.
func (g *page) answered() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.peers)
}

// of is how many messages of a type came from a member.
func (g *page) of(from *device, kind guest.Type) (n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, m := range g.heard[from.Device] {
		if m.Type == kind {
			n++
		}
	}
	return n
}

func (g *page) isDropped() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dropped
}
