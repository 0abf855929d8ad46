package workspace_test

import (
	"slices"
	"testing"

	"parvis/crdt/seal"
)

func TestUndeliveredIsWhatNobodyElseHolds(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	before, _ := wa.Undelivered()
	ana.say(wa, "one")
	ana.say(wa, "two")
	person, _ := wb.Self()
	if count, people := wa.Undelivered(); count != before+2 || !slices.Equal(people, []seal.ID{person}) {
		t.Errorf("%d wait for %v, want %d for Ben", count, people, before+2)
	}
	ana.courier(wa, s).upload(false)
	if count, people := wa.Undelivered(); count != 0 || len(people) > 0 {
		t.Errorf("%d wait for %v, want none: the super-peer keeps them", count, people)
	}
	ben.courier(wb, s).read()
	if count, _ := wa.Undelivered(); count != 0 {
		t.Errorf("%d wait, want none", count)
	}
}

func TestNothingWaitsWhereNobodyElseIs(t *testing.T) {
	ana, _, _, _, _ := two(t)
	alone := ana.found()
	ana.say(alone, "to myself")
	if count, people := alone.Undelivered(); count != 0 || len(people) > 0 {
		t.Errorf("%d wait for %v, want none", count, people)
	}
}

func TestBehindCountsWhatASuperPeerToldOf(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	main := wa.State().MainSpace()
	ana.say(wa, "one")
	ana.courier(wa, s).upload(false)
	cb := ben.courier(wb, s)
	cb.Tell(main, 5)
	if got := cb.Lacks(); got != 5 {
		t.Errorf("lacks %d before reading, want 5", got)
	}
	cb.read()
	if got := cb.Lacks(); got >= 5 {
		t.Errorf("lacks %d after reading, want fewer", got)
	}
	cb.Tell(main, 1<<63)
	if got := cb.Lacks(); got > 1<<31 {
		t.Errorf("a number without reason counts as %d", got)
	}
	if wb.Behind() != 0 {
		t.Errorf("behind by %d, want 0 while nobody is connected", wb.Behind())
	}
}
