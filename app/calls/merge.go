package calls

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// Times of a device that goes over to another call of its channel (rule L29).
const (
	mergeAfter = 300 * time.Millisecond // so long it is to gather elsewhere
	mergeFresh = 10 * time.Second       // so long after this person came, also with others in the call
)

// rival is one of the calls that go on in a channel.
type rival struct {
	id call.ID
	n  int // how many are in it
}

// gathering is the call in which the participants of several gather: the one with the
// most, of those the one with the smallest id.
func gathering(all []rival) call.ID {
	return slices.MinFunc(all, func(a, b rival) int {
		return cmp.Or(cmp.Compare(b.n, a.n), bytes.Compare(a.id[:], b.id[:]))
	}).id
}

// goesOver is the call that a device goes over to from its own, the first of all; false:
// it stays. One that has been in a call with others for a while is moved by nobody.
func goesOver(all []rival, entered time.Duration) (call.ID, bool) {
	to := gathering(all)
	return to, to != all[0].id && (all[0].n <= 1 || entered < mergeFresh)
}

// merging is when a device goes over to another call.
type merging struct {
	entered time.Time // when this person entered a call in this channel
	apart   time.Time // since when it is to gather elsewhere; zero: it is not; the clock's goroutine has it
}

// gather goes over to the call in which the participants of the channel gather.
func (x *session) gather(now time.Time) {
	all := x.view.rivals(x.key, x.channel)
	m := &x.merging
	to, over := goesOver(all, now.Sub(m.entered))
	switch {
	case !over:
		m.apart = time.Time{}
	case m.apart.IsZero():
		m.apart = now
	case now.Sub(m.apart) >= mergeAfter:
		m.apart = now
		x.service.wg.Go(func() { x.service.move(x, to) })
	}
}

// rivals are the calls that go on in the channel of a call, that call first.
func (v *view) rivals(own key, channel ChannelID) []rival {
	v.mu.Lock()
	all := []rival{{own.call, len(v.present[own])}}
	for k, there := range v.present {
		if k != own && k.space == own.space && len(there) < MaxParticipants {
			all = append(all, rival{k.call, len(there)})
		}
	}
	v.mu.Unlock()
	return slices.DeleteFunc(all, func(r rival) bool {
		if r.id == own.call {
			return false
		}
		c, err := v.call(context.Background(), r.id)
		return err != nil || c.Space != own.space || c.Channel != channel
	})
}

// move goes over to another call as this device is in its own, but records nothing there.
func (s *Service) move(x *session, to call.ID) {
	ctx := context.Background() // once it has left, it must come in
	s.entering.Lock()
	defer s.entering.Unlock()
	v := x.view
	c, err := v.call(ctx, to)
	if s.session.Load() != x || err != nil || len(c.Participants) == 0 || len(c.Participants) >= MaxParticipants {
		return
	}
	state := stateOf(uint(x.says.flags.Load()))
	state.Recording = false
	v.wentOver(x.key.call, to)
	x.lobby.close(false) // the guests come along
	s.leave(ctx, x)
	if _, err := s.enter(ctx, v, c, Entry{State: state, Test: x.generator != nil, Answers: x.answers, entered: x.merging.entered}); err != nil {
		s.config.Log.Warn("go over to another call", "call", IDText(to), "err", err)
		v.stays(x.key.call)
		v.tell(x.key.call)
		return
	}
	s.session.Load().lobby.inherit(x.lobby)
}

// maxMoved is how many calls that were left for another one are remembered.
const maxMoved = 64

// wentOver notes to which call this device goes over from another one.
func (v *view) wentOver(from, to call.ID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.moved) >= maxMoved {
		clear(v.moved)
	}
	v.moved[from] = to
}

// stays forgets that this device went over from a call to another one.
func (v *view) stays(in call.ID) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.moved, in)
}

// talks reports whether this person is in a call of a space, on any device, other than
// this one.
func (v *view) talks(space seal.SpaceID, besides call.ID) bool {
	self, _ := v.team.Self()
	v.mu.Lock()
	defer v.mu.Unlock()
	for k, there := range v.present {
		if k.space != space || k.call == besides {
			continue
		}
		for _, p := range there {
			if p.person == self {
				return true
			}
		}
	}
	return false
}

// crossed notes that a call was started in a direct conversation while this person was in
// another one there: both become one, and nothing is missed.
func (v *view) crossed(a arrival) {
	self, _ := v.team.Self()
	if a.Person == self || a.lateMs > RingFor.Milliseconds() || !v.team.Direct(a.Space) || !v.talks(a.Space, a.Call) {
		return
	}
	v.notMissed(a.Call)
}

func (v *view) notMissed(id call.ID) {
	if err := v.store().DeclineCall(context.Background(), v.ws, id); err != nil {
		v.service.config.Log.Warn("note a call that is not missed", "call", IDText(id), "err", err)
	}
}

// joined ends the ringing in a conversation in which this person is in a call: of that
// call, and of others there, which become one with it.
func (v *view) joined(space seal.SpaceID, id call.ID) {
	v.mu.Lock()
	var rings []call.ID
	for ring, r := range v.rings {
		if ring == id || r.space == space {
			rings = append(rings, ring)
		}
	}
	v.mu.Unlock()
	for _, ring := range rings {
		if ring != id {
			v.notMissed(ring)
		}
		v.stopRing(ring, Joined)
	}
}
