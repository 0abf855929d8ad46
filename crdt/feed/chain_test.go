package feed

import (
	"fmt"
	"slices"
	"testing"

	"parvis/crdt/seal"

	"pgregory.net/rapid"
)

func TestCheck(t *testing.T) {
	a := newAuthor(1)
	fork := a.fork()
	first, second, third := a.write(t, Plain{}), a.write(t, Plain{}), a.write(t, Plain{})
	loop := *second
	loop.ID, loop.Header.Prev = seal.ID{1}, second.ID // names the one it stands in place of
	otherFirst, otherSecond := fork.write(t, Plain{}), fork.write(t, Plain{})

	cases := []struct {
		name    string
		e       *Envelope
		tail    Tail
		view    View
		outcome seal.Outcome
		reason  string
	}{
		{"E7 the first of a chain continues nothing", first, Tail{}, allowed, seal.OK, ""},
		{"E7 the next continues the chain", second, first.Tail(), allowed, seal.OK, ""},
		{"E7 a gap waits", third, first.Tail(), allowed, seal.Pend, reasonGap},
		{"E7 a gap at the beginning waits", second, Tail{}, allowed, seal.Pend, reasonGap},
		{"E6 the last one again is dropped", second, second.Tail(), allowed, seal.Drop, reasonDuplicate},
		{"E6 the last one again is dropped without asking the log", second, second.Tail(), nil, seal.Drop, reasonDuplicate},
		{"E7 another first is a fork", otherFirst, first.Tail(), allowed, seal.Evidence, reasonFork},
		{"E7 another of a past number is a fork", otherFirst, third.Tail(), allowed, seal.Evidence, reasonFork},
		{"E7 the next with another prev is a fork", otherSecond, first.Tail(), allowed, seal.Evidence, reasonFork},
		{"E7 a past number is a fork even if it names the end", &loop, second.Tail(), allowed, seal.Evidence, reasonFork},
		{"E6 unknown log references wait", first, Tail{}, nil, seal.Pend, reasonUnknown},
		{"E6 no write access", first, Tail{}, view{Epoch: true}, seal.Reject, reasonWrite},
		{"E6 access comes before the place", third, first.Tail(), view{Epoch: true}, seal.Reject, reasonWrite},
		{"E6 unusable epoch", first, Tail{}, view{Write: true}, seal.Reject, reasonEpoch},
		{"E6 the place comes before the epoch", third, first.Tail(), view{Write: true}, seal.Pend, reasonGap},
		{"E6 a fork is evidence whatever its epoch", otherFirst, first.Tail(), view{Write: true}, seal.Evidence, reasonFork},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			outcome, err := Check(c.e, c.tail, c.view)
			if outcome != c.outcome {
				t.Errorf("outcome %v, want %v", outcome, c.outcome)
			}
			wantFault(t, err, c.outcome, c.reason)
		})
	}
}

func TestVector(t *testing.T) {
	feed := func(space, dev byte) FeedID { return FeedID{seal.SpaceID{space}, seal.ID{dev}} }
	t.Run("E12 what the other lacks is the part beyond its end, in order", func(t *testing.T) {
		mine := Vector{
			feed(2, 1): {3, seal.ID{1}}, feed(1, 9): {5, seal.ID{2}}, feed(1, 2): {7, seal.ID{3}},
			feed(1, 1): {4, seal.ID{4}}, feed(3, 1): {0, seal.ID{}}, feed(4, 1): {1, seal.ID{5}},
		}
		theirs := Vector{feed(1, 9): {5, seal.ID{2}}, feed(1, 2): {2, seal.ID{8}}, feed(1, 1): {4, seal.ID{9}}, feed(4, 1): {6, seal.ID{7}}, feed(9, 9): {1, seal.ID{1}}, feed(3, 1): {0, seal.ID{9}}}
		want := []Range{{feed(1, 1), 4, 4}, {feed(1, 2), 3, 7}, {feed(2, 1), 1, 3}}
		if got := mine.Missing(theirs); !slices.Equal(got, want) {
			t.Errorf("missing %v, want %v", got, want)
		}
		if got := mine.Missing(mine); got != nil {
			t.Errorf("missing %v of oneself", got)
		}
		if got := Vector(nil).Missing(mine); got != nil {
			t.Errorf("nothing offers %v", got)
		}
	})
	t.Run("E12 what is missing makes both equal", rapid.MakeCheck(func(t *rapid.T) {
		draw := func(name string) Vector {
			v := Vector{}
			for range rapid.IntRange(0, 6).Draw(t, name) {
				f := feed(rapid.ByteRange(1, 3).Draw(t, "space"), rapid.ByteRange(1, 3).Draw(t, "dev"))
				seq := rapid.Uint64Range(1, 5).Draw(t, "seq")
				v[f] = Tail{seq, seal.ID{f.Space[0], f.Device[0], byte(seq)}} // honest chains
			}
			return v
		}
		mine, theirs := draw("mine"), draw("theirs")
		take := func(from, to Vector) {
			for _, r := range from.Missing(to) {
				if r.From != to[r.Feed].Seq+1 || r.To != from[r.Feed].Seq {
					t.Fatalf("range %v for a chain that ends at %d", r, to[r.Feed].Seq)
				}
				to[r.Feed] = from[r.Feed]
			}
		}
		take(mine, theirs)
		take(theirs, mine)
		if len(mine.Missing(theirs)) != 0 || len(theirs.Missing(mine)) != 0 {
			t.Fatal("still something is missing")
		}
	}))
}

// replica is the least that a caller of Check keeps.
type replica struct {
	held    map[seal.ID]*Envelope
	tails   Vector
	waiting []*Envelope
}

func (r *replica) receive(e *Envelope) error {
	r.waiting = append(r.waiting, e)
	for moved := true; moved; {
		moved = false
		var still []*Envelope
		for _, e := range r.waiting {
			if r.held[e.ID] != nil {
				continue
			}
			tail := r.tails[e.Feed()]
			outcome, err := Check(e, tail, allowed)
			switch outcome {
			case seal.Pend:
				still = append(still, e)
			case seal.OK, seal.Evidence:
				r.held[e.ID] = e
				if e.Header.Seq > tail.Seq {
					r.tails[e.Feed()] = e.Tail()
				}
				moved = true
			default:
				return err
			}
		}
		r.waiting = still
	}
	return nil
}

func TestConvergence(t *testing.T) {
	// Envelopes are made once: the property is about their order.
	authors := []*author{newAuthor(1), newAuthor(2), newAuthor(3)}
	var honest, forked []*Envelope
	for i := range 24 {
		honest = append(honest, authors[i%3].write(t, Plain{Body: fmt.Append(nil, i)}))
	}
	liar := newAuthor(4)
	forked = append(forked, liar.write(t, Plain{}))
	other := liar.fork()
	for range 5 {
		forked = append(forked, liar.write(t, Plain{}), other.write(t, Plain{}))
	}
	all := append(slices.Clone(honest), forked...)

	t.Run("E15 any order, repetition and delay ends in the same chains", rapid.MakeCheck(func(t *rapid.T) {
		r := &replica{held: map[seal.ID]*Envelope{}, tails: Vector{}}
		for _, e := range rapid.Permutation(all).Draw(t, "order") {
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				if err := r.receive(e); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(r.held) != len(all) || len(r.waiting) != 0 {
			t.Fatalf("%d held, %d waiting, want %d and 0", len(r.held), len(r.waiting), len(all))
		}
		for i := range 3 {
			feed := FeedID{authors[i].next.Space, authors[i].next.Dev}
			if want := (Tail{8, authors[i].next.Prev}); r.tails[feed] != want {
				t.Fatalf("the chain of %d ends at %v, want %v", i, r.tails[feed], want)
			}
		}
		if got := r.tails[FeedID{liar.next.Space, liar.next.Dev}].Seq; got != 6 {
			t.Fatalf("the forked chain ends at %d, want 6", got)
		}
	}))
}
