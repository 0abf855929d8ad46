package calls

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

const (
	// RejoinFor is how long a call may be joined again that this device was in (rule L32).
	RejoinFor = 60 * time.Second
	// noteEvery is how often it is written down that this device is in a call.
	noteEvery = 10 * time.Second
	ownCall   = "call" // the name of that value
)

// again is the call that this device was in until its program or its page ended.
type again struct {
	mu    sync.Mutex
	read  bool      // what the program before wrote was read; guarded by mu
	ws    seal.ID   // guarded by mu
	id    call.ID   // guarded by mu
	until time.Time // guarded by mu; zero: there is none

	writing sync.Mutex
	noted   time.Time // when the own call was written down last; guarded by writing
}

// noteOwn writes down that this device is in a call. A row that is left when the program
// starts says that it was killed.
func (s *Service) noteOwn(x *session, now time.Time) {
	a := &s.again
	a.writing.Lock()
	defer a.writing.Unlock()
	if since := now.Sub(a.noted); since >= 0 && since < noteEvery || s.session.Load() != x {
		return
	}
	a.noted = now
	s.writeOwn(strings.Join([]string{x.view.ws.String(), IDText(x.key.call), strconv.FormatInt(now.UnixMilli(), 10)}, " "))
}

func (s *Service) writeOwn(value string) {
	if s.config.Values == nil {
		return
	}
	if err := s.config.Values.SetValue(context.Background(), ownCall, value); err != nil {
		s.config.Log.Warn("note the own call", "err", err)
	}
}

// leftOwn writes down that this device is in no call.
func (s *Service) leftOwn() {
	s.again.writing.Lock()
	defer s.again.writing.Unlock()
	s.again.noted = time.Time{}
	s.writeOwn("")
}

// offerAgain lets a call be joined again for a while.
func (s *Service) offerAgain(v *view, id call.ID) {
	a := &s.again
	a.mu.Lock()
	a.read, a.ws, a.id, a.until = true, v.ws, id, s.config.Now().Add(RejoinFor)
	a.mu.Unlock()
	s.busy()
	v.tell(id)
}

// offered reports whether a call may be joined again.
func (s *Service) offered(ws seal.ID, id call.ID) bool {
	now := s.config.Now()
	a := &s.again
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.read {
		a.read = true
		a.recall(s.config, now)
	}
	return !a.until.IsZero() && now.Before(a.until) && a.ws == ws && a.id == id
}

// recall reads what the program before wrote. The caller holds mu.
func (a *again) recall(c Config, now time.Time) {
	if c.Values == nil {
		return
	}
	text, err := c.Values.Value(context.Background(), ownCall)
	part := strings.Fields(text)
	if err != nil || len(part) != 3 {
		return
	}
	ws, err := seal.ParseID(part[0])
	if err != nil {
		return
	}
	id, err := ParseID(part[1])
	if err != nil {
		return
	}
	ms, err := strconv.ParseInt(part[2], 10, 64)
	if ago := now.Sub(time.UnixMilli(ms)); err != nil || ago.Abs() > RejoinFor+noteEvery {
		return
	}
	a.ws, a.id, a.until = ws, id, now.Add(RejoinFor)
}

// forgetAgain ends the offer, and says of which call, if there was one.
func (s *Service) forgetAgain(which func(ws seal.ID, id call.ID, until time.Time) bool) {
	a := &s.again
	a.mu.Lock()
	ws, id, until := a.ws, a.id, a.until
	ends := !until.IsZero() && which(ws, id, until)
	if ends {
		a.until = time.Time{}
	}
	a.mu.Unlock()
	if v, err := s.view(ws); ends && err == nil {
		v.tell(id)
	}
}
