package media

import (
	"sync"
	"time"
)

// Times of forwarding.
const (
	controlEvery  = 250 * time.Millisecond // messages of a participant and its forwarder
	controlFresh  = 3 * time.Second        // what such a message says counts for so long
	carrierSilent = time.Second            // after that a forwarder is taken for dead
	mendEvery     = 20 * time.Millisecond
)

// forward is how the sound and pictures of a room travel when one participant carries
// them to the others (rules C33 to C39).
type forward struct {
	wake chan struct{}

	mu     sync.Mutex
	began  time.Time // since when via is so
	via    ID        // through whom this device sends; zero: to each by itself
	serves bool      // this device carries on what others send
	sight  sight     // how large this device shows the others
	sealed bool      // the last frame went in pieces
	cut    cutter
	said   time.Time // last messages
}

// Route says through whom the frames of this device go from now on: nobody (the zero
// value) sends them to each participant, itself or another sends them sealed to
// all. It also says whether this device carries on what others send through it. Frames
// that cannot be sealed, or whose carrier is not connected, go to each participant.
func (r *Room) Route(via ID, serves bool) {
	f := &r.forward
	f.mu.Lock()
	changed := f.via != via
	if changed {
		f.via, f.began, f.said = via, time.Now(), time.Time{}
	}
	f.serves = serves
	f.mu.Unlock()
	if !changed {
		return
	}
	r.seed(via)
	for s := Video; s <= Screen; s++ {
		if r.made.rates(time.Now())[s] > 0 {
			r.needKey(s)
		}
	}
	wake(f.wake)
	r.stir()
}

// seed lets the line to a new forwarder begin at what the lines of this device carried.
func (r *Room) seed(via ID) {
	best := 0
	for _, p := range *r.list.Load() {
		best = max(best, p.stat.Load().Estimate)
	}
	for _, p := range *r.list.Load() {
		if c := p.conn.Load(); c != nil && p.id == via {
			c.sent.seed(1000 * float64(best))
		}
		if c := p.conn.Load(); c != nil {
			c.seeded.Store(false)
		}
	}
}

// route is through whom this device sends, and whether it carries on.
func (r *Room) route() (via ID, serves bool) {
	r.forward.mu.Lock()
	defer r.forward.mu.Unlock()
	return r.forward.via, r.forward.serves
}

// sendSealed sends a frame in pieces; false: it has to go to each participant.
func (r *Room) sendSealed(frame Frame, now time.Time) bool {
	f := &r.forward
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.via == (ID{}) || r.cfg.Frames == nil {
		return r.unsealed()
	}
	targets := r.carriers(f.via)
	if len(targets) == 0 {
		return r.unsealed()
	}
	pieces := f.cut.cut(r.cfg.Frames, frame, f.via != r.cfg.Self)
	if pieces == nil {
		return r.unsealed()
	}
	f.sealed = true
	ask := Stream(0)
	for i := range pieces {
		for _, c := range targets {
			if w := c.out.relay(&pieces[i], now); w.stream != 0 {
				ask = w.stream
			}
		}
	}
	if ask != 0 {
		r.needKey(ask)
	}
	return true
}

// carriers are the connections that pieces of this device go to: that of its forwarder,
// or all where it is the one.
func (r *Room) carriers(via ID) (list []*conn) {
	for _, p := range *r.list.Load() {
		if c := p.conn.Load(); c != nil && (via == r.cfg.Self && !p.carrier || via == p.id && p.stat.Load().State == Connected) && c.out.takesPieces() {
			list = append(list, c)
		}
	}
	return list
}

// unsealed lets pictures begin anew on each connection after they went in pieces. The
// caller holds mu of forward. It is always false.
func (r *Room) unsealed() bool {
	if r.forward.sealed {
		r.forward.sealed = false
		for _, p := range *r.list.Load() {
			if c := p.conn.Load(); c != nil && !p.guest { // to a guest they never did
				c.out.anew()
			}
		}
	}
	return false
}

// piece takes one that came over the connection to a participant.
func (r *Room) piece(from *peer, c *conn, p piece, now time.Time) {
	_, serves := r.route()
	owner, carry := (*r.byTag.Load())[p.tag], p.carry
	if owner == nil || from.guest || carry && (owner != from || !from.origin.admit(now)) {
		from.count.refused.Add(1)
		return
	}
	owner.count.bytesIn.Add(uint64(len(p.data) + pieceOverhead))
	if p.carry = false; carry && serves {
		from.origin.made.add(p.about.Stream, len(p.data), now)
		for _, to := range *r.list.Load() {
			if to == from || to.carrier || to.guest {
				continue
			}
			if c := to.conn.Load(); c != nil {
				if w := c.out.relay(&p, now); w.stream != 0 {
					from.origin.wish(w.stream)
					wake(r.forward.wake)
				}
			}
		}
	}
	aside := Stream(0)
	if carry {
		aside = Video + Small - r.sight().takes(p.tag, Video)
	}
	if owner.origin.take(&p, c, aside, now) {
		wake(r.forward.wake)
	}
}

// heard takes a message of a participant.
func (r *Room) heard(from *peer, c *conn, m control, now time.Time) {
	own := r.tag(r.cfg.Self)
	if from.guest {
		return
	}
	if from.carrier {
		m.routes = false
		if via, _ := r.route(); via != from.id {
			m.keys = nil
		}
	}
	for _, k := range m.keys {
		if k.tag == own {
			r.needKey(k.stream)
			continue
		}
		if _, serves := r.route(); serves {
			if owner := (*r.byTag.Load())[k.tag]; owner != nil && owner != from {
				owner.origin.wish(k.stream)
			}
		}
	}
	c.said.Store(&said{control: m, at: now})
	if m.routes && !c.seeded.Swap(true) {
		c.sent.seed(1000 * float64(m.down))
	}
	wake(r.forward.wake)
}

// said is what the other side of a connection said last.
type said struct {
	control
	at time.Time
}

// saidLately is what a participant said, if it still counts.
func (c *conn) saidLately(now time.Time) (control, bool) {
	s := c.said.Load()
	if s == nil || now.Sub(s.at) > controlFresh {
		return control{}, false
	}
	return s.control, true
}

// carry mends what comes in pieces and keeps forwarder and participants in touch, until
// the room closes. It sleeps while nothing is forwarded.
func (r *Room) carry() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		select {
		case <-r.quit:
			return
		case <-r.forward.wake:
		case <-timer.C:
		}
		if next := r.mend(time.Now()); next > 0 {
			timer.Reset(next)
		} else {
			timer.Reset(time.Hour)
		}
	}
}

// mend does what is due and says when to come back; 0: when something happens.
func (r *Room) mend(now time.Time) time.Duration {
	f := &r.forward
	f.mu.Lock()
	via, serves, small, beat := f.via, f.serves, f.sight.small, now.Sub(f.said) >= controlEvery
	if beat {
		f.said = now
	}
	f.mu.Unlock()
	list, next := *r.list.Load(), time.Duration(0)
	asks := map[*conn][]wish{}
	for _, p := range list {
		through, keys, soon := p.origin.mend(now)
		if through != nil && len(keys) > 0 {
			asks[through] = append(asks[through], keys...)
		}
		if soon || len(keys) > 0 {
			next = mendEvery
		}
		c := p.conn.Load()
		if c == nil {
			continue
		}
		if serves {
			asks[c] = append(asks[c], p.origin.wishes(now)...)
		}
	}
	for _, p := range list {
		c := p.conn.Load()
		if c == nil || p.guest || p.stat.Load().State < Connected {
			continue
		}
		m, lately := c.saidLately(now)
		speaks := p.id == via || serves && lately && m.routes || small && via == (ID{})
		if len(asks[c]) > 0 || beat && speaks {
			c.say(r.message(p, via, serves, asks[c], list, now))
		}
		if next == 0 && speaks {
			next = controlEvery
		}
	}
	return next
}

// message is what a participant is told.
func (r *Room) message(to *peer, via ID, serves bool, keys []wish, list []*peer, now time.Time) control {
	m := control{routes: to.id == via, keys: keys, wants: 0xff, sight: r.sight()}
	for _, p := range list {
		m.down += p.stat.Load().KbpsIn
	}
	if !serves {
		return m
	}
	sender := to.origin.tag
	m.wants, m.audio = 1<<Screen, AudioFull
	if r.cfg.Frames != nil {
		m.wants |= 1 << m.sight.takes(sender, Video) // it is shown here
	}
	for _, p := range list {
		if c := p.chosen.Load(); c != nil && p != to && !p.carrier && !p.guest && p.stat.Load().State == Connected {
			m.wants |= p.takes(sender, now)
			m.audio = min(m.audio, c.Audio)
		}
	}
	return m
}

// offered is what there is to send to a participant that shows the others so large: the
// bits/s of each stream, of how many senders, and whether it gets both layers of a camera.
func (r *Room) offered(p *peer, seen sight, now time.Time) (bits [Screen + 1]float64, senders int, both, sealed bool) {
	via, serves := r.route()
	if p.guest {
		via, serves = ID{}, false // it gets what it would if there were no forwarder
	}
	sealed = via != (ID{})
	if p.carrier {
		serves = false
		if via != p.id {
			return bits, 1, false, true
		}
	}
	if !sealed || via == r.cfg.Self || via == p.id {
		bits, senders = r.made.rates(now), 1
	}
	if both = via == p.id; both {
		bits[Video] += bits[Small]
	} else if seen.takes(r.forward.cut.tag, Video) == Small && bits[Small] > 0 {
		bits[Video] = bits[Small]
	}
	if !serves {
		return bits, max(senders, 1), both, sealed
	}
	for _, other := range *r.list.Load() {
		if other == p {
			continue
		}
		made := other.origin.made.rates(now)
		if made == ([Screen + 1]float64{}) {
			continue
		}
		senders++
		if seen.takes(other.origin.tag, Video) == Small && made[Small] > 0 {
			made[Video] = made[Small]
		}
		for s := range bits {
			bits[s] += made[s]
		}
	}
	return bits, max(senders, 1), both, sealed
}
