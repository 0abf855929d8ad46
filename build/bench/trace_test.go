//go:build bench

package bench

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"parvis/app/cli/clitest/replicatest"
)

// play is the trace on the way from one node to the other. Of two values the first is
// A's, who wrote it.
type play struct {
	edits, changes int
	written        time.Duration // by the replica's engine, beside the sending
	replicated     time.Duration // until B had the last change
	peak, reading  [2]int64      // memory while replicating; with the node's own engine too
	before, after  [2]stored     // the snapshot
	save           int64         // what Automerge itself writes
	opening        replicatest.Opening
	text           string
}

// rows are the figures to reach.
func (p play) rows() []row {
	each := func(bytes int64) string { return fmt.Sprintf("%.1f B", float64(bytes)/float64(p.edits)) }
	times := func(bytes int64) string { return fmt.Sprintf("%.2f ×", float64(bytes)/float64(p.save)) }
	content := max(p.after[0].content, p.after[1].content)
	return []row{
		{what: fmt.Sprintf("paper: %s edits in %s changes, until B has them", grouped(int64(p.edits)), grouped(int64(p.changes))), median: seconds(p.replicated)},
		{what: "paper: most memory while it is replicated, A and B", median: mib(p.peak[0]), p99: mib(p.peak[1])},
		{what: "paper: most memory once the node itself has read it, A and B", median: mib(p.reading[0]), p99: mib(p.reading[1])},
		{what: "paper: stored per edit, signed, sealed and indexed, A and B", median: each(p.before[0].all), p99: each(p.before[1].all)},
		{what: "paper: the same after compaction", median: each(p.after[0].all), p99: each(p.after[1].all)},
		{what: "paper: of it the document's own tables", median: each(p.after[0].rows), p99: each(p.after[1].rows)},
		{what: "paper: of them its content, before compaction", median: each(p.before[0].content), p99: each(p.before[1].content)},
		{what: "paper: its content after compaction, beside Automerge's own save", median: times(p.after[0].content), p99: times(p.after[1].content),
			reach: "≤ 2 ×", missed: content > 2*p.save},
		{what: "paper: everything after compaction, beside Automerge's own save", median: times(p.after[0].all), p99: times(p.after[1].all)},
	}
}

// rival is what the script says of another engine.
type rival struct {
	Name, Version           string
	ApplyMs, SaveMs, LoadMs float64
	Bytes                   int64
	PeakKB                  int64
	Text                    string
}

// rivals write the same edits, as many in a change, each in a process of its own.
func rivals[E any](t *testing.T, edits []E, want string) []rival {
	t.Helper()
	frontend, err := filepath.Abs("../../frontend")
	if err != nil {
		t.Fatal(err)
	}
	var all []rival
	for _, r := range []rival{{Name: "automerge-latest"}, {Name: "@automerge/automerge/next"}, {Name: "yjs"}} {
		command := exec.CommandContext(t.Context(), "node", "rivals.mjs", frontend, r.Name, "../../crdt/doc/doctest/testdata/automerge-paper.json.gz",
			strconv.Itoa(len(edits)), strconv.Itoa(perChange))
		var errs bytes.Buffer
		command.Stderr = &errs
		out, err := command.Output()
		if err == nil {
			err = json.Unmarshal(out, &r)
		}
		if err != nil {
			t.Fatalf("%s: %v\n%s", r.Name, err, errs.String())
		}
		if r.Text != want {
			t.Errorf("%s reads %d characters, we %d", r.Name, len(r.Text), len(want))
		}
		all = append(all, r)
	}
	return all
}

// beside prints the whole path and our engine beside others.
func (p play) beside(t *testing.T, others []rival) {
	t.Helper()
	from := func(ms float64) string { return seconds(time.Duration(ms * float64(time.Millisecond))) }
	rows := [][]string{
		{"Parvis: stored and sealed on A, replicated to B", seconds(p.replicated), seconds(p.opening.Fetch + p.opening.Load), grouped(int64(p.opening.Bytes)), mib(p.peak[0]) + " + " + mib(p.peak[1])},
		{"of it the engine, Automerge 3.3.2 under Go", seconds(p.written), seconds(p.opening.Load), grouped(p.save), "–"},
	}
	for _, r := range others {
		rows = append(rows, []string{r.Version + " in JavaScript, alone", from(r.ApplyMs), from(r.LoadMs), grouped(r.Bytes), mib(r.PeakKB << 10)})
	}
	table([]string{fmt.Sprintf("%s edits, %d in a change", grouped(int64(p.edits)), perChange), "write", "load", "bytes", "memory"}, rows)
}

func mib(bytes int64) string { return fmt.Sprintf("%d MiB", bytes>>20) }
