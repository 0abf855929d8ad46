package calls

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// ring is a call that rings here.
type ring struct {
	channel ChannelID
	space   seal.SpaceID
	by      seal.ID
	until   time.Time
	heard   bool // somebody was in it since it rings
}

// ring lets a call ring that has just arrived, where it must (rule L17).
func (v *view) ring(a arrival) {
	self, _ := v.team.Self()
	if a.Person == self || !v.team.Direct(a.Space) || a.lateMs > RingFor.Milliseconds() || v.talks(a.Space, a.Call) {
		return
	}
	c, err := v.call(context.Background(), a.Call)
	if err != nil || c.EndedMs > 0 || slices.Contains(c.People, self) || c.Space != a.Space {
		return
	}
	now := v.service.config.Now()
	v.mu.Lock()
	rings := v.rings[a.Call] == nil && v.mayRing(a.Person, now)
	if rings {
		v.rings[a.Call] = &ring{channel: a.Channel, space: a.Space, by: a.Person, until: now.Add(RingFor - time.Duration(a.lateMs)*time.Millisecond)}
	}
	v.mu.Unlock()
	if !rings {
		return
	}
	v.service.busy()
	v.service.Rang.Publish(Ring{Workspace: v.ws, Channel: a.Channel, ID: a.Call, By: a.Person, Ringing: true})
	v.tell(a.Call)
}

// mayRing counts the calls of a person (rule L19). The caller holds mu.
func (v *view) mayRing(person seal.ID, now time.Time) bool {
	since := now.Add(-time.Minute).UnixMilli()
	recent := slices.DeleteFunc(v.rang[person], func(ms int64) bool { return ms <= since })
	if len(recent) >= MaxRings {
		v.rang[person] = recent
		return false
	}
	v.rang[person] = append(recent, now.UnixMilli())
	return true
}

// stopRing ends the ringing of a call, if it rings.
func (v *view) stopRing(id call.ID, why Stop) {
	v.mu.Lock()
	r := v.rings[id]
	delete(v.rings, id)
	v.mu.Unlock()
	if r == nil {
		return
	}
	v.service.Rang.Publish(Ring{Workspace: v.ws, Channel: r.channel, ID: id, By: r.by, Stopped: why})
	v.tell(id)
}

// stopIfOver ends the ringing of a call that has ended, or that this person is in.
func (v *view) stopIfOver(id call.ID) {
	live := v.live(id)
	v.mu.Lock()
	r := v.rings[id]
	over := r != nil && r.wasHeard(live)
	v.mu.Unlock()
	if r == nil {
		return
	}
	c, err := v.call(context.Background(), id)
	self, _ := v.team.Self()
	switch {
	case err == nil && slices.Contains(c.People, self):
		v.stopRing(id, Joined)
	case over, err != nil, c.EndedMs > 0 && !live:
		v.stopRing(id, Ended)
	}
}

// stopOld ends ringing that took long enough, and reports whether something rings.
func (v *view) stopOld(now time.Time) (some bool) {
	var old []call.ID
	v.mu.Lock()
	for id, r := range v.rings {
		if !now.Before(r.until) {
			old = append(old, id)
		}
	}
	some = len(v.rings) > len(old)
	v.mu.Unlock()
	for _, id := range old {
		v.stopRing(id, Unheard)
	}
	return some
}

// Decline says that this person does not want to join a call: it stops to ring on all
// of the person's devices, and does not count as missed. A call that may be joined again
// is not offered any more, and nothing else is said.
func (s *Service) Decline(ctx context.Context, ws seal.ID, id call.ID) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	c, err := v.call(ctx, id)
	if err != nil {
		return err
	}
	if s.offered(ws, id) {
		s.forgetAgain(func(seal.ID, call.ID, time.Time) bool { return true })
		return nil
	}
	if err := v.store().DeclineCall(ctx, ws, id); err != nil {
		return fmt.Errorf("decline call: %w", err)
	}
	v.stopRing(id, Declined)
	said := hint{Call: id, Flags: flagDeclined, Since: uint64(s.config.Now().UnixMilli())}
	if own, exists := v.team.Own(); exists {
		v.sendHint(own, said)
	}
	if c.Direct { // also, so that who calls knows
		v.sendHint(c.Space, said)
	}
	v.tell(id)
	return nil
}

// declined notes that another device of this person declined.
func (v *view) declined(id call.ID) {
	if err := v.store().DeclineCall(context.Background(), v.ws, id); err != nil {
		v.service.config.Log.Warn("note a declined call", "call", IDText(id), "err", err)
	}
	v.stopRing(id, Declined)
}
