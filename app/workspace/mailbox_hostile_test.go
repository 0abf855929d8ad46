package workspace_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

func TestAHostileSuperPeerIsHarmless(t *testing.T) {
	const messages = 40
	tests := []struct {
		name    string
		make    func(s *superPeer)
		problem bool // it is noticed and told
		all     bool // everything arrives all the same
	}{
		{"drops half", func(s *superPeer) {
			s.mangle = func(o workspace.Object) (workspace.Object, bool) { return o, o.ID[0]%2 == 0 }
		}, false, false},
		{"hides a feed from the listing", func(s *superPeer) {
			s.listing = func([]workspace.ObjectRef) []workspace.ObjectRef { return nil }
		}, false, false},
		{"gives wrong bytes", func(s *superPeer) {
			s.mangle = func(o workspace.Object) (workspace.Object, bool) {
				o.Bytes = bytes.Clone(o.Bytes)
				o.Bytes[len(o.Bytes)/2] ^= 1
				return o, true
			}
		}, true, false},
		{"gives one object for another", func(s *superPeer) {
			var last workspace.Object
			s.mangle = func(o workspace.Object) (workspace.Object, bool) {
				given := workspace.Object{ID: o.ID, Bytes: last.Bytes}
				last = o
				return given, true
			}
		}, true, false},
		{"gives what nobody asked for", func(s *superPeer) {
			s.mangle = func(o workspace.Object) (workspace.Object, bool) { o.ID[0] ^= 1; return o, true }
		}, false, false},
		{"gives empty objects", func(s *superPeer) {
			s.mangle = func(o workspace.Object) (workspace.Object, bool) { o.Bytes = nil; return o, true }
		}, true, false},
		{"lists the newest first", func(s *superPeer) {
			s.listing = func(refs []workspace.ObjectRef) []workspace.ObjectRef {
				refs = slices.Clone(refs)
				slices.Reverse(refs)
				for i := range refs {
					refs[i].N = uint64(i + 1)
				}
				return refs
			}
		}, false, true},
		{"names everything twice", func(s *superPeer) {
			s.listing = func(refs []workspace.ObjectRef) []workspace.ObjectRef {
				var twice []workspace.ObjectRef
				for _, ref := range slices.Concat(refs, refs) {
					ref.N = uint64(len(twice) + 1)
					twice = append(twice, ref)
				}
				return twice
			}
		}, false, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			ana, ben, wa, wb, s := two(t)
			for i := range messages {
				ana.say(wa, fmt.Sprint(i))
			}
			ana.courier(wa, s).upload(true)
			s.set(func() { test.make(s) })
			cb := ben.courier(wb, s)
			for range 3 {
				_ = cb.Read(t.Context()) // it may give up
			}
			if got := cb.Problem() != ""; got != test.problem {
				t.Errorf("told a problem: %v, want %v (%s)", got, test.problem, cb.Problem())
			}
			if got := len(ben.board.lines); (got == messages) != test.all {
				t.Errorf("%d of %d messages", got, messages)
			}
			if test.name == "names everything twice" {
				return
			}
			// An honest way brings the rest, in order, whatever the super-peer did.
			give(t, wa, wb)
			var want []string
			for i := range messages {
				want = append(want, fmt.Sprint(i))
			}
			slices.Sort(want)
			got := slices.Sorted(slices.Values(ben.board.lines))
			if !slices.Equal(got, want) {
				t.Errorf("%d messages in the end, want %d", len(got), len(want))
			}
			// And what it held back is fetched once it behaves.
			s.set(func() { s.mangle, s.listing = nil, nil })
			ben.courier(wb, s).read()
		})
	}
}

func TestWhatWasHeldBackIsFetchedLater(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	for i := range 50 {
		ana.say(wa, fmt.Sprint(i))
	}
	ana.courier(wa, s).upload(true)
	s.set(func() {
		s.mangle = func(o workspace.Object) (workspace.Object, bool) { return o, o.ID[0]%3 != 0 }
	})
	cb := ben.courier(wb, s)
	cb.read()
	if len(ben.board.lines) == 50 || cb.Waiting() == 0 {
		t.Errorf("%d messages, %d wait; want some to be missing", len(ben.board.lines), cb.Waiting())
	}
	s.set(func() { s.mangle = nil })
	ben.courier(wb, s).read()
	if len(ben.board.lines) != 50 {
		t.Errorf("%d messages once nothing is held back, want 50", len(ben.board.lines))
	}
}

func TestASuperPeerThatNamesObjectsWithoutEndIsLeft(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	ana.courier(wa, s).upload(true)
	n := uint64(0)
	s.set(func() {
		s.listing = func([]workspace.ObjectRef) []workspace.ObjectRef {
			var refs []workspace.ObjectRef
			for range 200 {
				n++
				refs = append(refs, workspace.ObjectRef{N: n, ID: seal.ID(seal.RandomKey()), Size: 100})
			}
			return refs
		}
	})
	cb := ben.courier(wb, s)
	if err := cb.Read(t.Context()); err == nil {
		t.Error("the listing without end was read to its end")
	}
}

func TestWhatAMemberPutsThereAgainstTheRulesIsLeftBehind(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	ca := ana.courier(wa, s)
	ca.upload(true)
	main, log := wa.MainSpace(), seal.SpaceID{}
	for i, plant := range []struct {
		space seal.SpaceID
		kind  byte
		raw   []byte
	}{
		{main, 2, []byte("no envelope")}, {main, 2, nil}, {log, 0, []byte("no entry")}, {log, 1, []byte{1, 2, 3}}, {log, 1, nil},
		{main, 9, []byte("of a later version")}, {log, 2, []byte("an envelope beside the log")}, {log, 9, nil},
	} {
		if err := ca.Plant(t.Context(), plant.space, plant.kind, seal.ID{byte(i + 1)}, plant.raw); err != nil {
			t.Fatal(err)
		}
	}
	ana.say(wa, "behind it")
	ca.upload(true)
	cb := ben.courier(wb, s)
	cb.read()
	if want := []string{"behind it"}; !slices.Equal(ben.board.lines, want) {
		t.Errorf("Ben reads %q, want %q", ben.board.lines, want)
	}
	if cb.Problem() != "" || cb.Waiting() != 0 {
		t.Errorf("the super-peer is blamed (%q) or %d objects wait", cb.Problem(), cb.Waiting())
	}
	fetched := s.fetched
	ben.courier(wb, s).read()
	if s.fetched != fetched {
		t.Error("what is worth nothing was fetched again")
	}
}

func TestWhatCameAnotherWayIsNotCheckedTwice(t *testing.T) {
	ana, ben, wa, wb, s := two(t)
	for i := range 30 {
		ana.say(wa, fmt.Sprint(i))
	}
	ana.courier(wa, s).upload(true)
	ben.PeerChanged(t.Context(), ana.Self(), true)
	once := false
	s.set(func() {
		s.mangle = func(o workspace.Object) (workspace.Object, bool) {
			if !once { // between the listing and the storing Ana gives everything herself
				once = true
				give(t, wa, wb)
			}
			return o, true
		}
	})
	cb := ben.courier(wb, s)
	cb.read()
	if got := ben.board.count(); got != 30 || cb.Waiting() != 0 {
		t.Errorf("%d messages and %d waiting, want 30 and none", got, cb.Waiting())
	}
}
