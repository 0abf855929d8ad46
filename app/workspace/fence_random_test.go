package workspace_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// folder is a device's data folder, which can be opened several times over copies.
type folder struct {
	dir string
	key seal.Key
}

// open opens a copy of the folder.
func (f folder) open(t *testing.T, now *time.Time) *person {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(f.dir)); err != nil {
		t.Fatal(err)
	}
	p := &person{wall: newWall()}
	p.device = openDevice(t, now, dir, f.key, p.wall)
	t.Cleanup(p.shut)
	p.w = p.List()[0]
	return p
}

// play is a team in which Ben's device runs twice and is removed, perhaps by
// several people, perhaps by one who is removed beside it.
type play struct {
	t        *testing.T
	random   *rand.Rand
	now      time.Time
	actors   []*person // Ana, Cleo, and Ben twice
	observer folder
	said     int
}

func newPlay(t *testing.T, seed uint64) *play {
	p := &play{t: t, random: rand.New(rand.NewPCG(seed, 7)), now: time.Now()}
	folders := []folder{{t.TempDir(), seal.RandomKey()}, {t.TempDir(), seal.RandomKey()}}
	all := []*person{{wall: newWall()}, {wall: newWall()}}
	for range 2 {
		all = append(all, &person{wall: newWall()})
	}
	for i, one := range all {
		if i < 2 {
			one.device = openDevice(t, &p.now, t.TempDir(), seal.RandomKey(), one.wall)
			t.Cleanup(one.shut)
		} else {
			one.device = openDevice(t, &p.now, folders[i-2].dir, folders[i-2].key, one.wall)
		}
	}
	ana, cleo, ben, dan := all[0], all[1], all[2], all[3]
	ana.w = ana.found()
	for _, one := range []*person{cleo, ben, dan} {
		meet(ana.device, one.device)
		one.w = one.join(ana.invite(ana.w, 1).Link)
	}
	promote(t, ana, cleo, member.RoleAdmin)
	ben.says("first of Ben")
	everybodyHasAll(t, all)
	ben.shut()
	dan.shut()
	p.observer = folders[1]
	p.actors = []*person{ana, cleo, folders[0].open(t, &p.now), folders[0].open(t, &p.now)}
	return p
}

// act lets somebody do something; only later somebody is removed.
func (p *play) act(late bool) {
	ana, cleo, ben := p.actors[0], p.actors[1], p.actors[2]
	who := p.actors[p.random.IntN(len(p.actors))]
	switch n := p.random.IntN(20); {
	case n < 9 || n >= 16 && !late:
		p.said++
		_, err := who.w.Append(p.t.Context(), who.w.MainSpace(), workspace.KindChat, func(context.Context) (workspace.Draft, error) {
			return workspace.Draft{Body: fmt.Appendf(nil, "text %d", p.said)}, nil
		})
		if err != nil && !errors.Is(err, workspace.ErrRefused) && !errors.Is(err, workspace.ErrNoKey) {
			p.t.Fatal(err)
		}
	case n < 16:
		to := p.actors[p.random.IntN(2)]
		if who != to {
			give(p.t, who.w, to.w)
		}
	case n < 18:
		_ = ana.w.RemoveDevice(p.t.Context(), ben.id())
	case n < 19:
		_ = cleo.w.RemoveDevice(p.t.Context(), ben.id()) // refused once she knows
	default:
		_ = ana.w.RemoveDevice(p.t.Context(), cleo.id())
	}
}

// objects are all that anybody has, each once.
func (p *play) objects() (all []workspace.Received) {
	seen := map[seal.ID]bool{}
	fresh := func(raw []byte) bool {
		id := seal.Sum(raw)
		defer func() { seen[id] = true }()
		return !seen[id]
	}
	reader := p.observer.open(p.t, &p.now)
	for _, who := range p.actors {
		theirs := workspace.Holdings{}
		for {
			part, after, err := who.w.Missing(p.t.Context(), reader.id(), theirs, 256, 1<<20)
			if err != nil {
				p.t.Fatal(err)
			}
			for _, raw := range part.Entries {
				if fresh(raw) {
					all = append(all, workspace.Received{Entries: [][]byte{raw}})
				}
			}
			for _, raw := range part.Blobs {
				if fresh(raw) {
					all = append(all, workspace.Received{Blobs: [][]byte{raw}})
				}
			}
			for _, raw := range part.Envelopes {
				if fresh(raw) {
					all = append(all, workspace.Received{Envelopes: [][]byte{raw}})
				}
			}
			if len(part.Entries)+len(part.Blobs)+len(part.Envelopes) == 0 {
				break
			}
			theirs = after
		}
	}
	return all
}

// observe gives everything to a fresh observer in a random order, in random batches,
// again and again until nothing new comes of it.
func (p *play) observe(all []workspace.Received) *person {
	p.t.Helper()
	o := p.observer.open(p.t, &p.now)
	for last := ""; ; {
		p.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
		for rest := all; len(rest) > 0; {
			n := 1 + p.random.IntN(min(len(rest), 8))
			var batch workspace.Received
			for _, one := range rest[:n] {
				batch.Entries = append(batch.Entries, one.Entries...)
				batch.Blobs = append(batch.Blobs, one.Blobs...)
				batch.Envelopes = append(batch.Envelopes, one.Envelopes...)
			}
			if err := o.w.Receive(p.t.Context(), batch); err != nil {
				p.t.Fatal(err)
			}
			rest = rest[n:]
		}
		now := fmt.Sprint(len(o.wall.seen), o.wall.shown(), o.w.State().Heads())
		if now == last {
			return o
		}
		last = now
	}
}

// expected is what should be shown, computed from the set of objects alone.
func (p *play) expected(o *person, all []workspace.Received) (shown []string) {
	st := o.w.State()
	envelopes := map[seal.ID]*feed.Envelope{}
	for _, one := range all {
		for _, raw := range one.Envelopes {
			env, err := feed.Parse(raw)
			if err != nil {
				p.t.Fatal(err)
			}
			envelopes[env.ID] = env
		}
	}
	for id, opened := range o.wall.seen {
		if stays(st, envelopes, envelopes[id]) {
			shown = append(shown, string(opened.Body))
		}
	}
	slices.Sort(shown)
	return shown
}

func stays(st *member.State, all map[seal.ID]*feed.Envelope, env *feed.Envelope) bool {
	if env == nil {
		return true // the observer had it before
	}
	cut, ok := st.Cut(env.Header.Dev)
	if !ok {
		return true
	}
	for _, fence := range cut.Fences {
		at := fence.ID
		for seq := fence.Seq; seq > env.Header.Seq && all[at] != nil; seq-- {
			at = all[at].Header.Prev
		}
		switch {
		case env.Header.Seq > fence.Seq:
		case at == env.ID, env.Header.Seq < fence.Seq && all[at] == nil:
			return true
		}
	}
	return false
}

func TestK44TheSameIsHiddenInAnyOrderOfArrival(t *testing.T) {
	removed, forked, hidden, voided, beside := 0, 0, 0, 0, 0
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			p := newPlay(t, seed)
			for i := range 36 {
				p.act(i > 24)
			}
			all := p.objects()
			var first *person
			for range 3 {
				o := p.observe(all)
				if want := p.expected(o, all); !slices.Equal(o.wall.shown(), want) {
					t.Fatalf("shows %q, want %q", o.wall.shown(), want)
				}
				if first == nil {
					first = o
				} else if len(o.wall.seen) != len(first.wall.seen) || !slices.Equal(o.wall.shown(), first.wall.shown()) {
					t.Fatalf("shows %q, another observer %q", o.wall.shown(), first.wall.shown())
				}
			}
			st := first.w.State()
			if _, cut := st.Cut(p.actors[2].id()); cut {
				removed++
			}
			hidden += len(first.wall.seen) - len(first.wall.shown())
			voided += len(st.VoidedEntries())
			places := map[uint64]bool{}
			cut, _ := st.Cut(p.actors[2].id())
			for _, o := range first.wall.seen {
				if o.Device != p.actors[2].id() {
					continue
				}
				if places[o.Seq] {
					forked++
				}
				places[o.Seq] = true
				if o.Hidden && slices.ContainsFunc(cut.Fences, func(f member.Fence) bool { return o.Seq < f.Seq }) {
					beside++
				}
			}
		})
	}
	t.Logf("%d removals, %d rivals, %d hidden, %d of them below a fence, %d entries void", removed, forked, hidden, beside, voided)
	if removed == 0 || forked == 0 || hidden == 0 || voided == 0 || beside == 0 {
		t.Error("the random plays do not meet all cases")
	}
}
