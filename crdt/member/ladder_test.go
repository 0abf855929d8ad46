package member

import (
	"testing"
	"time"

	"parvis/crdt/seal"
)

func TestWideLog(t *testing.T) {
	t.Run("M28 two long branches and a ladder between them resolve in bounded time", func(t *testing.T) {
		const n = 400
		tm, founder, x, y, _ := pair(t)
		tm.promote(founder, x, RoleOwner, 1)
		tm.seeAll(founder.id(), x.id(), y.id())
		for i := range n {
			// Each sees the other's last but one, so that they never meet.
			var seen []seal.ID
			if i%2 == 0 {
				seen = tm.views[x.id()]
			}
			who := []*human{founder, x}[i%2]
			tm.must(who, RoleSetBody{Person: y.person, Role: Role(2 + i%2)})
			tm.views[who.id()] = tm.reduce(append(seen, tm.views[who.id()]...))
		}
		start := time.Now()
		want := picture(tm.log.State())
		t.Logf("%d entries side by side: %v", n, time.Since(start))
		if got := picture(fromGenesis(tm.log)); got != want {
			t.Error("the shortcut changes the state")
		}
	})
}
