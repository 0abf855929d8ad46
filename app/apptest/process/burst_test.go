package process

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"parvis/app/cli/clitest"
)

// TestThreeNodesWriteAtOnce: each of three nodes writes count messages at the same
// time; one of them is killed and restarted twice on the way. In the end all three
// hold the same messages in the same order, each once.
func TestThreeNodesWriteAtOnce(t *testing.T) {
	t.Parallel()
	count := 1000
	if long() {
		count = 10_000
	}
	nodes := []*clitest.Node{start(t), start(t), start(t)}
	found(t, nodes[0], "Atelier", "Ana")
	enter(t, nodes[1], nodes[0].Invite(t), "Ben")
	enter(t, nodes[2], nodes[0].Invite(t), "Cleo")

	begun := time.Now()
	var writers sync.WaitGroup
	for i, n := range nodes[:2] {
		writers.Go(func() {
			if acked := writeAll(t, n, names(fmt.Sprintf("node%d", i), count), nil); len(acked) != count {
				t.Errorf("node %d acknowledged %d of %d messages", i, len(acked), count)
			}
		})
	}
	mine := names("node2", count)
	killed(t, nodes[2], mine, []int{count / 4, count / 2})
	writers.Wait()
	t.Logf("all written after %v", time.Since(begun))

	var texts []string
	for i := range nodes {
		texts = append(texts, names(fmt.Sprintf("node%d", i), count)...)
	}
	list := agree(t, nodes, texts)
	t.Logf("all three agree after %v", time.Since(begun))
	noRepeats(t, list)
	if len(list) != 3*count {
		t.Errorf("%d messages in the end, want %d", len(list), 3*count)
	}
	for i := range nodes { // each sender's lines stand in the order they were sent
		for sender := range senders {
			want := share(names(fmt.Sprintf("node%d", i), count), sender)
			if got := only(list, want); i < 2 && !slices.Equal(got, want) {
				t.Errorf("the messages of node %d, sender %d, are not in the order they were sent", i, sender)
			}
		}
	}
}

// senders is how many programs write on one node at once.
const senders = 8

// share are the texts of one sender.
func share(texts []string, sender int) (part []string) {
	for i := sender; i < len(texts); i += senders {
		part = append(part, texts[i])
	}
	return part
}

// only are the list's texts that are wanted, in the list's order.
func only(list []clitest.Message, wanted []string) (texts []string) {
	want := make(map[string]bool, len(wanted))
	for _, text := range wanted {
		want[text] = true
	}
	for _, m := range list {
		if want[m.Text] {
			texts = append(texts, m.Text)
		}
	}
	return texts
}

// writeAll sends texts with several senders and returns what was acknowledged,
// also when the node dies on the way. news is told the number so far.
func writeAll(t *testing.T, n *clitest.Node, texts []string, news func(total int)) []string {
	var mu sync.Mutex
	total := 0
	counted := func(int) {
		mu.Lock()
		defer mu.Unlock()
		total++
		if news != nil {
			news(total)
		}
	}
	var running []*burst
	for sender := range senders {
		running = append(running, begin(t, n, share(texts, sender), counted))
	}
	var acked []string
	for _, b := range running {
		acked = append(acked, b.acknowledged()...)
	}
	return acked
}

// killed writes all texts on a node that is killed after so many acknowledgements,
// each time, and started again. After a restart only what the node does not hold
// is sent again; what it acknowledged must be there.
func killed(t *testing.T, n *clitest.Node, texts []string, after []int) {
	t.Helper()
	left := texts
	for _, enough := range append(after, -1) {
		var once sync.Once
		acked := writeAll(t, n, left, func(total int) {
			if total == enough {
				once.Do(func() { n.Kill(t) })
			}
		})
		if enough < 0 {
			if len(acked) != len(left) {
				t.Errorf("the last part: %d of %d acknowledged", len(acked), len(left))
			}
			return
		}
		n.Start(t)
		list := n.Messages(t, "general")
		if lost := firstMissing(list, acked); lost != "" {
			t.Errorf("after the kill %q is lost, though it was acknowledged", lost)
		}
		t.Logf("killed after %d acknowledgements (%d in the end)", enough, len(acked))
		have := only(list, left)
		left = slices.DeleteFunc(slices.Clone(left), func(text string) bool { return slices.Contains(have, text) })
	}
}
