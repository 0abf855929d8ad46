package workspace_test

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/feed"
)

func TestManyWhoJoinAtOnceAreAllHeard(t *testing.T) {
	now := time.Now()
	ana := newDevice(t, &now)
	wa := ana.found()
	link := ana.invite(wa, 50).Link
	const n = 8 // more heads than an envelope can name
	var together, joined sync.WaitGroup
	together.Add(n)
	devices, joiners := make([]*device, n), make([]*workspace.Workspace, n)
	for i := range n {
		devices[i] = newDevice(t, &now)
		devices[i].together = &together
		meet(ana, devices[i])
		joined.Go(func() {
			w, err := devices[i].Join(t.Context(), link, "one of many", 20*time.Second)
			if err != nil {
				t.Error(err)
			}
			joiners[i] = w
		})
	}
	joined.Wait()
	for i := range n {
		give(t, wa, joiners[i])
	}
	for i := range n {
		devices[i].say(joiners[i], "hello")
		give(t, joiners[i], wa)
	}
	if got := len(ana.board.lines); got != n {
		t.Errorf("%d of %d who joined at once are heard", got, n)
	}
}

func TestOneLinkOpenedTwiceAtOnceIsOneJoin(t *testing.T) {
	now := time.Now()
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	wa := ana.found()
	link := ana.invite(wa, 1).Link
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { _, _ = ben.Join(t.Context(), link, "Ben", 10*time.Second) })
	}
	both.Wait()
	if got := ben.List(); len(got) != 1 || !got[0].Ready() {
		t.Errorf("Ben has %d workspaces, want one that is ready", len(got))
	}
	if got := len(wa.State().ActiveDevices()); got != 2 {
		t.Errorf("%d devices, want 2", got)
	}
}

func TestABugInAViewLeavesNoHoleInTheChain(t *testing.T) {
	now := time.Now()
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	wa := ana.found()
	wb := ben.join(ana.invite(wa, 1).Link)
	ana.say(wa, "one")
	ana.board.fail = true
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the view did not panic")
			}
		}()
		ana.say(wa, "two")
	}()
	ana.board.fail = false
	if three := ana.say(wa, "three"); three.Seq != 2 {
		t.Errorf("the message after the bug has number %d, want 2", three.Seq)
	}
	give(t, wa, wb)
	if want := []string{"one", "three"}; !slices.Equal(ben.board.lines, want) {
		t.Errorf("Ben reads %q, want %q", ben.board.lines, want)
	}
}

func TestNobodyHoldsWhatWasNotWritten(t *testing.T) {
	now := time.Now()
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	meet(ana, ben)
	wa := ana.found()
	wb := ben.join(ana.invite(wa, 1).Link)
	_, liar := wb.Self()
	_, self := wa.Self()
	for _, seq := range []uint64{1, 1000, math.MaxInt64, math.MaxUint64} {
		wa.Held(liar, workspace.Holdings{Feeds: feed.Vector{
			{Space: wa.MainSpace(), Device: self}: {Seq: seq},
			{Space: [16]byte{1}, Device: self}:    {Seq: seq},
		}})
	}
	o := ana.say(wa, "kept only here")
	if holders, all := wa.Custody(o.Space, o.Device, o.Seq); holders != 0 || all {
		t.Errorf("held by %d, all %v; want nobody", holders, all)
	}
}
