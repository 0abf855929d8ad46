package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLeavingIsAskedFirst(t *testing.T) {
	n := &node{answers: map[string]string{"Workspaces.List": oneWorkspace, "Members.Leave": "null"}}
	out, errs, exit := run(t, n, "yes\n", "workspace", "leave") // no terminal
	if exit != ExitFailed || out != "" || !strings.Contains(errs, "they cannot come back. Nothing was changed. To do it, say --yes.") {
		t.Errorf("exit %d, %q %q", exit, out, errs)
	}
	if strings.HasPrefix(n.last(), "Members.Leave") {
		t.Error("it left unasked")
	}
	out, errs, exit = run(t, n, "", "workspace", "leave", "--yes")
	if exit != ExitDone || !strings.HasPrefix(out, "You left ") || n.last() != `Members.Leave "aa11bb"` {
		t.Errorf("exit %d, %q %q, asked %s", exit, out, errs, n.last())
	}
}

func TestOnlyTheWordYesIsYes(t *testing.T) {
	for typed, want := range map[string]bool{"yes\n": true, " YES \n": true, "y\n": false, "no\n": false, "\n": false, "": false, "yes please\n": false} {
		var asked bytes.Buffer
		s := &session{Program: Program{Stderr: &asked}}
		if err := s.ask(t.Context(), strings.NewReader(typed), "It goes."); (err == nil) != want {
			t.Errorf("%q: %v", typed, err)
		}
		if asked.String() != "It goes.\nType yes to do it: " {
			t.Errorf("asked %q", asked.String())
		}
	}
}

func TestAFileThatIsThereIsReplacedWhenThatIsSaid(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "there")
	n := &node{answers: map[string]string{"Workspaces.List": oneWorkspace, "Recoveries.Backup": `{"path":"x"}`}}
	for _, command := range [][]string{{"backup", path}, {"audit", "export", path}} {
		if err := os.WriteFile(path, []byte("dear"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, errs, exit := run(t, n, "", command...)
		if exit != ExitFailed || !strings.Contains(errs, "is there already. Name another file, or replace it with --force.") {
			t.Errorf("%v: exit %d, %q", command, exit, errs)
		}
		if data, err := os.ReadFile(path); err != nil || string(data) != "dear" || len(n.asked) > 0 {
			t.Errorf("%v: %q %v, asked %q", command, data, err, n.asked)
		}
		if _, errs, exit := run(t, n, "", append(command[:len(command)-1:len(command)-1], dir)...); exit != ExitFailed || !strings.Contains(errs, "is a folder") {
			t.Errorf("%v of a folder: exit %d, %q", command, exit, errs)
		}
	}
	if _, errs, exit := run(t, n, "", "backup", path, "--force"); exit != ExitDone || !strings.HasPrefix(n.last(), "Recoveries.Backup") {
		t.Errorf("exit %d, %q", exit, errs)
	}
	if _, errs, _ := run(t, n, "", "audit", "export", path, "--force"); !strings.HasPrefix(n.last(), "Audit.Export") {
		t.Errorf("%q", errs)
	}
	if _, errs, _ := run(t, n, "", "audit", "export", "-"); !strings.HasPrefix(n.last(), "Audit.Export") {
		t.Errorf("to standard output: %q", errs)
	}
}
