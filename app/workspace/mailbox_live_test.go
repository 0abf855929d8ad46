package workspace_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parvis/app/workspace"
)

// soon waits until something holds that is told by events of d.
func (d *device) soon(what string, holds func() bool) {
	d.t.Helper()
	told := make(chan struct{}, 1)
	ring := func() {
		select {
		case told <- struct{}{}:
		default:
		}
	}
	defer d.Events.Members.Subscribe(func(workspace.MembersChanged) { ring() })()
	defer d.Events.State.Subscribe(func(workspace.StateChanged) { ring() })()
	defer d.Events.Custody.Subscribe(func(workspace.CustodyChanged) { ring() })()
	defer d.Events.SuperPeers.Subscribe(func(workspace.SuperPeersChanged) { ring() })()
	defer d.Events.Problem.Subscribe(func(workspace.Problem) { ring() })()
	if d.board != nil {
		defer d.board.told.Subscribe(func(struct{}) { ring() })()
	}
	patience := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-told:
		case <-patience:
			d.t.Fatalf("gave up waiting: %s", what)
		}
	}
}

// state is how a device sees its only super-peer.
func (d *device) state(w *workspace.Workspace) workspace.SuperPeer {
	d.t.Helper()
	list, err := w.SuperPeers(context.Background())
	if err != nil || len(list) != 1 {
		d.t.Fatalf("%d super-peers, %v; want one", len(list), err)
	}
	return list[0]
}

func TestCouriersWorkByThemselves(t *testing.T) {
	now := time.Now()
	ana, ben := newDevice(t, &now), newDevice(t, &now)
	for _, d := range []*device{ana, ben} {
		d.supers.live()
	}
	meet(ana, ben)
	wa, s := ana.found(), newSuperPeer()
	wb := ben.join(ana.invite(wa, 1).Link)
	ben.supers.add(s)
	ana.attach(wa, s)
	give(t, wa, wb)
	ana.soon("Ana is connected", func() bool { return ana.state(wa).State == workspace.SuperPeerConnected })
	ben.soon("Ben is connected", func() bool { return ben.state(wb).State == workspace.SuperPeerConnected })

	begin := time.Now()
	ana.say(wa, "one")
	ben.soon("Ben reads it", func() bool { return ben.board.count() == 1 })
	t.Logf("through the super-peer in %v", time.Since(begin))
	ana.soon("Ana knows that it is held", func() bool { return wa.Queued() == 0 && wa.AtSuperPeer() == 1 })

	s.set(func() { s.down = true; s.stir() })
	ana.soon("Ana sees that it is cut", func() bool { return ana.state(wa).State == workspace.SuperPeerConnecting })
	ana.say(wa, "two")
	if ana.state(wa).Queued != 1 || wa.Queued() != 1 {
		t.Errorf("%d queued, want 1", wa.Queued())
	}
	s.set(func() { s.down = false })
	ana.SuperPeerChanged(s.key, true, false)
	ben.SuperPeerChanged(s.key, true, false)
	ben.soon("the queue drains alone", func() bool { return ben.board.count() == 2 })

	s.set(func() { s.full, s.used, s.limit = workspace.ErrSuperPeerFull, 950, 1000 })
	ana.say(wa, "three")
	ana.soon("Ana is told that it is full", func() bool {
		return ana.state(wa).State == workspace.SuperPeerFull && ana.state(wa).Problem != ""
	})
	ana.soon("how full it is was asked at once", func() bool { return ana.state(wa).Used == 950 && ana.state(wa).Limit == 1000 })
	ana.SuperPeerChanged(s.key, true, true)
	if got := ana.state(wa).State; got != workspace.SuperPeerConnecting {
		t.Errorf("a silent super-peer is %s, want connecting", got)
	}
}

func TestTheProgramEndsAfterWhatWasWrittenIsThere(t *testing.T) {
	now := time.Now()
	ana, s := newDevice(t, &now), newSuperPeer()
	ana.supers.live()
	wa := ana.found()
	ana.attach(wa, s)
	ana.soon("Ana is connected", func() bool { return ana.state(wa).State == workspace.SuperPeerConnected })
	for i := range 500 {
		ana.say(wa, fmt.Sprint(i))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	ana.Drain(ctx)
	if ctx.Err() != nil || ana.state(wa).Queued != 0 {
		t.Errorf("%d queued after the drain, want none (%v)", ana.state(wa).Queued, ctx.Err())
	}
}

func TestAPanicInAViewEndsTheVisitOnly(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	ana.say(wa, "one")
	ana.courier(wa, s).upload(true)
	ben.board.spoil(true)
	ben.supers.add(s)
	ben.supers.live()
	ben.SuperPeerChanged(s.key, true, false)
	ben.soon("Ben was there and left", func() bool {
		seen := ben.state(wb)
		return seen.State == workspace.SuperPeerConnecting && seen.LastContact > 0
	})
	ben.board.spoil(false)
	ben.SuperPeerChanged(s.key, true, false)
	ben.soon("Ben reads it", func() bool { return ben.board.count() == 1 })
}
