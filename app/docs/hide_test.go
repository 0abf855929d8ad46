package docs_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"parvis/app/workspace/viewtest"
	"parvis/crdt/seal"
)

func TestD21ChangesBeyondAFenceDoNotCount(t *testing.T) {
	w := newWorld(3)
	ana, ben := w.replica(t, 0), w.replica(t, 1)
	d := ana.create(t, "Plan")
	ben.Deliver(t, ana.Sent...)
	e := ben.editor(t, d.ID)
	first := hashOf(e.edit(t, 1))
	thief := hashOf(e.edit(t, 1))
	if err := ben.docs.Rename(t.Context(), ben.ws, d.ID, "Stolen"); err != nil {
		t.Fatal(err)
	}
	ana.Deliver(t, ben.Sent...)
	ana.wantHashes(t, d.ID, first, thief)
	beyond := ben.Sent[1:]

	ana.Judge(t, true, beyond...)
	ana.wantHashes(t, d.ID, first)
	if got := ana.document(t, d.ID); got.Title != "Plan" || got.Unreadable != 0 {
		t.Errorf("the card says %+v, want what it said before", got)
	}
	if len(ana.reloads) != 1 || ana.reloads[0].ID != d.ID {
		t.Errorf("told %v, want that the document is read again", ana.reloads)
	}
	ana.open()
	ana.wantHashes(t, d.ID, first)

	cleo := w.replica(t, 2)
	cleo.Deliver(t, ana.Sent...)
	cleo.Deliver(t, ben.Sent[0])
	cleo.Deliver(t, viewtest.Hidden(beyond...)...)
	cleo.wantHashes(t, d.ID, first)
	if got := cleo.document(t, d.ID).Title; got != "Plan" {
		t.Errorf("the title is %q", got)
	}
	ana.Judge(t, false, beyond...)
	ana.wantHashes(t, d.ID, first, thief)
	if got := ana.document(t, d.ID).Title; got != "Stolen" {
		t.Errorf("shown again the title is %q", got)
	}
}

func TestD21WhatOthersBuiltOnUnknowinglyCounts(t *testing.T) {
	for _, knew := range []bool{false, true} {
		for _, late := range []bool{false, true} { // the removal comes before, or after, what builds on it
			t.Run(fmt.Sprintf("knew %t, removal last %t", knew, late), func(t *testing.T) {
				w := newWorld(3)
				ana, ben := w.replica(t, 0), w.replica(t, 1)
				d := ana.create(t, "Plan")
				ben.Deliver(t, ana.Sent...)
				e := ben.editor(t, d.ID)
				one, two := hashOf(e.edit(t, 1)), hashOf(e.edit(t, 1))
				ana.Deliver(t, ben.Sent...)
				mine := hashOf(ana.editor(t, d.ID).edit(t, 1))
				_ = hashOf(e.edit(t, 1)) // nobody builds on this one

				cleo := w.replica(t, 2)
				cleo.knew = map[seal.ID]bool{ana.Sent[1].ID: knew}
				all := slices.Concat(ana.Sent, ben.Sent)
				rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				for _, o := range all {
					o.Hidden = !late && o.Device == ben.Device
					cleo.Deliver(t, o)
				}
				if late {
					cleo.Judge(t, true, ben.Sent...)
				}
				want := []seal.ID{one, two, mine}
				if knew {
					want = nil
				}
				for range 2 {
					cleo.wantHashes(t, d.ID, want...)
					cleo.open()
				}
			})
		}
	}
}

func TestD21ADocumentThatOthersUseStays(t *testing.T) {
	w := newWorld(3)
	ana, ben, cleo := w.replica(t, 0), w.replica(t, 1), w.replica(t, 2)
	empty, used := ben.create(t, "empty"), ben.create(t, "used")
	made := slices.Clone(ben.Sent)
	ana.Deliver(t, made...)
	ana.editor(t, used.ID).edit(t, 1)
	ana.Judge(t, true, made...)
	cleo.Deliver(t, viewtest.Hidden(made...)...)
	if got, err := cleo.docs.List(t.Context(), cleo.ws); err != nil || len(got) != 0 {
		t.Errorf("lists %+v, %v; want nothing", got, err)
	}
	cleo.Deliver(t, ana.Sent...)
	for name, r := range map[string]*replica{"Ana": ana, "Cleo": cleo} {
		for range 2 {
			if got := r.docsList(t); len(got) != 1 || got[0].ID != used.ID || got[0].Title != "used" {
				t.Errorf("%s lists %+v, want the used one", name, got)
			}
			r.open()
		}
	}
	ana.Judge(t, false, made...)
	if got := ana.docsList(t); len(got) != 2 || ana.document(t, empty.ID).Title != "empty" {
		t.Errorf("shown again Ana lists %+v", got)
	}
}

// D21: what is hidden is hidden the same, whether the removal came before it or after
// it, and comes back the same.
func TestD21HidingConverges(t *testing.T) {
	if raceEnabled {
		t.Skip("long, and in one goroutine: runs without the race detector in a step of its own")
	}
	replicas := make([]*replica, 3)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		again(t, replicas, fmt.Sprint("hiding ", runs))
		ana, ben, cleo := replicas[0], replicas[1], replicas[2]
		for range rapid.IntRange(4, 14).Draw(rt, "steps") {
			replicas[rapid.IntRange(0, 1).Draw(rt, "who")].act(rt, t)
			if rapid.Bool().Draw(rt, "told") {
				ana.Deliver(t, ben.Sent...)
				ben.Deliver(t, ana.Sent...)
			}
		}
		ana.Deliver(t, ben.Sent...)
		before := ana.picture(t)
		knew := map[seal.ID]bool{}
		for _, o := range ana.Sent {
			knew[o.ID] = rapid.IntRange(0, 3).Draw(rt, "knew") == 0
		}
		ana.knew, cleo.knew = knew, knew
		beyond := ben.Sent[rapid.IntRange(0, len(ben.Sent)).Draw(rt, "fence"):]
		ana.Judge(t, true, beyond...)

		order := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(rt, "seed")))
		cleo.ShuffleRemoval(t, order, slices.Concat(ana.Sent, ben.Sent), beyond, cleo.open)
		shows := func(when, want string) {
			if got := cleo.picture(t); got != want {
				rt.Fatalf("%s Cleo shows\n%s\nAna showed\n%s", when, got, want)
			}
		}
		hidden := ana.picture(t)
		shows("with the removal", hidden)
		cleo.open()
		shows("after a restart", hidden)
		cleo.Judge(t, false, beyond...)
		shows("shown again", before)
	})
}
