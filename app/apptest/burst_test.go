package apptest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"parvis/app/api"
)

// burst sends n messages from a node with several callers at a time and reports
// how many were acknowledged.
func (n *Node) burst(ws, prefix string, count, callers int) (acknowledged []string) {
	channel := n.General(ws)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for i := caller; i < count; i += callers {
				text := fmt.Sprintf("%s-%06d", prefix, i)
				if _, err := n.API().Chat.Send(api.NewMessage{Workspace: ws, Channel: channel, Text: text}); err != nil {
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, text)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return acknowledged
}

// trio is a workspace of three people on three nodes, all connected.
func trio(t testing.TB, options ...Option) (nodes []*Node, ws string) {
	nodes = []*Node{New(t, options...), New(t, options...), New(t, options...)}
	ws = nodes[0].Found("Atelier", "Ana")
	nodes[1].Join(nodes[0].Invite(ws), "Ben")
	nodes[2].Join(nodes[0].Invite(ws), "Cleo")
	for _, n := range nodes {
		n.Until("everybody is connected", func() bool { return n.online(ws) == 3 })
	}
	return nodes, ws
}

func TestBurstsFromThreeNodesEndInOneOrder(t *testing.T) {
	count := 300
	nodes, ws := trio(t)
	start := time.Now()
	var wg sync.WaitGroup
	for i, n := range nodes {
		wg.Go(func() {
			if got := n.burst(ws, fmt.Sprintf("node%d", i), count, 16); len(got) != count {
				t.Errorf("node %d: %d of %d messages were accepted", i, len(got), count)
			}
		})
	}
	wg.Wait()
	t.Logf("sent after %v", time.Since(start))
	want := 3 * count
	for _, n := range nodes {
		n.Until("all messages are there", func() bool { return len(n.Texts(ws)) == want })
	}
	t.Logf("all there after %v", time.Since(start))
	first := nodes[0].Texts(ws)
	for i, n := range nodes[1:] {
		if got := n.Texts(ws); !slices.Equal(got, first) {
			t.Errorf("node %d shows another order than node 0", i+1)
		}
	}
}
