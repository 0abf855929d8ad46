package calls

import (
	"sync"
	"time"

	"parvis/app/name"
	"parvis/crdt/guest"
	"parvis/crdt/seal"
	"parvis/media"
)

// guestFlags are those of the state of a device that concern a guest, and the other way round.
const guestFlags = flagMuted | flagCamera | flagScreen | flagHand

// guestLine is the way to the page of a guest. What is sealed leaves in that order.
type guestLine struct {
	sending sync.Mutex     // held while something is sealed and sent
	talk    *guest.Session // nil: it was not let in; guarded by sending
	way     *doorway       // guarded by sending
	door    Door           // nil: its line is broken; guarded by sending
	seat    Seat           // guarded by sending
}

// sit notes where the page is now.
func (l *guestLine) sit(way *doorway, door Door, seat Seat) {
	l.sending.Lock()
	defer l.sending.Unlock()
	l.way, l.door, l.seat = way, door, seat
}

// sits says which seat it has at a door.
func (l *guestLine) sits(way *doorway) (Seat, bool) {
	l.sending.Lock()
	defer l.sending.Unlock()
	return l.seat, l.door != nil && l.way == way
}

// up is where the page is; nil: nowhere.
func (l *guestLine) up() (Door, Seat) {
	l.sending.Lock()
	defer l.sending.Unlock()
	return l.door, l.seat
}

// say sends a message to a guest who was let in. Without a line it is lost.
func (l *guestLine) say(m guest.Message) {
	l.sending.Lock()
	defer l.sending.Unlock()
	if l.talk == nil || l.door == nil {
		return
	}
	if sealed, err := l.talk.Seal(m); err == nil { // only what breaks its rules fails
		l.door.Send(l.seat, sealed)
	}
}

// welcome tells a guest that it was let in, before anything else of its session.
func (l *guestLine) welcome(talk *guest.Session, admitted []byte, hello guest.Message) {
	l.sending.Lock()
	defer l.sending.Unlock()
	if l.talk = talk; l.door == nil {
		return
	}
	l.door.Admit(l.seat)
	l.door.Send(l.seat, admitted)
	if sealed, err := talk.Seal(hello); err == nil {
		l.door.Send(l.seat, sealed)
	}
}

// open reads what a guest says.
func (l *guestLine) open(data []byte) (guest.Message, bool) {
	l.sending.Lock()
	defer l.sending.Unlock()
	if l.talk == nil {
		return guest.Message{}, false
	}
	m, err := l.talk.Open(data)
	return m, err == nil
}

// drop ends the line.
func (l *guestLine) drop() {
	l.sending.Lock()
	defer l.sending.Unlock()
	if l.door != nil {
		l.door.Drop(l.seat)
		l.door = nil
	}
}

// answer answers the knock of a guest.
func (v *visitor) answer(b *lobby, state guest.State) {
	if door, seat := v.up(); door != nil {
		b.answer(v.link, door, seat, v.id, state)
	}
}

func (b *lobby) answer(link guest.Link, door Door, seat Seat, id seal.ID, state guest.State) {
	sealed, err := link.SealAnswer(id, guest.Answer{State: state, Public: b.own.Public()})
	if err != nil {
		b.session.service.config.Log.Warn("answer a guest", "guest", guest.Short(id), "err", err)
		return
	}
	door.Send(seat, sealed)
}

// let lets a guest in, or greets one that has come back. The caller holds acting.
func (b *lobby) let(v *visitor) (what GuestWord) {
	x := b.session
	talk, err := b.talk(v)
	door, _ := v.up()
	if err != nil || door == nil {
		return ""
	}
	b.mu.Lock()
	joins := !v.in
	v.in = true // before it can say anything
	b.mu.Unlock()
	b.greet(v, talk)
	b.introduce(v)
	stun := door.Reception().STUN
	switch {
	case joins:
		x.room.JoinGuest(media.ID(v.id), stun)
		return LetIn
	case !x.connected(v.id): // it may have missed an offer
		_ = x.room.Signal(media.ID(v.id), media.Signal{Kind: media.Bye})
		x.room.JoinGuest(media.ID(v.id), stun)
	}
	return ""
}

// greet says who is here, and what guests are told.
func (b *lobby) greet(v *visitor, talk *guest.Session) {
	x := b.session
	person, device := x.view.team.Self()
	own := x.service.config.People.Name(x.view.ws, person)
	if own == "" {
		own = person.Short()
	}
	admitted, err := v.link.SealAnswer(v.id, guest.Answer{State: guest.Admitted, Public: b.own.Public()})
	if err != nil {
		x.service.config.Log.Warn("answer a guest", "guest", guest.Short(v.id), "err", err)
		return
	}
	v.welcome(talk, admitted, guest.Message{Type: guest.Hello, Text: own, Mark: device})
	v.say(x.status())
	b.mu.Lock()
	asked := b.asked
	b.mu.Unlock()
	if !asked.IsZero() {
		v.say(guest.Message{Type: guest.Asks, Mark: asked})
	}
}

// talk is the session with a guest, the same for the whole call.
func (b *lobby) talk(v *visitor) (*guest.Session, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.standings[v.id]
	if known.talk == nil {
		made, err := v.link.Member(b.own, v.public)
		if err != nil {
			return nil, err
		}
		known.talk = made
	}
	return known.talk, nil
}

// connected reports whether sound and pictures flow to and from somebody.
func (x *session) connected(id seal.ID) bool {
	for _, s := range x.room.Stats() {
		if s.ID == media.ID(id) {
			return s.State == media.Connected
		}
	}
	return false
}

// status is what guests are told of this device.
func (x *session) status() guest.Message {
	return guest.Message{Type: guest.Status, Flags: x.flags() & guestFlags}
}

// each does something with all who were let in.
func (b *lobby) each(do func(v *visitor)) {
	b.mu.Lock()
	var in []*visitor
	for _, v := range b.visitors {
		if v.in {
			in = append(in, v)
		}
	}
	b.mu.Unlock()
	for _, v := range in {
		do(v)
	}
}

// signal brings a signal of the room to a guest.
func (b *lobby) signal(to seal.ID, s media.Signal) {
	b.mu.Lock()
	v, closed := b.visitors[to], b.closed
	b.mu.Unlock()
	if v == nil || closed { // nothing is said behind a goodbye
		return
	}
	switch s.Kind {
	case media.Offer:
		v.say(guest.Message{Type: guest.Offer, Text: s.SDP, Mark: s.Fingerprint})
	case media.Candidate:
		v.say(guest.Message{Type: guest.Ice, Text: s.SDP})
	case media.Bye:
		v.say(guest.Message{Type: guest.Bye, Text: s.SDP})
	}
}

// hear takes what a guest says in its session.
func (b *lobby) hear(d *doorway, e SeatEvent) {
	v := b.seated(d, e.Seat)
	if v == nil {
		return
	}
	m, ok := v.open(e.Data)
	b.mu.Lock()
	in := v.in
	b.mu.Unlock()
	if !ok || !in {
		return
	}
	switch m.Type {
	case guest.Reply:
		b.media(v, media.Signal{Kind: media.Answer, SDP: m.Text, Fingerprint: m.Mark})
	case guest.Ice:
		b.media(v, media.Signal{Kind: media.Candidate, SDP: m.Text})
	case guest.Bye:
		if m.Text != "" { // one connection has ended
			b.media(v, media.Signal{Kind: media.Bye, SDP: m.Text})
			return
		}
		b.leave(v)
	case guest.Status:
		b.status(v, m)
	case guest.Consent:
		b.consents(v, m)
	case guest.Relay:
		b.relay(v, m)
	}
}

func (b *lobby) media(v *visitor, s media.Signal) {
	if err := b.session.room.Signal(media.ID(v.id), s); err != nil {
		b.session.service.config.Log.Debug("signal of a guest", "guest", guest.Short(v.id), "err", err)
	}
}

// seated is whose line it is.
func (b *lobby) seated(d *doorway, seat Seat) *visitor {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, v := range b.visitors {
		if at, here := v.sits(d); here && at == seat {
			return v
		}
	}
	return nil
}

// status notes what a guest says of itself.
func (b *lobby) status(v *visitor, m guest.Message) {
	called, state := name.Clean(m.Text), stateOf(m.Flags&guestFlags)
	b.mu.Lock()
	if called == "" {
		called = v.name
	}
	news := v.state != state || v.name != called
	v.state, v.name = state, called
	b.mu.Unlock()
	if news {
		b.present(v)
		b.session.view.tell(b.session.key.call)
	}
}

// consents notes what a guest answers to the recording that this device asks for.
func (b *lobby) consents(v *visitor, m guest.Message) {
	answer := Refused
	if m.Flags == 1 {
		answer = Agreed
	}
	b.mu.Lock()
	news := seal.ID(m.Mark) == b.asked && v.consent != answer
	if news {
		v.consent = answer
	}
	b.mu.Unlock()
	if news {
		b.session.view.tell(b.session.key.call)
	}
}

// asks asks the guests whether they agree to a recording; zero: they are asked no more.
func (b *lobby) asks(of seal.ID) {
	b.mu.Lock()
	b.asked = of
	for _, v := range b.visitors {
		v.consent = Unanswered
	}
	b.mu.Unlock()
	b.each(func(v *visitor) { v.say(guest.Message{Type: guest.Asks, Mark: of}) })
}

// leave lets a guest go who said goodbye, or whose line has been broken for too long. The page
// ends its line itself, after it has said goodbye to the others.
func (b *lobby) leave(v *visitor) {
	b.acting.Lock()
	if b.forget(v) {
		b.session.room.Leave(media.ID(v.id))
		b.withdraw(v)
	}
	b.acting.Unlock()
	b.tell(v, WentAway)
}

// away notes that the line to a page is broken. Who was let in may come back; who waits has gone.
func (b *lobby) away(d *doorway, seat Seat) {
	v := b.seated(d, seat)
	if v == nil {
		return
	}
	v.sending.Lock()
	v.door = nil
	v.sending.Unlock()
	b.mu.Lock()
	in := v.in
	v.away = b.session.service.config.Now()
	b.mu.Unlock()
	if !in {
		b.forget(v)
		b.tell(v, WentAway)
	}
}

// expire lets those go whose line is broken for too long, and with whom there is no other.
func (b *lobby) expire(now time.Time) {
	b.each(func(v *visitor) {
		b.mu.Lock()
		late := !v.away.IsZero() && now.Sub(v.away) >= backWithin
		b.mu.Unlock()
		if late && !b.session.connected(v.id) {
			b.leave(v)
		}
	})
}

// close says goodbye, once. ended: nobody is left in the call.
func (b *lobby) close(ended bool) {
	b.mu.Lock()
	closed := b.closed
	b.mu.Unlock()
	if closed {
		return
	}
	word := guest.Gone
	if ended {
		word = guest.Ended
	}
	b.each(func(v *visitor) { v.say(guest.Message{Type: word}) })
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
}
