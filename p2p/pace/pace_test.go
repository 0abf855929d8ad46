package pace

import (
	"fmt"
	"testing"
	"time"

	"parvis/p2p"
)

func TestEachPeerHasItsOwnPace(t *testing.T) {
	c := Pace{Every: time.Second, Burst: 2}
	now := time.Unix(1000, 0)
	for i, one := range []struct {
		peer p2p.PeerID
		at   float64 // seconds
		want bool
	}{
		{"a", 0, true}, {"a", 0, true}, {"a", 0, false}, {"a", 0.9, false}, {"b", 0.9, true},
		{"a", 1, true}, {"a", 1, false}, {"a", 3, true}, {"a", 3, true}, {"a", 3, false}, {"a", -60, false}, {"a", 4, true},
	} {
		if got := c.Allow(one.peer, now.Add(time.Duration(one.at*float64(time.Second)))); got != one.want {
			t.Errorf("%d: %s at %v s got %v", i, one.peer, one.at, got)
		}
	}
}

func TestWhoIsNewDoesNotFillTheMemory(t *testing.T) {
	c := Pace{Every: time.Second, Burst: 2}
	now := time.Unix(1000, 0)
	c.Allow("busy", now)
	for i := range 10 * known {
		now = now.Add(2 * time.Millisecond)
		c.Allow("busy", now)
		if !c.Allow(p2p.PeerID(fmt.Sprint(i)), now) {
			t.Fatalf("the %d. new one may not", i)
		}
	}
	if c.Len() > 2*known {
		t.Errorf("%d peers are remembered", c.Len())
	}
	if c.Allow("busy", now) && c.Allow("busy", now) {
		t.Error("who does much was forgotten")
	}
}
