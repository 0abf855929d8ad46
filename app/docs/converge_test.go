package docs_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"parvis/app/docs"
	"parvis/app/workspace"
	"parvis/app/workspace/viewtest"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// picture is everything that a replica shows, as text. The order of a history is
// each replica's own; what is in it is not.
func (r *replica) picture(t testing.TB) string {
	t.Helper()
	list, err := r.docs.List(t.Context(), r.ws)
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(list, func(a, b docs.Document) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	var all strings.Builder
	for _, d := range list {
		e := &editor{replica: r, id: d.ID, clock: newClock()}
		e.load(t) // fails when something comes before what it builds on
		hashes := r.hashes(t, d.ID)
		slices.SortFunc(hashes, seal.ID.Compare)
		fmt.Fprintf(&all, "%s %q in %q trashed %t by %s at %d changed by %s at %d unreadable %d\n heads %v\n changes %v\n", d.ID, d.Title, d.Folder,
			d.Trashed, d.Author.Short(), d.CreatedMs, d.ChangedBy.Short(), d.ChangedMs, d.Unreadable, e.deps(), hashes)
	}
	return all.String()
}

// act does one random thing at a replica.
func (r *replica) act(t *rapid.T, tb testing.TB) {
	list, err := r.docs.List(tb.Context(), r.ws)
	if err != nil {
		t.Fatal(err)
	}
	op := rapid.IntRange(0, 9).Draw(t, "op")
	if len(list) == 0 || op == 0 {
		r.create(tb, fmt.Sprint("document ", r.seq))
		return
	}
	id := list[rapid.IntRange(0, len(list)-1).Draw(t, "document")].ID
	switch op {
	case 1:
		err = r.docs.Rename(tb.Context(), r.ws, id, fmt.Sprint("title ", r.person.Short(), r.seq))
	case 2:
		err = r.docs.Move(tb.Context(), r.ws, id, fmt.Sprint("folder ", r.person.Short(), r.seq))
	case 3:
		err = r.docs.SetTrashed(tb.Context(), r.ws, id, r.seq%2 == 0)
	default:
		e := r.editor(tb, id)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			e.edit(tb, rapid.IntRange(0, 3).Draw(t, "operations"))
		}
		if rapid.Bool().Draw(t, "close") {
			err = r.docs.CloseSession(tb.Context(), r.ws, id, e.session.Token)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
}

// again turns replicas into those of another workspace, on the same stores; the first
// time on new ones.
func again(t testing.TB, replicas []*replica, name string) {
	w := newWorld(len(replicas))
	w.ws = seal.Sum([]byte(name))
	w.main = seal.SpaceID(w.ws[:16])
	for i, before := range replicas {
		if before == nil {
			replicas[i] = w.replica(t, i)
			continue
		}
		r := &replica{world: w, Host: before.Beside(), person: w.people[i]}
		r.open()
		replicas[i] = r
	}
}

// D10, D13: replicas with the same envelopes show the same, whatever the order,
// the batches and the restarts were, and hand out nothing before what it builds on.
func TestD13ReplicasConverge(t *testing.T) {
	if raceEnabled {
		t.Skip("long, and in one goroutine: runs without the race detector in a step of its own")
	}
	replicas := make([]*replica, 3) // the stores serve all runs: each has a workspace of its own
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		again(t, replicas, fmt.Sprint("run ", runs))
		host := func(i int) *viewtest.Host { return replicas[i].Host }
		viewtest.Talk(rt, t, len(replicas), host, func(i int) { replicas[i].act(rt, t) }, func(i int) { replicas[i].open() })
		var all []workspace.Opened
		for _, r := range replicas {
			all = append(all, r.Sent...)
		}
		for i, r := range replicas {
			order := rand.New(rand.NewPCG(uint64(i), rapid.Uint64().Draw(rt, "seed")))
			r.Shuffle(t, order, all, r.open)
		}
		want := replicas[0].picture(t)
		for i, r := range replicas {
			if len(r.Bad()) > 0 {
				rt.Fatalf("replica %d calls honest envelopes bad: %v", i, r.Bad())
			}
			if got := r.picture(t); got != want {
				rt.Fatalf("replica %d shows\n%s\nreplica 0 shows\n%s", i, got, want)
			}
			r.open()
			if got := r.picture(t); got != want {
				rt.Fatalf("replica %d shows after a restart\n%s\nreplica 0 shows\n%s", i, got, want)
			}
		}
		if got, want := strings.Count(want, "\n changes"), countMade(all); got != want {
			rt.Fatalf("%d documents are listed, %d were made", got, want)
		}
	})
}

func countMade(all []workspace.Opened) int {
	made := map[doc.ID]bool{}
	for _, o := range all {
		if b, err := docs.Decode(o.Body, o.Space, o.Device); err == nil && b.Op == docs.OpCard && b.Card.Field == docs.FieldCreated {
			made[b.Doc] = true
		}
	}
	return len(made)
}

var unreadable = regexp.MustCompile(`unreadable \d+`)

// D5, D11, D12: what a hostile author writes is judged alike everywhere.
func TestD13ReplicasConvergeOnHostileChanges(t *testing.T) {
	if raceEnabled {
		t.Skip("long, and in one goroutine: runs without the race detector in a step of its own")
	}
	before := make([]*replica, 3)
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 7))
		again(t, before, fmt.Sprint("hostile ", seed))
		ana, ben, eve := before[0], before[1], before[2]
		d := ana.create(t, "Report")
		eve.Deliver(t, ana.Sent...)
		ben.Deliver(t, ana.Sent...)
		honest := ana.editor(t, d.ID)
		for range 3 {
			honest.edit(t, 1+random.IntN(3))
		}
		eve.hostile(t, d.ID, random, honest)
		all := slices.Concat(ana.Sent, eve.Sent)
		var pictures []string
		for _, r := range []*replica{ana, ben, eve} {
			r.Shuffle(t, random, all, r.open)
			r.Shuffle(t, random, all, r.open) // everything again
			// How often a displaced change was repeated is known only to who kept it.
			pictures = append(pictures, unreadable.ReplaceAllString(r.picture(t), ""))
		}
		if pictures[0] != pictures[1] || pictures[1] != pictures[2] {
			t.Fatalf("seed %d: the replicas show\n%s", seed, strings.Join(pictures, "\n"))
		}
		if got := ben.hashes(t, d.ID); len(got) < 3 {
			t.Fatalf("seed %d: %d changes, the 3 honest ones must be there", seed, len(got))
		}
	}
}

// hostile writes changes with random faults.
func (r *replica) hostile(t testing.TB, id doc.ID, random *rand.Rand, honest *editor) {
	actor := doc.ActorOf(r.Device, id, 0)
	seq, deps := uint64(1), honest.deps()
	for range 12 {
		start := honest.top + 1
		if random.IntN(3) == 0 {
			start += uint64(random.IntN(4))
		}
		if random.IntN(4) == 0 {
			seq += uint64(random.IntN(2))
		}
		data := encodeChange(actor, seq, start, deps, 1+random.IntN(3))
		hash := hashOf(data)
		if random.IntN(8) == 0 {
			hash[0] ^= 1
		}
		session := uint32(0)
		if random.IntN(8) == 0 {
			session = 1
		}
		r.forge(t, docs.Body{Doc: id, Op: docs.OpChange, Session: session, Change: data, Hash: &hash})
		if random.IntN(2) == 0 {
			seq++
			deps, honest.top = []seal.ID{hashOf(data)}, start+uint64(random.IntN(3))
		}
	}
}
