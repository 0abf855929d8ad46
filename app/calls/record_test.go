package calls_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"parvis/app/calls"
	"parvis/app/workspace"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// record is an envelope as this device could have written it.
func (d *device) record(t testing.TB, space seal.SpaceID, op calls.Op, id call.ID, channel calls.ChannelID) workspace.Opened {
	t.Helper()
	d.world.clock.Add(1)
	return d.envelope(space, encode(t, calls.Body{Op: op, Call: id, Channel: channel}))
}

func TestL3ReplicasAgreeInAnyOrder(t *testing.T) {
	w := newWorld()
	ana, ben, cleo := w.device(t, 1, 1), w.device(t, 2, 2), w.device(t, 3, 3)
	id, other := call.ID{1}, call.ID{2}
	all := []workspace.Opened{
		ana.record(t, main, calls.OpStart, id, hall), ben.record(t, main, calls.OpStart, id, hall), // both say that they started it
		cleo.record(t, main, calls.OpJoin, id, hall), ben.record(t, main, calls.OpEnd, id, hall), cleo.record(t, main, calls.OpEnd, id, hall),
		cleo.record(t, direct, calls.OpStart, other, private), ana.record(t, direct, calls.OpJoin, other, private),
		ben.record(t, main, calls.OpJoin, other, private), // from elsewhere
	}
	w.clock.Add(3_600_000)
	var want []calls.Call
	for seed := range uint64(20) {
		dave := newWorld().device(t, 9, 0) // alone in a world with the same clock
		dave.world.clock.Store(w.clock.Load())
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for _, o := range all {
			dave.Deliver(t, o, o)
		}
		got, err := dave.calls.List(t.Context(), ws, calls.ChannelID{})
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = got
			if len(got) != 2 || len(got[1].People) != 2 || got[0].EndedMs == 0 {
				t.Fatalf("got %+v", got)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: got  %+v\nwant %+v", seed, got, want)
		}
	}
}

func TestL3ASecondStartIsBad(t *testing.T) {
	w := newWorld()
	ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
	first, second := ana.record(t, main, calls.OpStart, call.ID{1}, hall), ana.record(t, main, calls.OpStart, call.ID{1}, hall)
	if first.ID.Compare(second.ID) > 0 {
		first, second = second, first
	}
	ben.Deliver(t, first)
	ben.Deliver(t, second)
	if ben.Bad()[second.ID] == "" || ben.Bad()[first.ID] != "" {
		t.Errorf("bad: %v", ben.Bad())
	}
}

func TestRecordsThatDoNotCount(t *testing.T) {
	w := newWorld()
	ana, ben, cleo := w.device(t, 1, 1), w.device(t, 2, 2), w.device(t, 3, 3)
	id := call.ID{1}
	start := ana.record(t, main, calls.OpStart, id, hall)
	t.Run("L4 a join waits for the start", func(t *testing.T) {
		cleo.Deliver(t, ben.record(t, main, calls.OpJoin, id, hall))
		if c := cleo.see(id); c.ID == id {
			t.Errorf("shown: %+v", c)
		}
		cleo.Deliver(t, start)
		if got := cleo.see(id).People; !slices.Equal(got, []seal.ID{ana.person, ben.person}) {
			t.Errorf("people %v", got)
		}
	})
	t.Run("L5 an end by a stranger to the call", func(t *testing.T) {
		cleo.Deliver(t, cleo.record(t, main, calls.OpEnd, id, hall))
		if got := cleo.see(id).EndedMs; got != 0 {
			t.Errorf("ended at %d", got)
		}
	})
	t.Run("L5 a join in another channel", func(t *testing.T) {
		cleo.Deliver(t, cleo.record(t, main, calls.OpJoin, id, calls.ChannelID{7}))
		if got := cleo.see(id).People; len(got) != 2 {
			t.Errorf("people %v", got)
		}
	})
	t.Run("L7 a start in the channel of another space", func(t *testing.T) {
		cleo.Deliver(t, ana.record(t, main, calls.OpStart, call.ID{2}, private))
		if c := cleo.see(call.ID{2}); c.ID != (call.ID{}) {
			t.Errorf("shown: %+v", c)
		}
		cleo.Deliver(t, ana.record(t, main, calls.OpStart, call.ID{3}, calls.ChannelID{9})) // not known yet
		if c := cleo.see(call.ID{3}); c.ID == (call.ID{}) {
			t.Error("a call in a channel that is not known yet is not shown")
		}
	})
	t.Run("L6 what is hidden", func(t *testing.T) {
		cleo.Judge(t, true, start)
		if c := cleo.see(id); c.ID == id {
			t.Errorf("shown: %+v", c)
		}
		cleo.Judge(t, false, start)
		if c := cleo.see(id); c.ID != id {
			t.Error("not shown again")
		}
		cleo.Deliver(t, viewtest.Hidden(ben.record(t, main, calls.OpEnd, id, hall))...)
		if got := cleo.see(id).EndedMs; got != 0 {
			t.Errorf("ended at %d", got)
		}
	})
}

func TestADamagedRecordIsMadeAgain(t *testing.T) {
	w := newWorld()
	ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
	id := call.ID{1}
	ben.Deliver(t, ana.record(t, main, calls.OpStart, id, hall), ana.record(t, main, calls.OpEnd, id, hall))
	want := ben.see(id)
	ben.Damage(t, `UPDATE call_record SET at = at + 1, person = x'00'`)
	ben.open()
	if got := ben.see(id); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	ben.Damage(t, `UPDATE call_record SET at = at + 1`)
	ben.Forget()
	ben.open()
	var trouble int
	ben.calls.Trouble.Subscribe(func(calls.Trouble) { trouble++ })
	if got := ben.see(id); got.ID == id || trouble == 0 {
		t.Errorf("%+v is shown, trouble told %d times", got, trouble)
	}
}

func TestADamagedRecordOfALinkIsMadeAgain(t *testing.T) {
	w := newWorld()
	ana, ben := w.device(t, 1, 1), w.device(t, 2, 2)
	kept, revoked := call.ID{1}, call.ID{2}
	ben.Deliver(t, ana.record(t, main, calls.OpLink, kept, hall), ana.record(t, main, calls.OpLink, revoked, hall), ana.record(t, main, calls.OpRevoke, revoked, hall))
	links := func() []calls.Link {
		valid, err := ben.calls.Links(t.Context(), ws, hall)
		if err != nil {
			t.Fatal(err)
		}
		return valid
	}
	want := links()
	if len(want) != 1 {
		t.Fatalf("%d links", len(want))
	}
	for _, damage := range []string{`at = at + 1, person = x'00'`, `op = 3 WHERE op = 4`, `op = 4 WHERE op = 3`, `channel = x'00' WHERE op = 4`, `hidden = 1`} {
		ben.Damage(t, `UPDATE call_record SET `+damage)
		ben.open()
		if got := links(); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v", damage, got)
		}
	}
}
