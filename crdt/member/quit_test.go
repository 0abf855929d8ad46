package member

import (
	"testing"

	"parvis/crdt/seal"
)

func TestWhoLeft(t *testing.T) {
	t.Run("M47 who is removed beside an own leave was removed", func(t *testing.T) {
		tm, founder, x, y, m := pair(t)
		early := tm.views[x.id()]
		tm.must(founder, PersonRemoveBody{Person: x.person})
		if _, o, err := tm.at(early, x.keys.Sign, LeaveBody{}); o != seal.Evidence && o != seal.OK {
			t.Fatal(o, err)
		}
		if p, _ := tm.log.State().Person(x.person); p.Status != Removed || p.Quit {
			t.Errorf("%v, quit: %v", p.Status, p.Quit)
		}
		tm.seeAll(founder.id(), y.id())
		tm.must(y, PersonRemoveBody{Person: m.person}) // nobody is said to have left who signed nothing
		if p, _ := tm.log.State().Person(m.person); p.Quit {
			t.Error("a member who said nothing left")
		}
	})
	t.Run("M47 of two removals one that did not know the leave makes it a removal", func(t *testing.T) {
		tm, founder, _, y, m := pair(t)
		tm.see(y.id(), founder.id())
		early := tm.views[founder.id()]
		tm.must(m, LeaveBody{})
		tm.see(y.id(), m.id())
		tm.must(y, PersonRemoveBody{Person: m.person})
		if p, _ := tm.log.State().Person(m.person); !p.Quit {
			t.Fatal("a confirmed leave is a removal")
		}
		if _, o, err := tm.at(early, founder.keys.Sign, PersonRemoveBody{Person: m.person}); o != seal.OK {
			t.Fatal(o, err)
		}
		if p, _ := tm.log.State().Person(m.person); p.Quit {
			t.Error("left, though one removed it who knew of no leave")
		}
	})
	t.Run("M47 a leave that does not count is none", func(t *testing.T) {
		tm, founder, _, y, m := pair(t)
		early := tm.views[founder.id()]
		tm.must(m, LeaveBody{})
		tm.see(y.id(), m.id())
		tm.must(y, PersonRemoveBody{Person: m.person})
		if _, o, err := tm.at(early, founder.keys.Sign, DeviceRemoveBody{Device: m.id()}); o != seal.OK {
			t.Fatal(o, err)
		}
		if p, _ := tm.log.State().Person(m.person); p.Status != Removed || p.Quit {
			t.Errorf("%v, quit: %v", p.Status, p.Quit)
		}
	})
}
