package app_test

import (
	"flag"
	"slices"
	"syscall"
	"testing"
	"time"

	"parvis/app/apptest"
	"parvis/app/workspace"
	"parvis/crdt/feed"
	"parvis/crdt/seal"
)

var catchup = flag.Int("catchup", 2500, "messages that a node catches up with")

const (
	people = 10
	window = 256 // objects of a batch, as sync sends them
)

// team is a workspace of ten people. The first one, who founded it, and the
// last one run; the others are authors only.
func team(t testing.TB) (first, last *apptest.Node, authors []*author, ws string) {
	first = apptest.New(t)
	ws = first.Found("Atelier", "P0")
	id, err := seal.ParseID(ws)
	if err != nil {
		t.Fatal(err)
	}
	nodes := []*apptest.Node{first}
	for range people - 1 {
		n := apptest.New(t)
		n.Join(first.Invite(ws), "P")
		nodes = append(nodes, n)
		n.Until("its own name is everywhere", func() bool {
			w, err := n.Manager().Get(id)
			return err == nil && w.Queued() == 0
		})
	}
	for _, n := range nodes {
		n.Until("everybody has everything", func() bool {
			w, err := n.Manager().Get(id)
			return err == nil && len(w.State().ActiveDevices()) == people && len(w.Have().Feeds) == people
		})
	}
	for _, n := range nodes {
		w, _ := n.Manager().Get(id)
		authors = append(authors, authorOf(t, n, w))
	}
	for _, n := range nodes[1 : people-1] {
		n.Stop()
	}
	return first, nodes[people-1], authors, ws
}

// chunked puts envelopes into the order in which sync sends them to somebody who
// has none: parts of one chain after the other.
func chunked(t testing.TB, raws [][]byte) [][]byte {
	t.Helper()
	chains := map[feed.FeedID][][]byte{}
	var order []feed.FeedID
	for _, raw := range raws {
		env, err := feed.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		if chains[env.Feed()] == nil {
			order = append(order, env.Feed())
		}
		chains[env.Feed()] = append(chains[env.Feed()], raw)
	}
	var all [][]byte
	for len(all) < len(raws) {
		for _, id := range order {
			n := min(64, len(chains[id]))
			all = append(all, chains[id][:n]...)
			chains[id] = chains[id][n:]
		}
	}
	return all
}

// cpu is how long the process has computed so far.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// TestANodeReceives hands all messages to one node in batches, as a stream does.
func TestANodeReceives(t *testing.T) {
	for _, order := range []string{"chains", "causal"} {
		t.Run(order, func(t *testing.T) {
			first, last, authors, ws := team(t)
			id, _ := seal.ParseID(ws)
			w, err := last.Manager().Get(id)
			if err != nil {
				t.Fatal(err)
			}
			m := newMint(t, last, w, authors, *catchup)
			raws := m.write(*catchup)
			if order == "chains" {
				raws = chunked(t, raws)
			}
			first.Stop()
			var longest time.Duration
			begin, used := time.Now(), cpu()
			for len(raws) > 0 {
				n := min(window, len(raws))
				one := time.Now()
				if err := w.Receive(t.Context(), workspace.Received{Envelopes: raws[:n]}); err != nil {
					t.Fatal(err)
				}
				longest = max(longest, time.Since(one))
				raws = raws[n:]
			}
			took, computed := time.Since(begin), cpu()-used
			t.Logf("%d messages: %.0f/s, %v of computing each, longest batch %v", *catchup,
				float64(*catchup)/took.Seconds(), computed/time.Duration(*catchup), longest)
			m.check(t, last, ws)
		})
	}
}

// TestANewNodeCatchesUp lets somebody join a team with a long history, over
// loopback, and reads a page all the time meanwhile.
func TestANewNodeCatchesUp(t *testing.T) {
	first, last, authors, ws := team(t)
	id, _ := seal.ParseID(ws)
	w, err := first.Manager().Get(id)
	if err != nil {
		t.Fatal(err)
	}
	m := newMint(t, first, w, authors, *catchup)
	raws := m.write(*catchup)
	last.Stop()
	for len(raws) > 0 {
		n := min(4*window, len(raws))
		if err := w.Receive(t.Context(), workspace.Received{Envelopes: raws[:n]}); err != nil {
			t.Fatal(err)
		}
		raws = raws[n:]
	}
	fresh := apptest.New(t)
	link := first.Invite(ws)
	used := cpu()
	begin := time.Now()
	fresh.Join(link, "Eve")
	joined := time.Since(begin)
	mine, err := fresh.Manager().Get(id)
	if err != nil {
		t.Fatal(err)
	}
	var reads []time.Duration
	for have(mine) < have(w) {
		one := time.Now()
		fresh.Page(ws, fresh.General(ws))
		reads = append(reads, time.Since(one))
		time.Sleep(10 * time.Millisecond) // a person reads meanwhile
		if time.Since(begin) > 10*time.Minute {
			t.Fatalf("%d of %d after %v", have(mine), have(w), time.Since(begin))
		}
	}
	took, computed := time.Since(begin), cpu()-used
	slices.Sort(reads)
	t.Logf("%d messages %v after the join began (joined after %v): %.0f/s, %v of computing each on both nodes", *catchup,
		took.Round(time.Millisecond), joined.Round(time.Millisecond), float64(*catchup)/(took-joined).Seconds(), computed/time.Duration(*catchup))
	if len(reads) > 0 {
		t.Logf("%d pages read meanwhile: %v in the middle, %v at worst", len(reads), reads[len(reads)/2].Round(10*time.Microsecond), reads[len(reads)-1].Round(10*time.Microsecond))
	}
	m.check(t, fresh, ws)
}

// have counts the envelopes that a node holds.
func have(w *workspace.Workspace) (n uint64) {
	for _, tail := range w.Have().Feeds {
		n += tail.Seq
	}
	return n
}

// check compares what a node shows with what was written.
func (m *mint) check(t testing.TB, n *apptest.Node, ws string) {
	t.Helper()
	for _, r := range m.rooms {
		roots, answers, provisional := 0, 0, 0
		for _, message := range n.Messages(ws, r.id.String()) {
			roots++
			answers += message.Replies
			if message.Provisional {
				provisional++
			}
		}
		if roots+answers != r.posts || provisional > 0 {
			t.Errorf("channel %s shows %d messages and %d answers, want %d together; %d are provisional", r.id, roots, answers, r.posts, provisional)
		}
	}
	status, err := n.API().Settings.Status()
	if err != nil || len(status.Problems) > 0 {
		t.Errorf("problems %q, %v", status.Problems, err)
	}
}
