package cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"parvis/app/cli/clitest"
)

// TestOneNodeOnOneFolder: what the program itself answers for, from outside. What
// nodes do together is in app/apptest/process.
func TestOneNodeOnOneFolder(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs whole nodes: not with -short")
	}
	program := clitest.Build(t, "parvis", "")
	node := clitest.New(t, program)
	node.Start(t)
	address := filepath.Join(node.Data, "endpoint.json")

	second := exec.Command(program, "serve", "--data", node.Data, "--unprotected", "--no-mdns")
	out, err := second.CombinedOutput()
	if err == nil || second.ProcessState.ExitCode() != 1 || !strings.HasPrefix(string(out), "parvis: ") || len(strings.Fields(string(out))) < 5 {
		t.Errorf("a second node ended with %v and said %q, want exit 1 and a sentence", err, out)
	}
	if _, err := os.Stat(address); err != nil {
		t.Errorf("the first node's address is gone: %v", err)
	}

	node.Stop(t)
	if _, err := os.Stat(address); !os.IsNotExist(err) {
		t.Errorf("after the stop the address is still there: %v", err)
	}
	result := node.Try(t, nil, "status")
	if result.Exit != 3 || !strings.Contains(result.Err, `"no-node"`) {
		t.Errorf("exit %d, %s, want 3 and no-node", result.Exit, result.Err)
	}

	node.Start(t)
	node.Kill(t)
	if result := node.Try(t, nil, "status"); result.Exit != 3 {
		t.Errorf("with a killed node's address left behind: exit %d, want 3", result.Exit)
	}
}
