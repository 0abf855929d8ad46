package workspace_test

import (
	"fmt"
	"testing"
	"time"

	"parvis/app/workspace"
)

// hidden are two between whom the first of many messages is held back.
func hidden(t *testing.T, messages int) (ana, ben *device, wa, wb *workspace.Workspace, s *superPeer) {
	t.Helper()
	ana, ben, wa, wb, s = two(t)
	first := ana.say(wa, "0")
	for i := range messages - 1 {
		ana.say(wa, fmt.Sprint(i+1))
	}
	ana.courier(wa, s).upload(true)
	s.set(func() {
		s.mangle = func(o workspace.Object) (workspace.Object, bool) { return o, o.ID != first.ID }
	})
	return ana, ben, wa, wb, s
}

func TestWhatWasGivenUpIsReadAgainWhenItsChainMoves(t *testing.T) {
	const messages = 300 // more than the waiting room holds
	ana, ben, wa, wb, s := hidden(t, messages)
	_ = ana
	cb := ben.courier(wb, s)
	cb.Most(0)
	cb.read()
	if got := len(ben.board.lines); got != 0 || cb.Waiting() > 0 {
		t.Fatalf("%d messages and %d waiting, want none of both", got, cb.Waiting())
	}
	again := ben.courier(wb, s) // it outlives the program
	again.Most(0)
	soon := time.Now().Add(2 * time.Minute)
	if due, err := again.Next(t.Context(), soon); due || err != nil {
		t.Errorf("it is read again though nothing moved: %v, %v", due, err)
	}
	_, reader := wb.Self()
	part, _, err := wa.Missing(t.Context(), reader, wb.Have(), 1, 1<<20)
	if err != nil || len(part.Envelopes) != 1 {
		t.Fatalf("%d envelopes, %v; want the first", len(part.Envelopes), err)
	}
	if err := wb.Receive(t.Context(), part); err != nil {
		t.Fatal(err)
	}
	if due, err := again.Next(t.Context(), soon); !due || err != nil {
		t.Errorf("it is not read again: %v", err)
	}
	if got := len(ben.board.lines); got != messages {
		t.Errorf("%d messages, want %d", got, messages)
	}
}

func TestWhatWasGivenUpIsReadAgainOnceAWeek(t *testing.T) {
	_, ben, _, wb, s := hidden(t, 40)
	cb := ben.courier(wb, s)
	cb.Most(0)
	cb.read()
	s.set(func() { s.mangle = nil })
	if due, err := cb.Next(t.Context(), time.Now().Add(6*24*time.Hour)); due || err != nil {
		t.Errorf("read again before: %v, %v", due, err)
	}
	if due, err := cb.Next(t.Context(), time.Now().Add(8*24*time.Hour)); !due || err != nil {
		t.Errorf("not read again: %v", err)
	}
	if got := len(ben.board.lines); got != 40 {
		t.Errorf("%d messages, want 40", got)
	}
}

func TestWhatWaitsIsFetchedAgainOnlyWhenSomethingMoved(t *testing.T) {
	ana, ben, wa, wb, s := hidden(t, 30)
	cb := ben.courier(wb, s)
	cb.read()
	fetched := s.fetched
	cb.read()
	if s.fetched != fetched || cb.Waiting() == 0 {
		t.Errorf("%d objects were fetched again though nothing moved", s.fetched-fetched)
	}
	ana.grow(wa)
	ana.courier(wa, s).upload(true)
	cb.read()
	if got := s.fetched - fetched; got < 29 {
		t.Errorf("%d objects were fetched when the log grew, want those that wait too", got)
	}
	s.set(func() { s.mangle = nil })
	cb.read()
	if got := len(ben.board.lines); got != 30 || cb.Waiting() != 0 {
		t.Errorf("%d messages and %d waiting, want 30 and none", got, cb.Waiting())
	}
}
