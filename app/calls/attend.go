package calls

import (
	"sync"
	"time"

	"parvis/crdt/seal"
)

// Times of a call whose page is not there (rule L30).
const (
	arriveTime = 3 * time.Second // in which the page of a call that was entered comes
	// LeaveWithout is how long a device stays in a call that was entered with a page while
	// none is there.
	LeaveWithout = 30 * time.Second
)

// terminal is what takes the place of a page.
type terminal struct {
	generator Generator // nil: a page, or nothing
	answers   Answer    // to recordings; [Unanswered]: the person is asked
}

// attendance is whether something captures and plays in the own call.
type attendance struct {
	mu     sync.Mutex
	came   bool      // something did once; guarded by mu
	vacant time.Time // since when nothing does; zero: something does; guarded by mu
	told   uint      // the flags that were told last; guarded by mu
}

// byPage reports whether a call was entered for a page.
func (x *session) byPage() bool { return x.generator == nil && x.answers == Unanswered }

// flags are what this device says that it does: without a page nothing of what was
// chosen, but what was chosen is kept for the page that comes back.
func (x *session) flags() uint {
	chosen := uint(x.says.flags.Load())
	a := &x.says.attendance
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case x.service.device.Load() != nil:
		a.came = true
		return chosen
	case x.byPage() && !a.came && x.service.config.Now().Sub(x.ways.began) < arriveTime:
		return chosen
	}
	return chosen&^(flagCamera|flagScreen|flagHand|flagRecording) | flagMuted | flagNoPage
}

// handed is told when another device captures and plays, or none does any more. What only
// the page before could go on with has ended.
func (s *Service) handed(ended uint32) {
	x := s.session.Load()
	if x == nil {
		return
	}
	x.says.flags.And(^ended)
	if ended != 0 {
		x.asksNoMore()
	}
	x.show()
	x.say(0)
}

// asksNoMore ends the asking to record.
func (x *session) asksNoMore() {
	_, own := x.view.team.Self()
	if x.view.asks(x.key, own, seal.ID{}) {
		x.lobby.asks(seal.ID{})
		x.note(noteAsks, seal.ID{})
		x.view.changed(x.key)
	}
}

// attend looks whether a page is there, says so when that changed, and leaves a call
// in which none was for too long.
func (x *session) attend(now time.Time) {
	flags := x.flags()
	a := &x.says.attendance
	a.mu.Lock()
	news := a.told != flags
	if flags&flagNoPage == 0 || !x.byPage() {
		a.vacant = time.Time{}
	} else if a.vacant.IsZero() {
		a.vacant = now
	}
	long := !a.vacant.IsZero() && now.Sub(a.vacant) >= LeaveWithout
	if long {
		a.vacant = now
	}
	a.mu.Unlock()
	if news {
		x.show()
		x.say(0)
	}
	if long {
		x.lost(true)
	}
}

// tell remembers what was told, and says whether it is news.
func (a *attendance) tell(flags uint) (news bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	news, a.told = a.told != flags, flags
	return news
}
