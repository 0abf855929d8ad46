package media

import (
	"errors"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Room is one call as this device sees it.
type Room struct {
	cfg     Config
	made    meter // what the local encoders make
	list    atomic.Pointer[[]*peer]
	byTag   atomic.Pointer[map[tag]*peer] // of the same
	forward forward
	wake    chan struct{}
	quit    chan struct{}
	wg      sync.WaitGroup

	mu      sync.Mutex
	peers   map[ID]*peer
	leaving map[ID]<-chan struct{} // closed when the last bye of a participant is out
	closed  bool
	keys    keyWishes
	changed bool // Changed is to be called
}

// MaxCarriers is how many may be there that only carry.
const MaxCarriers = 4

// maxPeers bounds what a caller's mistake can cost.
const maxPeers = 64 + MaxCarriers + MaxGuests

// NewRoom makes a room without participants. Close must be called.
func NewRoom(cfg Config) (*Room, error) {
	if cfg.Send == nil {
		return nil, errors.New("a room needs a way to send signals")
	}
	if cfg.Receive == nil {
		cfg.Receive = func(ID, Frame) {}
	}
	if cfg.NeedKey == nil {
		cfg.NeedKey = func(Stream) {}
	}
	if cfg.Changed == nil {
		cfg.Changed = func() {}
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	r := &Room{
		cfg: cfg, peers: map[ID]*peer{}, leaving: map[ID]<-chan struct{}{},
		wake: make(chan struct{}, 1), quit: make(chan struct{}),
	}
	r.list.Store(&[]*peer{})
	r.byTag.Store(&map[tag]*peer{})
	r.forward.wake, r.forward.cut.tag = make(chan struct{}, 1), r.tag(cfg.Self)
	r.wg.Go(r.run)
	r.wg.Go(r.carry)
	return r, nil
}

// Join says that a participant is there, and which side offers: the caller
// decides it alike on both. Joining a participant again has an effect only
// after it said bye, or when the sides changed: then it starts anew.
func (r *Room) Join(id ID, offer bool) { r.join(who{id: id}, offer) }

// JoinCarrier says that somebody is there who takes no part in the call, such as a
// super-peer, but can be the forwarder. This side offers. Nothing goes there but sealed
// pieces, and only while it is the forwarder; nothing is taken from there but pieces of
// participants.
func (r *Room) JoinCarrier(id ID) { r.join(who{id: id, carrier: true}, true) }

func (r *Room) join(other who, offer bool) {
	id := other.id
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || id == r.cfg.Self {
		return
	}
	if p := r.peers[id]; p != nil {
		p.rejoin(offer)
		return
	}
	if len(r.peers) == maxPeers {
		r.cfg.Log.Warn("too many participants", "participant", id.String())
		return
	}
	p := newPeer(r, other, offer)
	before := r.leaving[id]
	delete(r.leaving, id)
	r.peers[id] = p
	r.relist()
	r.wg.Go(func() { p.run(before) })
}

func (p *peer) rejoin(offer bool) {
	p.door.mu.Lock()
	turned := p.door.offers != offer
	p.door.offers = offer
	p.door.mu.Unlock()
	p.mailbox.post(func() {
		if turned || p.link.state == Left {
			p.begin()
		}
	})
}

// Leave ends the connection to a participant and tells it so. Frames that are
// being handed out may still arrive; no more begin. The rest happens in the
// background; Close waits for it.
func (r *Room) Leave(id ID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.leave(id)
}

// leave is called with mu held.
func (r *Room) leave(id ID) {
	p := r.peers[id]
	if p == nil {
		return
	}
	delete(r.peers, id)
	for gone, done := range r.leaving { // those that are done need no entry
		select {
		case <-done:
			delete(r.leaving, gone)
		default:
		}
	}
	r.leaving[id] = p.done
	close(p.quit)
	r.relist()
	r.changed = true
	wake(r.wake)
}

// relist is called with mu held.
func (r *Room) relist() {
	list := make([]*peer, 0, len(r.peers))
	for _, p := range r.peers {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *peer) int { return slices.Compare(a.id[:], b.id[:]) })
	r.list.Store(&list)
	byTag := make(map[tag]*peer, len(list))
	for _, p := range list {
		if !p.carrier && !p.guest {
			byTag[p.origin.tag] = p
		}
	}
	r.byTag.Store(&byTag)
}

// tag stands for a participant in pieces.
func (r *Room) tag(id ID) tag {
	if r.cfg.Tag == nil {
		return tag(id[:])
	}
	return r.cfg.Tag(id)
}

// Signal takes a signal that came from a participant. An error says why it had
// no effect: ErrNotJoined, ErrSignal, ErrFingerprint.
func (r *Room) Signal(from ID, s Signal) error {
	r.mu.Lock()
	p := r.peers[from]
	r.mu.Unlock()
	if p == nil {
		return ErrNotJoined
	}
	return p.signal(s)
}

// Send gives a frame of the local encoders to every participant whose line
// carries its stream, or to the forwarder and the guests. It never blocks. The data must not change afterwards.
// Frames that are empty, too large or of no stream are dropped.
func (r *Room) Send(f Frame) {
	if f.Stream < Audio || f.Stream > Screen || len(f.Data) == 0 || len(f.Data) > MaxFrame || f.Stream == Audio && len(f.Data) > MaxAudio {
		return
	}
	now := time.Now()
	r.made.add(f.Stream, len(f.Data), now)
	sealed := r.sendSealed(f, now)
	for _, p := range *r.list.Load() {
		if c := p.conn.Load(); c != nil && !p.carrier && (p.guest || !sealed) {
			c.out.push(f, now)
		}
	}
}

// AskKey asks a participant for a key frame, because what plays its pictures lost one.
// What cannot be decoded without it is held back.
func (r *Room) AskKey(from ID, s Stream) {
	r.mu.Lock()
	p := r.peers[from]
	r.mu.Unlock()
	if p == nil || s < Video || s > Screen {
		return
	}
	if c := p.conn.Load(); c != nil {
		c.in.broken(trackOf(s))
	}
	p.origin.broken(s)
	wake(r.forward.wake)
}

// Stats is what is known about each participant, by id.
func (r *Room) Stats() []Stat {
	list := *r.list.Load()
	all := make([]Stat, len(list))
	for i, p := range list {
		all[i] = *p.stat.Load()
	}
	return all
}

// Wants is what the participants can use of the local encoders.
type Wants struct {
	AudioBitrate         int // bits/s that the sound should have, with FEC
	Video, Small, Screen bool
}

// Wants says what is worth encoding now: a stream that nobody takes need not be
// made, and the worst line decides the bit rate of the sound.
func (r *Room) Wants() Wants {
	w := Wants{AudioBitrate: AudioFull}
	via, _ := r.route()
	list := *r.list.Load()
	carried := slices.ContainsFunc(list, func(p *peer) bool {
		return p.id == via && p.chosen.Load() != nil && p.stat.Load().State == Connected
	})
	for _, p := range list {
		c := p.chosen.Load()
		switch {
		case c == nil, p.stat.Load().State != Connected:
		case carried && p.id == via:
			w.add(p.asked(*c, time.Now()))
		case p.carrier, carried && !p.guest:
		default:
			// What goes to somebody goes on until the other layer has begun.
			streams := p.takes(r.forward.cut.tag, time.Now())
			w.add(Wants{c.Audio, streams&(1<<Video) != 0, streams&(1<<Small) != 0, true})
		}
	}
	return w
}

// add joins what one more of them can use.
func (w *Wants) add(more Wants) {
	w.AudioBitrate = min(w.AudioBitrate, more.AudioBitrate)
	w.Video, w.Small, w.Screen = w.Video || more.Video, w.Small || more.Small, w.Screen || more.Screen
}

// Close leaves all participants and waits until everything has ended.
func (r *Room) Close() error {
	r.mu.Lock()
	if !r.closed {
		r.closed = true
		for id := range r.peers {
			r.leave(id)
		}
		close(r.quit)
	}
	r.mu.Unlock()
	r.wg.Wait()
	return nil
}

func (r *Room) receive(p *peer, f Frame) {
	p.handing.Lock()
	defer p.handing.Unlock()
	select {
	case <-p.quit:
		return
	default:
	}
	// While the way changes, the last frames on the old one may come behind the first on
	// the new one.
	if last := p.newest[f.Stream]; f.At < last && last-f.At < uint64(maxLate.Microseconds()) {
		p.count.refused.Add(1)
		return
	}
	p.newest[f.Stream] = f.At
	r.cfg.Receive(p.id, f)
}

// maxLate is how late a frame may be that is left out; one from before that is of a
// clock that was started anew.
const maxLate = 2 * time.Second

func (r *Room) needKey(s Stream) {
	r.mu.Lock()
	r.keys.ask(s)
	r.mu.Unlock()
	wake(r.wake)
}

// stir makes Changed be called.
func (r *Room) stir() {
	r.mu.Lock()
	r.changed = true
	r.mu.Unlock()
	wake(r.wake)
}

// run calls NeedKey and Changed.
func (r *Room) run() {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	key := time.NewTimer(time.Hour)
	defer key.Stop()
	for {
		select {
		case <-r.quit:
			return
		case <-second.C:
			if len(*r.list.Load()) > 0 {
				r.stir()
			}
			continue
		case <-r.wake:
		case <-key.C:
		}
		now := time.Now()
		r.mu.Lock()
		ask, next := r.keys.due(now)
		changed := r.changed
		r.changed = false
		r.mu.Unlock()
		for _, s := range ask {
			r.cfg.NeedKey(s)
		}
		if changed {
			r.cfg.Changed()
		}
		if !next.IsZero() {
			key.Reset(next.Sub(now))
		}
	}
}
