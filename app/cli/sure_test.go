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

func TestAWorkspaceIsForgottenOnlyWhenOneIsOut(t *testing.T) {
	const all = `[{"id":"aa11bb","name":"Atelier","state":"ready"},{"id":"cc22dd","name":"Workshop","state":"removed","removal":{"how":"left","by":"","at":5}},` +
		`{"id":"ee33ff","name":"Waiting","state":"removed","removal":{"how":"suspended","by":""}}]`
	n := &node{answers: map[string]string{"Workspaces.List": all, "Workspaces.Forget": "null"}}
	for _, test := range []struct {
		command []string
		want    string
	}{
		{[]string{"Atelier", "--yes"}, `You are still in "Atelier". Leave it first`},
		{[]string{"Waiting", "--yes"}, `You are still in "Waiting".`},
		{[]string{"Workshop"}, `All that is on this computer of "Workshop" is deleted: messages, documents, files and keys. This cannot be undone; what the others have stays with them. Nothing was changed. To do it, say --yes.`},
		{[]string{"Nowhere", "--yes"}, `There is no workspace "Nowhere".`},
	} {
		_, errs, exit := run(t, n, "", append([]string{"workspace", "forget"}, test.command...)...)
		if exit != ExitFailed || !strings.Contains(errs, test.want) || strings.HasPrefix(n.last(), "Workspaces.Forget") {
			t.Errorf("%v: exit %d, %q, asked %s", test.command, exit, errs, n.last())
		}
	}
	out, errs, exit := run(t, n, "", "workspace", "forget", "Workshop", "--yes")
	if exit != ExitDone || out != "Deleted Workshop from this computer.\n" || n.last() != `Workspaces.Forget "cc22dd"` {
		t.Errorf("exit %d, %q %q, asked %s", exit, out, errs, n.last())
	}
}
