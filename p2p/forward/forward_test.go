package forward

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"parvis/p2p"
	"parvis/p2p/p2ptest"
	"parvis/p2p/wire"
)

var (
	workspace = [32]byte{7}
	lobby     = Room{1}
)

// house is a super-peer and members, with halls that remember what they were told.
type house struct {
	*Host
	t       *testing.T
	node    *p2ptest.Node
	members []*p2ptest.Node
	ctx     context.Context
	news    chan struct{}

	mu     sync.Mutex
	listed map[p2p.PeerID]bool // guarded by mu
	halls  []*hall             // guarded by mu
	now    time.Time           // guarded by mu
	counts [2]int              // as told last; guarded by mu
}

// hall remembers; it answers each signal with an answer of the same text.
type hall struct {
	house *house
	name  Room
	// All are guarded by house.mu.
	guests map[Tag]Guest
	log    []string
	closed bool
}

func newHouse(t *testing.T, members int) *house {
	t.Helper()
	nodes := p2ptest.Connected(t, members+1)
	h := &house{t: t, node: nodes[0], members: nodes[1:], news: make(chan struct{}, 1), listed: map[p2p.PeerID]bool{}, now: time.Now()}
	for _, m := range h.members {
		h.listed[m.ID()] = true
	}
	h.Host = NewHost(Config{
		May: func(p p2p.PeerID, ws [32]byte) bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return ws == workspace && h.listed[p]
		},
		Open:    h.open,
		Changed: func(rooms, guests int) { h.note(func() { h.counts = [2]int{rooms, guests} }) },
		Now: func() time.Time {
			h.mu.Lock()
			defer h.mu.Unlock()
			return h.now
		},
	})
	h.Serve(h.node.Node)
	for _, m := range h.members { // they learn that it is served now
		m.Disconnect(h.node.ID())
		p2ptest.Connect(t, m, h.node)
	}
	t.Cleanup(h.Close)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	h.ctx = ctx
	return h
}

func (h *house) note(change func()) {
	h.mu.Lock()
	change()
	h.mu.Unlock()
	select {
	case h.news <- struct{}{}:
	default:
	}
}

func (h *house) open(r Room) (Hall, error) {
	one := &hall{house: h, name: r, guests: map[Tag]Guest{}}
	h.note(func() { h.halls = append(h.halls, one) })
	return one, nil
}

func (l *hall) Join(g Guest) {
	l.house.note(func() {
		l.guests[g.Tag] = g
		l.log = append(l.log, fmt.Sprintf("join %d", g.Tag[0]))
	})
}

func (l *hall) Leave(t Tag) {
	l.house.note(func() {
		delete(l.guests, t)
		l.log = append(l.log, fmt.Sprintf("leave %d", t[0]))
	})
}

func (l *hall) Signal(from Tag, s Signal) error {
	var g Guest
	l.house.note(func() {
		g = l.guests[from]
		l.log = append(l.log, fmt.Sprintf("%d says %.20s", from[0], s.Text))
	})
	if s.Text == "bad" {
		return errors.New("not taken")
	}
	g.Send(Signal{Kind: Answer, Text: s.Text, Fingerprint: [32]byte{9}})
	return nil
}

func (l *hall) Close() error { l.house.note(func() { l.closed = true }); return nil }

// until waits for what the super-peer does.
func (h *house) until(what string, holds func() bool) {
	h.t.Helper()
	for {
		h.mu.Lock()
		held := holds()
		h.mu.Unlock()
		if held {
			return
		}
		select {
		case <-h.news:
		case <-h.ctx.Done():
			h.t.Fatalf("gave up waiting: %s", what)
		}
	}
}

// heard collects what a member is told.
type heard chan Signal

func (h *house) enter(member int, room Room, tag byte) (*Visit, heard, error) {
	signals := make(heard, 1000)
	v, err := Enter(h.ctx, h.members[member].Node, h.node.ID(), Ticket{workspace, room, Tag{tag}}, func(s Signal) { signals <- s })
	if err == nil {
		h.t.Cleanup(v.Close)
	}
	return v, signals, err
}

func (h *house) in(member int, room Room, tag byte) (*Visit, heard) {
	h.t.Helper()
	v, signals, err := h.enter(member, room, tag)
	if err != nil {
		h.t.Fatal(err)
	}
	return v, signals
}

func offer(text string) Signal {
	return Signal{Kind: Offer, Text: text, Fingerprint: [32]byte{1}}
}

// answered sends an offer and waits for the answer to it.
func (h *house) answered(v *Visit, signals heard, text string) {
	h.t.Helper()
	v.Send(offer(text))
	select {
	case s := <-signals:
		if s.Text != text || s.Kind != Answer || s.Fingerprint != [32]byte{9} {
			h.t.Errorf("%+v came instead of an answer to %q", s, text)
		}
	case <-h.ctx.Done():
		h.t.Fatalf("no answer to %q", text)
	}
}

func ended(t *testing.T, what string, v *Visit) {
	t.Helper()
	select {
	case <-v.Ended():
	case <-time.After(30 * time.Second):
		t.Fatalf("it goes on: %s", what)
	}
}

func TestW90MembersOnlyAndTheEndOfTheStreamIsLeaving(t *testing.T) {
	h := newHouse(t, 3)
	h.mu.Lock()
	h.listed[h.members[2].ID()] = false
	h.mu.Unlock()
	if _, _, err := h.enter(2, lobby, 3); !errors.Is(err, ErrStranger) {
		t.Errorf("who is in no list: %v", err)
	}
	if rooms, guests := h.Count(); rooms+guests != 0 {
		t.Errorf("%d rooms, %d guests", rooms, guests)
	}
	ana, fromAna := h.in(0, lobby, 1)
	ben, _ := h.in(1, lobby, 2)
	if rooms, guests := h.Count(); rooms != 1 || guests != 2 {
		t.Errorf("%d rooms, %d guests", rooms, guests)
	}
	if !h.Has(h.members[0].ID(), lobby) || h.Has(h.members[2].ID(), lobby) || h.Has(h.members[0].ID(), Room{2}) {
		t.Error("it does not know who is where")
	}
	h.answered(ana, fromAna, "hello")

	h.mu.Lock()
	h.listed[h.members[1].ID()] = false
	h.mu.Unlock()
	h.Recheck()
	ended(t, "a removed device", ben)
	h.answered(ana, fromAna, "still here")
	ana.Close()
	h.until("the room is closed", func() bool { return h.halls[0].closed && h.counts == [2]int{} })
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.halls) != 1 {
		t.Errorf("%d rooms were opened", len(h.halls))
	}
}

func TestW91OnePlaceEachAndTheFirstKeepsItsTag(t *testing.T) {
	h := newHouse(t, 2)
	ana, fromAna := h.in(0, lobby, 1)
	if _, _, err := h.enter(1, lobby, 1); !errors.Is(err, ErrTaken) {
		t.Errorf("a tag of somebody else: %v", err)
	}
	h.answered(ana, fromAna, "who was first")
	again, fromAgain := h.in(0, lobby, 1)
	ended(t, "the place that was replaced", ana)
	h.answered(again, fromAgain, "the same device anew")
	other, fromOther := h.in(0, lobby, 5)
	ended(t, "the place under another tag", again)
	h.answered(other, fromOther, "under another tag")
	ben, fromBen := h.in(1, lobby, 1) // it is free now
	h.answered(ben, fromBen, "the next")
	elsewhere, fromElsewhere := h.in(1, Room{2}, 5)
	h.answered(elsewhere, fromElsewhere, "another room")
	h.answered(ben, fromBen, "both go on")
	h.mu.Lock()
	defer h.mu.Unlock()
	if log := h.halls[0].log; !slices.Contains(log, "leave 1") || len(h.halls) != 2 || h.halls[0].closed {
		t.Errorf("%d rooms, %q", len(h.halls), log)
	}
}

func TestW92EveryMessageHasOneForm(t *testing.T) {
	encode := func(v any) []byte {
		raw, err := wire.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	ticket := Ticket{[32]byte{1}, Room{2}, Tag{3}}
	raw := p2ptest.Golden(t, "forward-ticket", encode(join{V: 1, Workspace: ticket.Workspace, Room: ticket.Room, Tag: ticket.Tag}))
	if got, err := decodeJoin(raw); err != nil || got != ticket || len(raw) > maxJoin {
		t.Errorf("%+v, %v", got, err)
	}
	said := Signal{Kind: Candidate, Text: "x"}
	if got, err := decodeSignal(p2ptest.Golden(t, "forward-signal", encode(said.message()))); err != nil || got != said {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := decodeVerdict(p2ptest.Golden(t, "forward-verdict", encode(verdictOn(ErrTaken)))); err != nil || got != ErrTaken {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := decodeVerdict(encode(verdict{V: 1, Code: 77})); err != nil || got != ErrFull {
		t.Errorf("an unknown code: %v, %v", got, err)
	}
	if longest := (Signal{Offer, strings.Repeat("x", MaxText), [32]byte{1}}); len(encode(longest.message())) > maxFrame || longest.check() != nil {
		t.Error("the longest signal does not fit")
	}
	for _, bad := range []any{
		join{V: 2, Room: Room{1}, Tag: Tag{1}}, join{V: 1, Tag: Tag{1}}, join{V: 1, Room: Room{1}},
		verdict{V: 2},
		signal{V: 2, Kind: 4}, signal{V: 1}, signal{V: 1, Kind: 5, Text: "x"}, signal{V: 1, Kind: 1 << 40, Text: "x"}, signal{V: 1, Kind: 3},
		signal{V: 1, Kind: 1, Text: "x"}, signal{V: 1, Kind: 3, Text: "x", Fingerprint: [32]byte{1}}, signal{V: 1, Kind: 4, Fingerprint: [32]byte{1}},
		signal{V: 1, Kind: 3, Text: strings.Repeat("x", MaxText+1)},
	} {
		_, first := decodeJoin(encode(bad))
		_, second := decodeVerdict(encode(bad))
		_, third := decodeSignal(encode(bad))
		if !wire.IsFault(first) || !wire.IsFault(second) || !wire.IsFault(third) {
			t.Errorf("%.60v is taken", bad)
		}
	}
}

func TestW93FloodsEndTheStream(t *testing.T) {
	h := newHouse(t, 1)
	v, signals := h.in(0, lobby, 1)
	for i := range manySignals {
		h.answered(v, signals, fmt.Sprint(i))
	}
	t.Run("a side that does not read", func(t *testing.T) {
		l := newLine(silent{})
		for range maxQueued {
			l.Send(offer("x"))
		}
		select {
		case <-l.done:
			t.Fatal("too few wait")
		default:
		}
		l.Send(offer("x"))
		select {
		case <-l.done:
		default:
			t.Error("it goes on")
		}
	})
	for range 3 * manySignals {
		v.Send(offer("flood")) // as fast as they go, until the line is full or cut
		select {
		case <-v.Ended():
		case <-time.After(time.Millisecond / 4):
		}
	}
	ended(t, "a flood", v)
}

const manySignals = 256

// silent is a stream that nobody reads.
type silent struct{ p2p.Stream }

func (silent) Reset() error { return nil }

func TestW94RoomsAndPlacesAreLimited(t *testing.T) {
	h := newHouse(t, 1)
	t.Run("places of a room, rooms, and places in all", func(t *testing.T) {
		enter := func(peer, room int, tag byte) (*guest, error) {
			p := p2p.PeerID(fmt.Sprint(peer))
			h.mu.Lock()
			h.listed[p] = true
			h.mu.Unlock()
			g := &guest{key: key{workspace, Room{byte(room), byte(room >> 8), 1}}, tag: Tag{tag, 1}, peer: p, line: newLine(silent{})}
			return g, h.Host.enter(g)
		}
		var all []*guest
		fill := func(n int, want error, one func(i int) (*guest, error)) {
			t.Helper()
			for i := range n {
				g, err := one(i)
				if err != nil {
					t.Fatalf("%d of %d: %v", i, n, err)
				}
				all = append(all, g)
			}
			if _, err := one(n); !errors.Is(err, want) {
				t.Errorf("one more than %d: %v", n, err)
			}
		}
		fill(MaxGuests, ErrFull, func(i int) (*guest, error) { return enter(i, 0, byte(i)) })
		fill(MaxRooms-1, ErrFull, func(i int) (*guest, error) { return enter(1000+i, 1+i, 0) })
		fill(maxAll-MaxGuests-(MaxRooms-1), ErrFull, func(i int) (*guest, error) { return enter(2000+i, 1+i%20, byte(1+i/20)) })
		for _, g := range all {
			h.leave(g)
			h.leave(g)
		}
		if rooms, guests := h.Count(); rooms+guests != 0 {
			t.Errorf("%d rooms, %d guests are left", rooms, guests)
		}
	})
	t.Run("coming too often", func(t *testing.T) {
		for range joinBurst {
			v, _ := h.in(0, lobby, 1)
			v.Close()
		}
		if _, _, err := h.enter(0, lobby, 1); !errors.Is(err, ErrOften) {
			t.Error(err)
		}
		h.mu.Lock()
		h.now = h.now.Add(joinEvery)
		h.mu.Unlock()
		h.in(0, lobby, 1)
	})
}

func TestW95SignalsGoToTheirOwnConnection(t *testing.T) {
	h := newHouse(t, 2)
	ana, fromAna := h.in(0, lobby, 1)
	ben, fromBen := h.in(1, lobby, 2)
	h.answered(ana, fromAna, "of Ana")
	h.answered(ben, fromBen, "of Ben")
	ana.Send(offer("bad"))
	h.answered(ana, fromAna, "after one that was not taken")
	if len(fromBen) != 0 {
		t.Error("Ben got what was for Ana")
	}
	h.mu.Lock()
	gone := &guest{key: key{workspace, lobby}, tag: Tag{1}, peer: h.members[0].ID()}
	before := len(h.halls[0].log)
	h.mu.Unlock()
	h.signal(gone, offer("late")) // of a place that was replaced
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.halls[0].log) != before {
		t.Error("a signal of a place that has gone was heard")
	}
}

func TestW96ABreachCostsAndARefusalDoesNot(t *testing.T) {
	h := newHouse(t, 2)
	h.in(0, lobby, 1)
	h.mu.Lock()
	h.now = h.now.Add(time.Hour)
	h.mu.Unlock()
	for range 15 { // as breaches they would end the connection
		if _, _, err := h.enter(1, lobby, 1); !errors.Is(err, ErrTaken) {
			t.Fatal(err)
		}
	}
	gone := make(chan struct{}, 1)
	h.node.OnPeer(func(p p2p.PeerID, connected bool) {
		if p == h.members[1].ID() && !connected {
			select {
			case gone <- struct{}{}:
			default:
			}
		}
	})
	good, err := wire.Encode(join{V: 1, Workspace: workspace, Room: lobby, Tag: Tag{9}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		s, err := h.members[1].Open(h.ctx, h.node.ID(), Protocol)
		if err != nil {
			t.Fatal(err)
		}
		w := wire.NewWriter(s, wire.Idle)
		if i%2 == 0 {
			_ = w.WriteFrame(make([]byte, maxJoin+1))
		} else {
			_ = w.WriteFrame(good)
			_ = w.WriteFrame([]byte("garbage"))
		}
		_ = w.Flush()
		for err == nil {
			_, err = s.Read(make([]byte, 100))
		}
		_ = s.Reset()
	}
	select {
	case <-gone:
	case <-h.ctx.Done():
		t.Error("ten breaches did not end the connection")
	}
}

func FuzzMessages(f *testing.F) {
	for _, v := range []any{join{V: 1, Room: Room{1}, Tag: Tag{1}}, verdict{V: 1, Code: 2}, offer("x").message(), Signal{Kind: Bye}.message()} {
		raw, err := wire.Encode(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		if ticket, err := decodeJoin(frame); err == nil && (ticket.Room == Room{} || ticket.Tag == Tag{}) {
			t.Error("a ticket to nowhere")
		}
		if s, err := decodeSignal(frame); err == nil {
			if s.check() != nil || len(s.Text) > MaxText {
				t.Errorf("%+v is taken", s)
			}
		}
		_, _ = decodeVerdict(frame)
	})
}
