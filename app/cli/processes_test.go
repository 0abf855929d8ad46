package cli_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parvis/app/cli/clitest"
)

// TestTwoProcessesTalk is the main job from outside: two programs, one link.
func TestTwoProcessesTalk(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs whole nodes")
	}
	whole := t // nodes outlive the parts of this test
	program := clitest.Build(t, "parvis", "")
	ana, ben := clitest.New(t, program), clitest.New(t, program)
	ana.Start(t)
	ben.Start(t)
	clitest.Run[struct{}](t, ana, "workspace", "create", "Atelier", "--as", "Ana")
	clitest.Run[struct{}](t, ben, "join", ana.Invite(t), "--as", "Ben")
	clitest.Run[struct{}](t, ana, "chat", "send", "general", "bonjour Ben")
	clitest.Run[struct{}](t, ben, "chat", "send", "general", "bonjour Ana")
	both := []string{"bonjour Ben", "bonjour Ana"}
	awaitSame(t, ana, ben, both)

	t.Run("after a restart of either, new messages arrive", func(t *testing.T) {
		for _, node := range []*clitest.Node{ana, ben} {
			node.Stop(t)
			node.Start(whole)
			text := "again " + node.Ready.Peer
			clitest.Run[struct{}](t, node, "chat", "send", "general", text)
			both = append(both, text)
			awaitSame(t, ana, ben, both)
		}
	})

	t.Run("nothing acknowledged is lost when the writer is killed in a burst", func(t *testing.T) {
		for _, writer := range []*clitest.Node{ana, ben} {
			both = append(both, killInBurst(t, writer)...)
			writer.Start(whole)
			awaitSame(t, ana, ben, both)
		}
	})

	t.Run("commands say clearly when no node runs", func(t *testing.T) {
		ben.Stop(t)
		result := ben.Try(t, nil, "status")
		if result.Exit != 3 || !strings.Contains(result.Err, `"no-node"`) {
			t.Errorf("exit %d, %s, want 3 and no-node", result.Exit, result.Err)
		}
	})
}

// killInBurst sends lines until 40 were acknowledged, kills the node, and returns
// the texts of what was acknowledged.
func killInBurst(t *testing.T, writer *clitest.Node) []string {
	t.Helper()
	const burst, enough = 2000, 40
	texts := clitest.Texts("burst "+writer.Ready.Peer, burst)
	send := exec.Command(writer.Program, "--data", writer.Data, "--json", "chat", "send", "general", "-")
	send.Stdin = strings.NewReader(strings.Join(texts, "\n"))
	out, err := send.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := send.Start(); err != nil {
		t.Fatal(err)
	}
	acknowledged := 0
	documents := json.NewDecoder(out)
	for {
		var document struct{ Message struct{ ID string } }
		if documents.Decode(&document) != nil {
			break
		}
		if acknowledged++; acknowledged == enough {
			writer.Kill(t)
		}
	}
	if err := send.Wait(); err == nil || acknowledged < enough {
		t.Fatalf("the burst ended with %v after %d acknowledgements, want it cut off after at least %d", err, acknowledged, enough)
	}
	return texts[:acknowledged]
}

// awaitSame waits until both nodes hold the texts, and the same list. What was
// stored but not yet acknowledged when a node was killed may come on top.
func awaitSame(t *testing.T, a, b *clitest.Node, texts []string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		here, there := a.Await(t, "general", texts...), b.Await(t, "general", texts...)
		if slices.EqualFunc(here, there, func(m, n clitest.Message) bool { return m.ID == n.ID && m.Text == n.Text }) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the lists differ: %d messages here, %d there", len(here), len(there))
		}
	}
}

func TestSecondNodeOnOneFolderIsRefused(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs whole nodes")
	}
	program := clitest.Build(t, "parvis", "")
	first := clitest.New(t, program)
	first.Start(t)
	second := exec.Command(program, "serve", "--data", first.Data, "--unprotected", "--no-mdns")
	out, err := second.CombinedOutput()
	if err == nil || second.ProcessState.ExitCode() != 1 || len(strings.Fields(string(out))) < 4 {
		t.Errorf("the second node ended with %v and said %q, want exit 1 and a sentence", err, out)
	}
	if _, err := os.Stat(filepath.Join(first.Data, "endpoint.json")); err != nil {
		t.Errorf("the first node's address is gone: %v", err)
	}
}
