package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
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
	offer     = Offer{"https://meet.example.org", []string{"stun:203.0.113.5:3478"}}
)

// house is a super-peer and members.
type house struct {
	*Host
	t       *testing.T
	node    *p2ptest.Node
	members []*p2ptest.Node
	ctx     context.Context

	mu        sync.Mutex
	listed    map[p2p.PeerID][32]byte // guarded by mu
	now       time.Time               // guarded by mu
	forgotten []Seat                  // guarded by mu
}

func newHouse(t *testing.T, members int) *house {
	t.Helper()
	nodes := p2ptest.Connected(t, members+1)
	h := &house{t: t, node: nodes[0], members: nodes[1:], listed: map[p2p.PeerID][32]byte{}, now: time.Now()}
	for _, m := range h.members {
		h.listed[m.ID()] = workspace
	}
	h.Host = NewHost(Config{
		May: func(p p2p.PeerID, ws [32]byte) bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			return ws == h.listed[p]
		},
		Offer:    offer,
		Admitted: func(s Seat) []byte { return fmt.Appendf(nil, "for %x", s[:2]) },
		Forgotten: func(s Seat) {
			h.mu.Lock()
			defer h.mu.Unlock()
			h.forgotten = append(h.forgotten, s)
		},
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

func (h *house) list(member int, ws [32]byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.listed[h.members[member].ID()] = ws
}

func (h *house) later(by time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now = h.now.Add(by)
}

type heard chan Event

func (h *house) open(member int, t Ticket) (*Door, heard, error) {
	events := make(heard, 1000)
	d, err := Open(h.ctx, h.members[member].Node, h.node.ID(), t, func(e Event) { events <- e })
	if err == nil {
		h.t.Cleanup(d.Close)
	}
	return d, events, err
}

func (h *house) opened(member int) (*Door, heard) {
	h.t.Helper()
	d, events, err := h.open(member, Ticket{workspace, lobby})
	if err != nil {
		h.t.Fatal(err)
	}
	return d, events
}

// next is the event that comes next.
func (h *house) next(events heard, kind Kind) Event {
	h.t.Helper()
	select {
	case e := <-events:
		if e.Kind != kind {
			h.t.Fatalf("event %d %q instead of %d", e.Kind, e.Data, kind)
		}
		return e
	case <-h.ctx.Done():
		h.t.Fatalf("no event %d", kind)
	}
	return Event{}
}

// told is the notice that comes next.
func (h *house) told(v *Visitor, kind NoticeKind) Notice {
	h.t.Helper()
	n, err := v.Next(h.ctx)
	if err != nil || n.Kind != kind {
		h.t.Fatalf("notice %d %q, %v instead of %d", n.Kind, n.Data, err, kind)
	}
	return n
}

func (h *house) guest() *Visitor {
	h.t.Helper()
	v, err := h.Enter(lobby)
	if err != nil {
		h.t.Fatal(err)
	}
	return v
}

func ended(t *testing.T, what string, d *Door) {
	t.Helper()
	select {
	case <-d.Ended():
	case <-time.After(30 * time.Second):
		t.Fatalf("it goes on: %s", what)
	}
}

func TestW110MembersOnlyAndTheEndOfTheStreamIsLeaving(t *testing.T) {
	h := newHouse(t, 3)
	h.list(2, [32]byte{})
	if _, _, err := h.open(2, Ticket{workspace, lobby}); !errors.Is(err, ErrStranger) {
		t.Errorf("who is in no list: %v", err)
	}
	if _, err := Ask(h.ctx, h.members[2].Node, h.node.ID(), workspace); !errors.Is(err, ErrStranger) {
		t.Errorf("a question of who is in no list: %v", err)
	}
	if got, err := Ask(h.ctx, h.members[0].Node, h.node.ID(), workspace); err != nil || got.URL != offer.URL || len(got.STUN) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, _, err := h.open(0, Ticket{workspace, Room{}}); err == nil {
		t.Error("a room without a name was opened")
	}
	if rooms, _ := h.Count(); rooms != 0 {
		t.Errorf("%d rooms", rooms)
	}
	ana, _ := h.opened(0)
	ben, _ := h.opened(1)
	v := h.guest()
	h.told(v, NoticeCame)
	h.told(v, NoticeCame)
	if ana.Offer().URL != offer.URL {
		t.Error(ana.Offer())
	}
	h.list(1, [32]byte{})
	h.Recheck()
	ended(t, "a removed device", ben)
	h.told(v, NoticeGone)
	ana.Send(v.Seat(), []byte("the last word"))
	var closing sync.WaitGroup
	closing.Go(ana.Close)
	for range 100 { // what comes too late spoils nothing
		ana.Send(v.Seat(), []byte("too late"))
	}
	closing.Wait()
	if n := h.told(v, NoticeSaid); string(n.Data) != "the last word" {
		t.Errorf("%q", n.Data)
	}
	for kind := NoticeSaid; kind == NoticeSaid; {
		n, err := v.Next(h.ctx)
		if kind = n.Kind; err != nil || kind != NoticeSaid && kind != NoticeGone {
			t.Fatalf("notice %d, %v", kind, err)
		}
	}
	v.Leave()
	if rooms, guests := h.Count(); rooms+guests+len(h.rooms)+h.alone != 0 {
		t.Errorf("%d rooms, %d guests are left", rooms, guests)
	}
}

func TestW111ARoomIsOfTheWorkspaceThatIsInIt(t *testing.T) {
	h := newHouse(t, 2)
	other := [32]byte{9}
	h.list(1, other)
	ana, _ := h.opened(0)
	if _, _, err := h.open(1, Ticket{other, lobby}); !errors.Is(err, ErrTaken) {
		t.Errorf("of another workspace: %v", err)
	}
	again, events := h.opened(0)
	ended(t, "the older stream of a device", ana)
	v := h.guest()
	h.next(events, Came)
	again.Close()
	h.told(v, NoticeCame)
	h.told(v, NoticeGone)
	if _, _, err := h.open(1, Ticket{other, lobby}); err != nil {
		t.Errorf("nobody is there any more: %v", err)
	}
	h.told(v, NoticeCame)
}

func TestW112EveryMessageHasOneForm(t *testing.T) {
	encode := func(v any) []byte {
		raw, err := wire.Encode(v)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	ticket := Ticket{[32]byte{1}, Room{2}}
	if got, err := decodeOpen(p2ptest.Golden(t, "guest-open", encode(open{V: 1, Workspace: ticket.Workspace, Room: ticket.Room}))); err != nil || got != ticket {
		t.Errorf("%+v, %v", got, err)
	}
	if got, refusal, err := decodeReady(p2ptest.Golden(t, "guest-ready", encode(readyOn(nil, offer)))); err != nil || refusal != nil || got.URL != offer.URL || got.STUN[0] != offer.STUN[0] {
		t.Errorf("%+v, %v %v", got, refusal, err)
	}
	if _, refusal, err := decodeReady(p2ptest.Golden(t, "guest-refusal", encode(readyOn(ErrTaken, Offer{})))); err != nil || refusal != ErrTaken {
		t.Errorf("%v %v", refusal, err)
	}
	said := Event{Said, Seat{3}, []byte("x")}
	raw := p2ptest.Golden(t, "guest-said", encode(said.message()))
	for _, fromMember := range []bool{true, false} {
		if got, err := decodeMessage(raw, fromMember); err != nil || got.Kind != Said || got.Seat != said.Seat || string(got.Data) != "x" {
			t.Errorf("%+v, %v", got, err)
		}
	}
	p2ptest.Golden(t, "guest-admit", encode(Event{Kind: Admit, Seat: Seat{3}}.message()))
	if _, refusal, err := decodeReady(encode(ready{V: 1, Code: 77, STUN: []string{}})); err != nil || refusal != ErrFull {
		t.Errorf("an unknown code: %v %v", refusal, err)
	}
	if longest := encode(Event{Said, Seat{1}, make([]byte, MaxData)}.message()); len(longest) > maxFrame {
		t.Error("the longest message does not fit")
	}
	for _, bad := range []any{
		open{V: 2}, ready{V: 2, URL: offer.URL}, ready{V: 1}, ready{V: 1, URL: "ftp://x"}, ready{V: 1, URL: "https://x/"}, ready{V: 1, URL: "https://x#y"},
		ready{V: 1, URL: "https://x y"}, ready{V: 1, URL: "https://u@x"}, ready{V: 1, URL: "https://" + strings.Repeat("x", maxURL)},
		ready{V: 1, URL: offer.URL, STUN: []string{"turn:x"}}, ready{V: 1, URL: offer.URL, STUN: []string{"stun:é"}}, ready{V: 1, URL: offer.URL, STUN: slices.Repeat(offer.STUN, maxSTUN+1)},
		message{V: 2, Kind: 3, Seat: Seat{1}, Data: []byte{1}}, message{V: 1, Kind: 3, Data: []byte{1}}, message{V: 1, Kind: 3, Seat: Seat{1}, Data: []byte{}},
		message{V: 1, Kind: 0, Seat: Seat{1}, Data: []byte{}}, message{V: 1, Kind: 6, Seat: Seat{1}, Data: []byte{}}, message{V: 1, Kind: 1 << 40, Seat: Seat{1}, Data: []byte{1}},
		message{V: 1, Kind: 3, Seat: Seat{1}, Data: make([]byte, MaxData+1)},
	} {
		_, first := decodeOpen(encode(bad))
		_, _, second := decodeReady(encode(bad))
		_, third := decodeMessage(encode(bad), true)
		_, fourth := decodeMessage(encode(bad), false)
		if !wire.IsFault(first) || !wire.IsFault(second) || !wire.IsFault(third) || !wire.IsFault(fourth) {
			t.Errorf("%.80v is taken", bad)
		}
	}
	for kind := Came; kind <= Drop; kind++ {
		raw := encode(message{V: 1, Kind: uint(kind), Seat: Seat{1}, Data: []byte{}})
		_, member := decodeMessage(raw, true)
		_, superPeer := decodeMessage(raw, false)
		if (member == nil) != (kind >= Admit) || (superPeer == nil) != (kind <= Gone) {
			t.Errorf("kind %d: %v, %v", kind, member, superPeer)
		}
	}
}

func TestW113WhoComesLearnsWhoIsThere(t *testing.T) {
	h := newHouse(t, 2)
	v := h.guest() // before any member
	ana, toAna := h.opened(0)
	if e := h.next(toAna, Came); e.Seat != v.Seat() {
		t.Error("another seat")
	}
	first := h.told(v, NoticeCame).Member
	_, toBen := h.opened(1)
	h.next(toBen, Came)
	second := h.told(v, NoticeCame).Member
	if first == second || first == (Member{}) {
		t.Error("members cannot be told apart")
	}
	if err := v.Say(first, []byte("for Ana")); err != nil {
		t.Fatal(err)
	}
	if err := v.Say(second, []byte("for Ben")); err != nil {
		t.Fatal(err)
	}
	if err := v.Say(Member{8}, []byte("for nobody")); err != nil {
		t.Fatal(err)
	}
	if e := h.next(toAna, Said); string(e.Data) != "for Ana" || e.Seat != v.Seat() {
		t.Errorf("%q", e.Data)
	}
	if e := h.next(toBen, Said); string(e.Data) != "for Ben" {
		t.Errorf("%q", e.Data)
	}
	ana.Send(v.Seat(), []byte("for the guest"))
	if n := h.told(v, NoticeSaid); n.Member != first || string(n.Data) != "for the guest" {
		t.Errorf("%q", n.Data)
	}
	ana.Send(v.Seat(), nil)
	ana.Send(v.Seat(), make([]byte, MaxData+1))
	ana.Send(Seat{9}, []byte("a guest that is gone"))
	ana.Send(v.Seat(), []byte("after what is not sent"))
	h.told(v, NoticeSaid)
	v.Leave()
	h.next(toAna, Gone)
	h.next(toBen, Gone)
	if err := v.Say(first, []byte("x")); !errors.Is(err, ErrLeft) {
		t.Error(err)
	}
	if _, err := v.Next(h.ctx); !errors.Is(err, ErrLeft) {
		t.Error(err)
	}
}

func TestW114AMemberThatFloodsOrDoesNotReadIsCut(t *testing.T) {
	h := newHouse(t, 1)
	ana, events := h.opened(0)
	v := h.guest()
	h.next(events, Came)
	h.told(v, NoticeCame)
	for range 3 * messages {
		ana.Admit(v.Seat())
	}
	ended(t, "a flood", ana)
	l := newLine(silent{})
	for range maxWaiting / (MaxKnock + frameCost) {
		l.send(Event{Said, Seat{1}, make([]byte, MaxKnock)})
	}
	select {
	case <-l.done:
		t.Fatal("too few wait")
	default:
	}
	l.send(Event{Said, Seat{1}, make([]byte, MaxData)})
	select {
	case <-l.done:
	default:
		t.Error("it goes on")
	}
}

// silent is a stream that nobody reads.
type silent struct{ p2p.Stream }

func (silent) Reset() error { return nil }

func TestW115RoomsAndGuestsAreLimited(t *testing.T) {
	h := newHouse(t, 1)
	p := h.members[0].ID()
	enter := func(n byte, ws [32]byte, peer p2p.PeerID) error {
		h.mu.Lock()
		h.listed[peer] = ws
		h.mu.Unlock()
		return h.Host.open(&member{name: Member(random16()), peer: peer, ticket: Ticket{ws, Room{n, 1}}, line: newLine(silent{})})
	}
	for i := range maxRooms {
		if i%joinBurst == joinBurst-1 {
			h.later(time.Hour)
		}
		if err := enter(byte(i), workspace, p); err != nil {
			t.Fatalf("room %d: %v", i, err)
		}
	}
	if err := enter(maxRooms, workspace, p); !errors.Is(err, ErrFull) {
		t.Errorf("one room more: %v", err)
	}
	if err := enter(maxRooms, [32]byte{8}, "another"); err != nil {
		t.Errorf("a room of another workspace: %v", err)
	}
	for range MaxGuests {
		if _, err := h.Enter(Room{0, 1}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Enter(Room{0, 1}); !errors.Is(err, ErrNoRoom) {
		t.Errorf("one guest more: %v", err)
	}
	for i := range maxAlone {
		if _, err := h.Enter(Room{byte(i), 2}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Enter(Room{9, 3}); !errors.Is(err, ErrNoRoom) {
		t.Errorf("one that waits more: %v", err)
	}
	if _, err := h.Enter(Room{}); !errors.Is(err, ErrNoRoom) {
		t.Errorf("no room: %v", err)
	}
	h.later(time.Hour)
	for range joinBurst {
		if _, err := Ask(h.ctx, h.members[0].Node, h.node.ID(), workspace); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Ask(h.ctx, h.members[0].Node, h.node.ID(), workspace); !errors.Is(err, ErrOften) {
		t.Error(err)
	}
	h.Close()
	if len(h.rooms)+h.alone != 0 {
		t.Errorf("%d rooms, %d wait", len(h.rooms), h.alone)
	}
	if _, err := h.Enter(lobby); !errors.Is(err, ErrNoRoom) {
		t.Errorf("after the end: %v", err)
	}
}

func TestW116AGuestIsLimited(t *testing.T) {
	h := newHouse(t, 1)
	ana, events := h.opened(0)
	t.Run("before it is let in it may say little at once", func(t *testing.T) {
		v := h.guest()
		to := h.told(v, NoticeCame).Member
		if err := v.Say(to, make([]byte, MaxKnock)); err != nil {
			t.Error(err)
		}
		if err := v.Say(to, make([]byte, MaxKnock+1)); !errors.Is(err, ErrFlood) {
			t.Error(err)
		}
		if err := v.Say(to, nil); !errors.Is(err, ErrFlood) {
			t.Error(err)
		}
		v.Leave()
	})
	t.Run("so often and so much", func(t *testing.T) {
		v := h.guest()
		to := h.told(v, NoticeCame).Member
		for i := range saysBurst {
			if err := v.Say(to, []byte("x")); err != nil {
				t.Fatalf("%d: %v", i, err)
			}
		}
		if err := v.Say(to, []byte("x")); !errors.Is(err, ErrFlood) {
			t.Error(err)
		}
		h.later(time.Second)
		if err := v.Say(to, []byte("x")); err != nil {
			t.Error(err)
		}
		h.later(time.Minute)
		ana.Admit(v.Seat())
		h.told(v, NoticeAdmitted)
		sent := 0
		for v.Say(to, make([]byte, MaxData)) == nil {
			sent += MaxData
			<-events // it reads
		}
		if sent > bytesBurst || sent < bytesBurst/2 {
			t.Errorf("%d bytes", sent)
		}
		v.Leave()
	})
	t.Run("one that does not read is cut", func(t *testing.T) {
		v := h.guest()
		h.Host.mu.Lock()
		for range 2 * maxUnread / MaxData {
			v.tell(Notice{NoticeSaid, Member{1}, make([]byte, MaxData)})
		}
		h.Host.mu.Unlock()
		for {
			if _, err := v.Next(h.ctx); err != nil {
				if !errors.Is(err, ErrUnread) {
					t.Error(err)
				}
				break
			}
		}
	})
	t.Run("one that waits alone", func(t *testing.T) {
		v, err := h.Enter(Room{77})
		if err != nil {
			t.Fatal(err)
		}
		h.later(aloneTime)
		if !v.Waits() {
			t.Error("too short")
		}
		h.later(time.Second)
		if v.Waits() {
			t.Error("too long")
		}
		v.Leave()
		if v.Waits() {
			t.Error("after it left")
		}
	})
}

func TestW117WhoIsLetInGetsMoreAndLosesItAgain(t *testing.T) {
	h := newHouse(t, 1)
	ana, _ := h.opened(0)
	one, two := h.guest(), h.guest()
	h.told(one, NoticeCame)
	h.told(two, NoticeCame)
	ana.Admit(one.Seat())
	ana.Admit(one.Seat())
	name := one.Seat()
	if n := h.told(one, NoticeAdmitted); string(n.Data) != fmt.Sprintf("for %x", name[:2]) {
		t.Errorf("%q", n.Data)
	}
	ana.Send(one.Seat(), []byte("removed"))
	ana.Drop(one.Seat())
	h.told(one, NoticeSaid) // and not a second NoticeAdmitted
	h.told(one, NoticeDropped)
	gone := func(want int) {
		t.Helper()
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.forgotten) != want || want > 0 && h.forgotten[0] != one.Seat() {
			t.Errorf("%x forgotten", h.forgotten)
		}
	}
	gone(1)
	one.Leave()
	gone(1)
	ana.Admit(two.Seat())
	h.told(two, NoticeAdmitted)
	ana.Close()
	h.told(two, NoticeGone)
	h.later(graceTime)
	if !two.Waits() {
		t.Error("it may not wait")
	}
	gone(1)
	h.later(time.Second)
	if !two.Waits() {
		t.Error("it may not wait")
	}
	gone(2)
	_, events := h.opened(0)
	h.next(events, Came)
	two.Leave()
	gone(2)
}

func TestW118ABreachCostsAndARefusalDoesNot(t *testing.T) {
	h := newHouse(t, 1)
	h.list(0, [32]byte{})
	for range 15 { // as breaches they would end the connection
		if _, _, err := h.open(0, Ticket{workspace, lobby}); !errors.Is(err, ErrStranger) {
			t.Fatal(err)
		}
	}
	h.list(0, workspace)
	gone := make(chan struct{}, 1)
	h.node.OnPeer(func(p p2p.PeerID, connected bool) {
		if !connected {
			select {
			case gone <- struct{}{}:
			default:
			}
		}
	})
	good, err := wire.Encode(open{V: 1, Workspace: workspace, Room: lobby})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		s, err := h.members[0].Open(h.ctx, h.node.ID(), Protocol)
		if err != nil {
			t.Fatal(err)
		}
		w := wire.NewWriter(s, wire.Idle)
		switch i % 3 {
		case 0:
			_ = w.WriteFrame(make([]byte, maxOpen+1))
		case 1:
			_ = w.WriteFrame([]byte("no ticket"))
		default:
			_ = w.WriteFrame(good)
			_ = w.WriteFrame([]byte("garbage"))
		}
		_ = w.Flush()
		_, _ = io.Copy(io.Discard, s)
		_ = s.Reset()
	}
	select {
	case <-gone:
	case <-h.ctx.Done():
		t.Fatal("it stays connected after ten breaches")
	}
}

func FuzzMessages(f *testing.F) {
	for _, v := range []any{
		open{V: 1, Workspace: workspace, Room: lobby}, readyOn(nil, offer), readyOn(ErrFull, Offer{}), Event{Said, Seat{1}, []byte("x")}.message(), Event{Kind: Admit, Seat: Seat{1}}.message(),
	} {
		raw, err := wire.Encode(v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		_, _ = decodeOpen(frame)
		if o, refusal, err := decodeReady(frame); err == nil && refusal == nil && o.check() != nil {
			t.Errorf("%+v", o)
		}
		for _, fromMember := range []bool{true, false} {
			if e, err := decodeMessage(frame, fromMember); err == nil && (e.Seat == Seat{} || len(e.Data) > MaxData) {
				t.Errorf("%+v", e)
			}
		}
	})
}
