package guest

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Bounds of one guest (W116).
const (
	maxUnread  = 512 << 10 // bytes
	saysBurst  = 100       // messages at once
	saysRate   = 20        // a second after that
	bytesBurst = 1 << 20
	bytesRate  = 256 << 10
	// aloneTime is how long a guest may wait where no member is.
	aloneTime = 30 * time.Minute
	// graceTime is for how long what it was given holds when no member is there any more.
	graceTime = 2 * time.Minute
)

// Errors of a visitor's line, which ends with them.
var (
	ErrFlood  = errors.New("more than a guest may say")
	ErrUnread = errors.New("the guest does not read")
	ErrLeft   = errors.New("the line of the guest has ended")
)

// NoticeKind says what a guest is told. The numbers travel.
type NoticeKind uint8

// The kinds of notices.
const (
	NoticeSaid     NoticeKind = 1 // Data is from a member
	NoticeCame     NoticeKind = 2 // a member is there
	NoticeGone     NoticeKind = 3 // its stream has ended
	NoticeAdmitted NoticeKind = 4 // Data is what the super-peer has for guests that were let in
	NoticeDropped  NoticeKind = 5 // nothing more comes
)

// Notice is what a guest is told.
type Notice struct {
	Kind   NoticeKind
	Member Member
	Data   []byte
}

// Visitor is a guest in a room, by one line.
type Visitor struct {
	host  *Host
	room  Room
	seat  Seat
	queue *queue[Notice]
	done  chan struct{} // closed when its line is to end
	end   sync.Once

	// All are guarded by host.mu.
	says, bytes *rate.Limiter
	admitted    bool
	dropped     bool
	unread      bool
	leftAt      time.Time // when the last member left, or it came
}

// Enter puts a guest into a room, whether members are there or not.
func (h *Host) Enter(name Room) (*Visitor, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[name]
	alone := r == nil || len(r.members) == 0
	if h.closed || (name == Room{}) || alone && h.alone >= maxAlone || r != nil && len(r.guests) >= MaxGuests {
		return nil, ErrNoRoom
	}
	v := &Visitor{
		host: h, room: name, seat: Seat(random16()), done: make(chan struct{}), leftAt: h.config.Now(),
		queue: newQueue(maxUnread, func(n Notice) int { return len(n.Data) + frameCost }),
		says:  rate.NewLimiter(saysRate, saysBurst), bytes: rate.NewLimiter(bytesRate, bytesBurst),
	}
	r = h.room(name)
	r.guests[v.seat] = v
	if alone {
		h.alone++
	}
	for _, m := range r.members {
		v.tell(Notice{Kind: NoticeCame, Member: m.name})
		m.line.send(Event{Kind: Came, Seat: v.seat})
	}
	return v, nil
}

// Seat is its name.
func (v *Visitor) Seat() Seat { return v.seat }

// Next waits for what it is told. The last that a guest hears who is thrown out is
// NoticeDropped.
func (v *Visitor) Next(ctx context.Context) (Notice, error) {
	stop := context.AfterFunc(ctx, v.close)
	defer stop()
	n, ok := v.queue.take(v.done)
	if ok {
		return n, nil
	}
	v.host.mu.Lock()
	defer v.host.mu.Unlock()
	if v.unread {
		return Notice{}, ErrUnread
	}
	return Notice{}, ErrLeft
}

// Say gives what a guest says to a member. After an error its line is to be ended.
func (v *Visitor) Say(to Member, data []byte) error {
	h := v.host
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[v.room]
	if r == nil || r.guests[v.seat] != v {
		return ErrLeft
	}
	now := h.config.Now()
	small := v.admitted || len(data) <= MaxKnock
	if len(data) == 0 || len(data) > MaxData || !small || !v.says.AllowN(now, 1) || !v.bytes.AllowN(now, len(data)) {
		return ErrFlood
	}
	if m := r.members[to]; m != nil {
		m.line.send(Event{Said, v.seat, data})
	}
	return nil
}

// Waits reports whether it may go on waiting, and takes back what it was given when the
// members have been gone for long. It is to be asked now and then.
func (v *Visitor) Waits() bool {
	h := v.host
	h.mu.Lock()
	defer h.mu.Unlock()
	r := h.rooms[v.room]
	if r == nil || r.guests[v.seat] != v {
		return false
	}
	if len(r.members) > 0 {
		return true
	}
	gone := h.config.Now().Sub(v.leftAt)
	if gone > graceTime && v.admitted {
		v.admitted = false
		h.config.Forgotten(v.seat)
	}
	return gone <= aloneTime
}

// Leave ends its line.
func (v *Visitor) Leave() {
	v.host.mu.Lock()
	defer v.host.mu.Unlock()
	v.host.leave(v)
}

// leave is called with mu held.
func (h *Host) leave(v *Visitor) {
	r := h.rooms[v.room]
	if r == nil || r.guests[v.seat] != v {
		return
	}
	delete(r.guests, v.seat)
	if len(r.members) == 0 {
		h.alone--
	}
	for _, m := range r.members {
		m.line.send(Event{Kind: Gone, Seat: v.seat})
	}
	if v.admitted {
		h.config.Forgotten(v.seat)
	}
	if !v.dropped { // who is thrown out hears so first
		v.close()
	}
	h.tidy(v.room, r)
}

func (v *Visitor) close() { v.end.Do(func() { close(v.done) }) }

// admit is called with mu held. Each time it is asked for it gives anew what a guest has,
// as a line that was broken has another seat and nothing of before.
func (v *Visitor) admit() {
	if v.admitted {
		return
	}
	v.admitted = true
	v.tell(Notice{Kind: NoticeAdmitted, Data: v.host.config.Admitted(v.seat)})
}

// tell is called with mu held. A guest that does not read has its line ended.
func (v *Visitor) tell(n Notice) {
	if v.queue.put(n) {
		return
	}
	v.unread = true
	v.close()
}
