package guest

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"parvis/p2p"
)

// anyone makes a host that lets in everybody, and what opens its lobby for the i-th member.
func anyone(t *testing.T) (h *Host, open func(i int) error) {
	h = NewHost(Config{
		May: func(p2p.PeerID, [32]byte) bool { return true }, Offer: offer, Now: time.Now,
		Admitted: func(Seat) []byte { return nil }, Forgotten: func(Seat) {},
	})
	return h, func(i int) error {
		return h.open(&member{name: Member(random16()), peer: p2p.PeerID(fmt.Sprintf("member %d", i)), ticket: Ticket{workspace, lobby}, line: newLine(silent{})})
	}
}

func TestW115ARoomHasAsManyMembersAsItMay(t *testing.T) {
	_, open := anyone(t)
	for i := range maxMembers {
		if err := open(i); err != nil {
			t.Fatalf("member %d: %v", i, err)
		}
	}
	if err := open(maxMembers); !errors.Is(err, ErrFull) {
		t.Errorf("one too many: %v", err)
	}
	if err := open(0); err != nil { // takes the place of its older stream
		t.Errorf("one that comes again: %v", err)
	}
}

func TestNobodyComesToAHostThatIsClosed(t *testing.T) {
	h, open := anyone(t)
	h.Close()
	if err := open(1); !errors.Is(err, ErrFull) {
		t.Errorf("a member: %v", err)
	}
	if _, err := h.Enter(lobby); err == nil {
		t.Error("a guest enters")
	}
}

func TestAQueueGivesWhatItHasAndEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // who waits for ever is found
		q := newQueue(10, func(int) int { return 1 })
		q.put(1)
		q.put(2)
		q.finish()
		q.put(3)
		for _, want := range []int{1, 2, 0} {
			if got, ok := q.take(nil); got != want || ok != (want > 0) {
				t.Errorf("%d, %v; want %d", got, ok, want)
			}
		}
	})
}
