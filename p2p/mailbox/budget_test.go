package mailbox

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"parvis/p2p"
)

func TestX27MemoryIsSharedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBudget()
		take := func(peer p2p.PeerID, size int) (func(), error) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			return b.take(ctx, peer, size)
		}
		var back []func()
		for range budgetPeer / MaxObject {
			give, err := take("ana", MaxObject)
			if err != nil {
				t.Fatal(err)
			}
			back = append(back, give)
		}
		if _, err := take("ana", 1); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("one device gets more than its share: %v", err)
		}
		for _, peer := range []p2p.PeerID{"ben", "cleo"} {
			give, err := take(peer, budgetPeer)
			if err != nil {
				t.Fatal(err)
			}
			back = append(back, give)
		}
		waiting := make(chan error, 1)
		go func() {
			give, err := b.take(t.Context(), "dora", MaxObject)
			if err == nil {
				give()
			}
			waiting <- err
		}()
		synctest.Wait()
		select {
		case <-waiting:
			t.Error("all of them get more than there is")
		default:
		}
		back[0]()
		if err := <-waiting; err != nil {
			t.Error(err)
		}
		for _, give := range back[1:] {
			give()
		}
		if b.used != 0 || len(b.peers) != 0 {
			t.Errorf("%d bytes of %d devices are left", b.used, len(b.peers))
		}
	})
}

func TestX23AWatcherKeepsTheNewestOnly(t *testing.T) {
	var b Bell
	w := b.Attach([32]byte{1}, []Tag{{1}, {2}})
	other := b.Attach([32]byte{2}, []Tag{{1}})
	for _, n := range []uint64{3, 9, 5} {
		b.Ring([32]byte{1}, Tag{1}, n)
	}
	b.Ring([32]byte{1}, Tag{3}, 7)
	<-w.Wake()
	if got, alarmed := w.Take(); len(got) != 1 || got[0] != (News{Tag{1}, 9}) || alarmed {
		t.Errorf("got %v, alarmed: %v", got, alarmed)
	}
	if got, _ := other.Take(); len(got) != 0 {
		t.Errorf("another workspace hears %v", got)
	}
	b.Alarm([32]byte{1})
	<-w.Wake()
	if got, alarmed := w.Take(); len(got) != 0 || !alarmed {
		t.Errorf("an alarm brings %v, alarmed: %v", got, alarmed)
	}
	w.Leave()
	other.Leave()
	if len(b.watchers) != 0 {
		t.Error("they are still there")
	}
}
