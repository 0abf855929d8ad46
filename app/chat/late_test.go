package chat_test

import (
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

func TestT27LateIsWhatWouldBeMissed(t *testing.T) {
	w := newWorld(2)
	ana, ben := w.replica(t, 0), w.replica(t, 1)
	caught := func(o workspace.Opened) workspace.Opened {
		o.LateMs = 3_600_000
		return o
	}
	late := func() map[seal.ID]bool {
		marked := map[seal.ID]bool{}
		for _, m := range ben.page(t) {
			if m.LateMs > 0 {
				marked[m.ID] = true
			}
		}
		return marked
	}
	old := caught(ana.forge(t, ana.main, ana.post(1, "while he was away")))
	ben.Deliver(t, old)
	if got := late(); len(got) != 0 {
		t.Errorf("nothing was read yet, and %d are late", len(got))
	}
	before := caught(ana.forge(t, ana.main, ana.post(1, "beside the first")))
	early := ana.forge(t, ana.main, ana.post(1, "before he had this computer"))
	ana.send(t, "one more")
	ben.Deliver(t, ana.last())
	ana.send(t, "behind it")
	ben.Deliver(t, ana.last())
	if err := ben.chat.MarkRead(t.Context(), ben.ws, ben.general(), ana.last().ID); err != nil {
		t.Fatal(err)
	}
	ben.joined = early.HintMs + 1
	ben.Deliver(t, caught(early))
	if got := late(); len(got) != 0 {
		t.Errorf("what is older than the computer is late: %d", len(got))
	}
	ben.joined = before.HintMs
	ben.Deliver(t, before)
	if got := late(); len(got) != 1 || !got[before.ID] {
		t.Errorf("late are %d, want the one that stands before what was read", len(got))
	}
	ana.send(t, "and after that")
	ben.Deliver(t, caught(ana.last()))
	if got := late(); len(got) != 1 {
		t.Errorf("what stands behind what was read is late: %d", len(got))
	}
	ben.open()
	if got := late(); len(got) != 1 || !got[before.ID] {
		t.Errorf("after a restart late are %d", len(got))
	}
}
