package process

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/cli/clitest"
)

// ip runs iproute2 and skips the test where it may not.
func ip(t *testing.T, line string) {
	t.Helper()
	if out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput(); err != nil {
		t.Skipf("no networks of its own here (needs root and iproute2): ip %s: %v: %s", line, err, out)
	}
}

// chainOf makes networks in a row, each connected with the next one only, and
// returns their names. Nothing is forwarded.
func chainOf(t *testing.T, length int) []string {
	t.Helper()
	var names []string
	for i := range length {
		name := fmt.Sprintf("parvis%d-%d", os.Getpid(), i)
		ip(t, "netns add "+name)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() })
		ip(t, "-n "+name+" link set lo up")
		names = append(names, name)
	}
	for i := range length - 1 {
		left, right := fmt.Sprintf("r%d", i), fmt.Sprintf("l%d", i+1)
		ip(t, fmt.Sprintf("link add %s netns %s type veth peer name %s netns %s", left, names[i], right, names[i+1]))
		ip(t, fmt.Sprintf("-n %s addr add 10.77.%d.1/24 dev %s", names[i], i, left))
		ip(t, fmt.Sprintf("-n %s addr add 10.77.%d.2/24 dev %s", names[i+1], i, right))
		ip(t, fmt.Sprintf("-n %s link set %s up", names[i], left))
		ip(t, fmt.Sprintf("-n %s link set %s up", names[i+1], right))
	}
	return names
}

// inside is a node whose program and commands run in a network of its own.
func inside(t *testing.T, network string, serve ...string) *clitest.Node {
	t.Helper()
	n := clitest.New(t, clitest.Script(t, fmt.Sprintf("exec ip netns exec %s %s \"$@\"", network, program)))
	n.Serve = append([]string{"ip", "netns", "exec", network}, serve...)
	n.Serve = append(n.Serve, "--data", n.Data, "--listen", "/ip4/0.0.0.0/tcp/0", "--listen", "/ip4/0.0.0.0/udp/0/quic-v1")
	n.Start(t)
	return n
}

// TestEverythingArrivesAlongAChain: of four nodes each sees only its neighbours;
// the last one joins through a member that did not invite. With gossip, and with sync alone.
func TestEverythingArrivesAlongAChain(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs whole nodes: not with -short")
	}
	t.Run("with gossip", func(t *testing.T) { chain(t, program, "serve", "--unprotected", "--no-mdns") })
	if !long() { // apptest has whole nodes without gossip, in one network
		return
	}
	quiet := filepath.Join(t.TempDir(), "quiet")
	if out, err := exec.Command("go", "build", "-ldflags=-s -w", "-o", quiet, "./quiet").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	t.Run("without gossip", func(t *testing.T) { chain(t, quiet) })
}

func chain(t *testing.T, serve ...string) {
	const length = 4
	networks := chainOf(t, length)
	nodes := make([]*clitest.Node, length)
	const founder = 1 // an invitation names who made it and who is connected to that one
	for _, i := range []int{founder, 0, 2, 3} {
		nodes[i] = inside(t, networks[i], serve...)
		if i == founder {
			found(t, nodes[i], "Atelier", "Founder")
			continue
		}
		took := enter(t, nodes[i], nodes[founder].Invite(t), fmt.Sprintf("P%d", i))
		t.Logf("join of node %d took %v", i, took)
	}
	begun := time.Now()
	say(t, nodes[0], "from one end")
	agree(t, nodes[length-1:], []string{"from one end"})
	t.Logf("a message needs about %v to the other end, by asking", time.Since(begun))

	var bursts []*burst
	var texts []string
	for i, n := range nodes {
		bursts = append(bursts, begin(t, n, names(fmt.Sprintf("node%d", i), 200), nil))
	}
	for _, b := range bursts {
		acked := b.acknowledged()
		if len(acked) != len(b.texts) {
			t.Errorf("%d of %d acknowledged: %s", len(acked), len(b.texts), b.errors.String())
		}
		texts = append(texts, acked...)
	}
	begun = time.Now()
	noRepeats(t, agree(t, nodes, texts))
	t.Logf("all agree %v after the last message", time.Since(begun))
	for i, n := range nodes {
		var want []string
		for _, j := range []int{i - 1, i + 1} {
			if j >= 0 && j < length {
				want = append(want, nodes[j].Ready.Peer)
			}
		}
		var got []string
		for _, p := range statusOf(t, n).Peers {
			got = append(got, p.Peer)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("node %d is connected to %v, want its neighbours %v: this is no chain", i, got, want)
		}
	}

	nodes[2].Kill(t) // the chain is broken
	say(t, nodes[0], "behind the break")
	say(t, nodes[3], "beyond the break")
	nodes[2].Start(t)
	begun = time.Now()
	noRepeats(t, agree(t, nodes, append(texts, "behind the break", "beyond the break")))
	t.Logf("all agree %v after the break was mended", time.Since(begun))
}
