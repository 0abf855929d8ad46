package process

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/crdt/seal"
)

// TestASuperPeerHoldsNothingReadable plants 1,000 markers in what people write and
// looks for them in the super-peer's memory, as a debugger sees it, and in its folder,
// running and killed. The writer's own memory shows that the search finds them.
func TestASuperPeerHoldsNothingReadable(t *testing.T) {
	t.Parallel()
	s := startSuperPeer(t, t.TempDir())
	ana, ben := start(t), start(t)
	p := &planted{prefix: "mk" + seal.ID(seal.RandomKey()).String()[:14]}
	found(t, ana, p.next(), p.next())
	clitest.Run[struct{}](t, ana, "superpeer", "add", s.Ready.Setup)
	enter(t, ben, ana.Invite(t), p.next())
	plant(t, ana, p)
	clitest.Run[struct{}](t, ana, "doc", "create", p.next())
	var lines []string
	for p.count < 1000 {
		lines = append(lines, strings.Join([]string{p.next(), p.next(), p.next(), p.next(), p.next()}, " "))
	}
	if acked := begin(t, ana, lines, nil).acknowledged(); len(acked) != len(lines) {
		t.Fatalf("%d of %d messages sent", len(acked), len(lines))
	}
	until(t, "the super-peer holds everything", func() bool {
		w := clitest.Run[api.Status](t, ana, "status").Workspaces[0]
		return w.Queued == 0 && w.SuperPeersUp == 1 && s.metric(t, "stored_objects") > 500
	})
	if len(p.remembered(t, ana.PID())) == 0 {
		t.Fatal("not even the writer's memory has a marker: the search is blind")
	}
	for _, form := range p.remembered(t, s.PID()) {
		t.Errorf("a marker lies in the super-peer's memory (%s)", form)
	}
	folder := func(when string) {
		for _, hit := range p.search(t, s.Data) {
			t.Errorf("%s: a marker lies in %s", when, hit)
		}
	}
	folder("while it runs")
	s.Kill(t)
	folder("after a kill")
	t.Logf("%d markers, none found", p.count)
}

// remembered lists the forms in which markers stand in the memory of a process.
func (p *planted) remembered(t *testing.T, pid int) (found []string) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Skipf("the memory of another process cannot be read: %v", err)
	}
	memory, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Skipf("the memory of another process cannot be read: %v", err)
	}
	defer memory.Close()
	forms := p.forms()
	seen := map[string]bool{}
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var rights string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &rights); err != nil || !strings.HasPrefix(rights, "r") {
			continue
		}
		const piece, overlap = 4 << 20, 256
		for at := from; at < to; at += piece {
			content := make([]byte, min(piece+overlap, to-at))
			n, _ := memory.ReadAt(content, int64(at)) // what is not there cannot be read
			for name, form := range forms {
				if bytes.Contains(content[:n], form) {
					seen[name] = true
				}
			}
		}
	}
	for name := range seen {
		found = append(found, name)
	}
	return found
}
