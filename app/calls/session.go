package calls

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
)

// leaveTime bounds what is still done when a call is left.
const leaveTime = 3 * time.Second

// Room is the connections of a call, and what goes over them; it is [media.Room].
type Room interface {
	Connections
	Lines
	Look(large []media.ID, all bool)
	// Signal takes a signal that came from somebody.
	Signal(from media.ID, s media.Signal) error
	Close() error
}

// Connections are those to the participants of a call, to its guests, and to the super-peers that
// may carry it.
type Connections interface {
	Join(id media.ID, offer bool)
	JoinCarrier(id media.ID)
	JoinGuest(id media.ID, servers []string)
	Leave(id media.ID)
}

// Lines carry sound and pictures, and are measured.
type Lines interface {
	Route(via media.ID, serves bool)
	Send(f media.Frame)
	AskKey(from media.ID, s media.Stream)
	Stats() []media.Stat
	Wants() media.Wants
}

// session is the call that this device is in.
type session struct {
	service *Service
	view    *view
	key     key
	channel ChannelID
	since   uint64
	room    Room
	signals *signals
	lobby   *lobby
	terminal

	life
	bells
	says    says
	people  roster
	ways    ways
	merging merging
}

// life is what goes on in a session until it is left.
type life struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// bells wake the session. Each is of one place.
type bells struct {
	nudged chan struct{} // somebody came or went, or says something else
	news   chan struct{} // there are new statistics
}

// says is what this device says of itself.
type says struct {
	flags  atomic.Uint32 // what was chosen that it does
	uplink atomic.Uint32 // kbit/s
	lines  reporting     // what it has measured

	attendance attendance

	mu   sync.Mutex
	last time.Time // guarded by mu
	left bool      // guarded by mu; nothing is said behind a goodbye
}

// roster is who is in the room.
type roster struct {
	mu     sync.Mutex         // participants are joined and left by one goroutine at a time
	joined map[seal.ID]uint64 // guarded by mu; by device, since when
	closed bool               // guarded by mu
	crowd  bool               // a test participant shows all small; guarded by mu
}

// begin opens the connections of a call. The caller holds entering.
func (s *Service) begin(v *view, c Call, e Entry) (err error) {
	_, own := v.team.Self()
	k := key{c.Space, c.ID}
	now := s.config.Now()
	x := &session{
		service: s, view: v, key: k, channel: c.Channel, since: uint64(now.UnixMilli()),
		bells:    bells{make(chan struct{}, 1), make(chan struct{}, 1)},
		terminal: terminal{answers: e.Answers},
		people:   roster{joined: map[seal.ID]uint64{}},
		merging:  merging{entered: e.entered},
	}
	if e.entered.IsZero() {
		x.merging.entered = now
	}
	x.ways.frames, x.ways.began = call.NewFrames(c.ID, own, x.since), now
	x.share(nil)
	x.says.flags.Store(uint32(e.State.flags()))
	ctx, cancel := context.WithCancel(context.Background()) // it lives until it is left
	x.cancel = cancel
	x.signals, x.lobby = newSignals(x), newLobby(x)
	x.room, err = s.config.Rooms(media.Config{
		Self: media.ID(own), Send: x.signal, Receive: s.frame, NeedKey: s.needKey, Changed: x.changed, Log: s.config.Log,
		Tunnel: x.tunnel(), Frames: x.ways.frames, Tag: func(id media.ID) [8]byte { return call.Tag(c.ID, seal.ID(id)) },
	})
	if err != nil {
		cancel()
		return err
	}
	if e.Test {
		if err := x.generate(); err != nil {
			cancel()
			return errors.Join(err, x.room.Close())
		}
	}
	v.forgetLost()
	v.stays(c.ID)
	s.session.Store(x)
	if !x.show() {
		s.finish(x)
		return ErrFull
	}
	v.joined(c.Space, c.ID)
	s.forgetAgain(func(seal.ID, call.ID, time.Time) bool { return true })
	s.noteOwn(x, now)
	x.say(0)
	x.tend(ctx)
	x.receive(ctx)
	x.choose() // what the others do is known already: who comes goes along with it
	x.sayWay()
	x.wg.Go(func() { x.run(ctx) })
	x.nudge()
	s.busy()
	return nil
}

// generate lets a test participant send.
func (x *session) generate() error {
	s := x.service
	if s.config.Generate == nil {
		return ErrInvalid
	}
	var place atomic.Pointer[Attachment]
	person, _ := x.view.team.Self()
	made, err := s.config.Generate(s.config.People.Name(x.view.ws, person), func(f media.Frame) {
		if a := place.Load(); a != nil {
			a.Send(f)
		}
	})
	if err != nil {
		return err
	}
	x.generator = made
	place.Store(s.Attach(made))
	return nil
}

// show puts this device among the participants as it is now, unless it has left.
func (x *session) show() bool {
	x.says.mu.Lock()
	defer x.says.mu.Unlock()
	if x.says.left {
		return false
	}
	person, own := x.view.team.Self()
	return x.view.saw(x.key, own, presence{person: person, flags: x.flags(), uplink: uint(x.says.uplink.Load()), since: x.since, own: true})
}

// say tells the others that this device is there, or with [flagLeft] that it is not.
func (x *session) say(more uint) {
	x.says.mu.Lock()
	defer x.says.mu.Unlock()
	if x.says.left {
		return
	}
	x.says.last, x.says.left = x.service.config.Now(), more&flagLeft != 0
	flags := x.flags()
	news := x.says.attendance.tell(flags)
	x.view.sendHint(x.key.space, hint{Call: x.key.call, Flags: flags | more, Uplink: uint(x.says.uplink.Load()), Since: x.since})
	if news && !x.says.left {
		x.lobby.each(func(v *visitor) { v.say(x.status()) })
	}
}

// beat says that this device is still there, when it is time to.
func (x *session) beat(now time.Time) {
	x.attend(now)
	x.gather(now)
	x.service.noteOwn(x, now)
	x.says.mu.Lock()
	since := now.Sub(x.says.last)
	x.says.mu.Unlock()
	if since >= HintEvery || since < 0 {
		x.say(0)
		x.ways.renew()
		x.sayWay()
		x.lobby.expire(now)
		x.nudge()
		x.repeat()
	}
}

// sends reports whether this device says that it sends a stream.
func (x *session) sends(s media.Stream) bool {
	state := stateOf(uint(x.says.flags.Load()))
	switch s {
	case media.Audio:
		return !state.Muted
	case media.Video, media.Small:
		return state.Camera
	case media.Screen:
		return state.Screen
	}
	return false
}

// nudge lets the session look at who is there. It does not block.
func (x *session) nudge() {
	select {
	case x.nudged <- struct{}{}:
	default:
	}
}

// changed is told by the room.
func (x *session) changed() {
	select {
	case x.news <- struct{}{}:
	default:
	}
}

// run keeps the room at what the hints say, and tells what the room has measured.
func (x *session) run(ctx context.Context) {
	var m measured
	for {
		select {
		case <-ctx.Done():
			return
		case <-x.nudged:
			x.reconcile()
			x.answerAlone()
			x.tend(ctx)
			x.receive(ctx)
		case <-x.news:
			x.measure(&m)
		}
		x.choose()
	}
}

// reconcile joins and leaves participants until the room has those who are in the
// call (rules L11, L15, L16).
func (x *session) reconcile() {
	_, own := x.view.team.Self()
	x.people.mu.Lock()
	defer x.people.mu.Unlock()
	if x.people.closed {
		return
	}
	if !x.view.team.MayJoin(x.key.space, own) {
		x.lost(false)
		return
	}
	others := x.view.others(x.key)
	x.share(others)
	for id, since := range x.people.joined {
		now, there := others[id]
		switch {
		case !there:
			delete(x.people.joined, id)
			x.room.Leave(media.ID(id))
			x.ways.frames.Left(id)
			x.signals.close(id)
		case now != since:
			x.people.joined[id] = now
			if since != 0 && now != 0 && offers(own, id) { // it was started anew and knows nothing of us
				if err := x.room.Signal(media.ID(id), media.Signal{Kind: media.Bye}); err == nil {
					x.room.Join(media.ID(id), true)
				}
			}
		}
	}
	for id, since := range others {
		if _, in := x.people.joined[id]; !in {
			x.people.joined[id] = since
			x.signals.open(id)
			x.room.Join(media.ID(id), offers(own, id))
		}
	}
	x.crowded()
}

// manyTiles is from how many others on a window of usual size shows each no larger than
// the small layer is.
const manyTiles = 4

// crowded lets a test participant show the others as a page does. The caller holds mu of people.
func (x *session) crowded() {
	crowd := x.generator != nil && len(x.people.joined) >= manyTiles
	if crowd != x.people.crowd {
		x.people.crowd = crowd
		x.room.Look(nil, !crowd)
	}
}

// offers is who of two devices makes the offer (rule L15).
func offers(own, other seal.ID) bool { return own.Compare(other) > 0 }

// lost leaves a call that this device may not be in any more, or in which nobody is at
// this device: who comes back may join again.
func (x *session) lost(again bool) {
	x.service.wg.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
		defer cancel()
		if x.service.end(ctx, x) && again {
			x.service.offerAgain(x.view, x.key.call)
		}
	})
}

// end leaves a call, if it is still the own one.
func (s *Service) end(ctx context.Context, x *session) (left bool) {
	s.entering.Lock()
	defer s.entering.Unlock()
	if s.session.Load() != x {
		return false
	}
	s.leave(ctx, x)
	return true
}

// leave leaves the own call. The last who leaves ends it. The caller holds entering.
func (s *Service) leave(ctx context.Context, x *session) {
	alone := len(x.view.others(x.key)) == 0
	s.finish(x)
	_, own := x.view.team.Self()
	if !alone || !x.view.team.MayJoin(x.key.space, own) {
		return
	}
	if err := x.view.write(ctx, x.key.space, Body{Op: OpEnd, Call: x.key.call, Channel: x.channel}); err != nil {
		s.config.Log.Warn("note the end of a call", "call", IDText(x.key.call), "err", err)
	}
}

// finish closes the connections and says goodbye. The caller holds entering.
func (s *Service) finish(x *session) {
	s.session.CompareAndSwap(x, nil)
	x.people.mu.Lock()
	x.people.closed = true
	x.people.mu.Unlock()
	x.lobby.close(len(x.view.others(x.key)) == 0)
	x.cancel()
	x.say(flagLeft)
	_, own := x.view.team.Self()
	x.view.gone(x.key, own, false)
	x.view.forgetLost()
	s.leftOwn()
	x.signals.bye()
	if x.generator != nil {
		if err := x.generator.Close(); err != nil {
			s.config.Log.Warn("end the test participant", "err", err)
		}
		if a := s.device.Load(); a != nil && a.device == Device(x.generator) {
			a.Close()
		}
	}
	if err := x.room.Close(); err != nil {
		s.config.Log.Warn("close the connections of a call", "err", err)
	}
	x.wg.Wait()
	x.signals.wait()
}

// sameCall reports whether x is in a call.
func (x *session) sameCall(v *view, id call.ID) bool {
	return x != nil && x.view == v && x.key.call == id
}
