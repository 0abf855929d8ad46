//go:build bench

package bench

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/app/cli/clitest/replicatest"
)

var editCount = flag.Int("edits", 1<<30, "how much of the trace is written")

const (
	keys      = 300                    // typed one by one
	pause     = 150 * time.Millisecond // the longest between two of them
	perChange = 20                     // edits of the trace in one change
	patience  = 5 * time.Minute
)

// TestDocuments is a document on two nodes, and the trace of a whole paper beside
// other engines in JavaScript.
func TestDocuments(t *testing.T) {
	head := machine()
	program := clitest.Build(t, "parvis", "")
	team, _ := gather(t, program, 2)
	a, b := team[0], team[1]
	engine := replicatest.Engine(t)
	open := func(title string) *replicatest.Replica { return replicatest.Open(t, engine, a.Node, title) }

	clitest.Run[struct{}](t, a.Node, "doc", "create", "Note")
	note, heard := open("Note"), replicatest.Listen(t, b.Node, "Note")
	rows := []row{typing(t, "key on A to the event on B, a new document", note, heard, 0)}
	heard.Close()
	note.Close()

	all, end := replicatest.Trace(t)
	if *editCount < len(all) {
		all, end = all[:*editCount], ""
	}
	clitest.Run[struct{}](t, a.Node, "doc", "create", "Paper")
	heard = replicatest.Listen(t, b.Node, "Paper")
	sizes := [2]stored{storedBy(t, a.Data), storedBy(t, b.Data)}
	paper := open("Paper")
	p := play{changes: (len(all) + perChange - 1) / perChange, edits: len(all)}
	begin, sent := time.Now(), sender(paper)
	var last string
	for part := range slices.Chunk(all, perChange) {
		last = paper.Play(part)
		sent.wake()
	}
	p.written = time.Since(begin)
	sent.finish()
	p.replicated = heard.Await(last, patience).Sub(begin)
	p.peak = [2]int64{memory(t, a.PID(), "VmHWM"), memory(t, b.PID(), "VmHWM")}
	for i, m := range team {
		p.before[i] = storedBy(t, m.Data).minus(sizes[i])
	}
	p.text = paper.Text()
	if end != "" && p.text != end {
		t.Errorf("the trace ends with %d characters that differ from its own %d", len(p.text), len(end))
	}
	save, err := paper.Document.Save(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.save = int64(len(save))
	for _, m := range team {
		got := clitest.Run[api.DocText](t, m.Node, "doc", "text", paper.Ref.ID)
		if got.Text != p.text || !slices.Equal(got.Heads, []string{last}) {
			t.Errorf("node reads %d characters at %v, want %d at %s", len(got.Text), got.Heads, len(p.text), last)
		}
	}
	paper.Close()
	p.reading = [2]int64{memory(t, a.PID(), "VmHWM"), memory(t, b.PID(), "VmHWM")}
	for i, m := range team {
		awaitSnapshot(t, m.Data, p.changes)
		p.after[i] = storedBy(t, m.Data).minus(sizes[i])
	}
	paper = open("Paper")
	p.opening = paper.Opening
	rows = append(rows, typing(t, "key on A to the event on B, the finished paper", paper, heard, len(p.text)/2))
	heard.Close()
	paper.Close()

	fmt.Printf("\n%s\n", head)
	figures(append(rows, p.rows()...))
	p.beside(t, rivals(t, all, p.text))
}

// typing is from a key until the event about it on the other node. It is sent at once
// when nothing is on its way, and otherwise together with those that follow.
func typing(t *testing.T, what string, r *replicatest.Replica, heard *replicatest.Arrivals, at int) row {
	t.Helper()
	pressed := make(chan time.Time, keys)
	go func() {
		defer close(pressed)
		random := rand.New(rand.NewPCG(1, 2))
		for range keys {
			time.Sleep(time.Duration(random.Int64N(int64(pause)))) // a person's fingers
			pressed <- time.Now()
		}
	}()
	type batch struct {
		hash string
		keys []time.Time
	}
	var sent []batch
	for first := range pressed {
		b := batch{keys: []time.Time{first}}
		for len(pressed) > 0 {
			b.keys = append(b.keys, <-pressed)
		}
		b.hash = r.Type(at, strings.Repeat("k", len(b.keys)))
		at += len(b.keys)
		if !r.Send() {
			t.Fatal(r.Node.Log())
		}
		sent = append(sent, b)
	}
	var all []time.Duration
	for _, b := range sent {
		came := heard.Await(b.hash, patience)
		for _, key := range b.keys {
			all = append(all, came.Sub(key))
		}
	}
	t.Logf("%s: %d keys in %d changes", what, len(all), len(sent))
	return timed(what, all, 40*time.Millisecond, 150*time.Millisecond)
}

// sending hands in what a replica writes, one call at a time.
type sending struct {
	r    *replicatest.Replica
	news chan struct{}
	done chan struct{}
}

func sender(r *replicatest.Replica) *sending {
	s := &sending{r, make(chan struct{}, 1), make(chan struct{})}
	go func() {
		defer close(s.done)
		for range s.news {
			for r.Waiting() > 0 && r.Send() {
			}
		}
	}()
	return s
}

func (s *sending) wake() {
	select {
	case s.news <- struct{}{}:
	default: // it will look anyway
	}
}

// finish waits until everything is acknowledged.
func (s *sending) finish() {
	s.wake()
	close(s.news)
	<-s.done
}
