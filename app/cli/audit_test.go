package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parvis/app/audit"
)

const auditPage = `{"lines":[
 {"n":4,"clock":1750000000000,"text":"Ana aa11 (owner, device 1) removed Ben bb22, who was admin","kept":true},
 {"n":5,"clock":1750000000000,"text":"Ben bb22 (admin, device 1) admitted Carl","kept":false,"because":4,"restsOn":5,"reason":"Ana removed Ben, without having seen this (line 4)"}],
 "more":true,"whole":true,"forks":[{"person":"f00d","name":"Ana","device":"d00d00000000000000","first":4,"second":5}]}`

func TestTheAuditLogIsPrinted(t *testing.T) {
	n := &node{answers: map[string]string{"Workspaces.List": oneWorkspace, "Audit.List": auditPage, "People.List": `[{"id":"f00d","name":"Ana"}]`}}
	out, errs, exit := run(t, n, "", "audit", "list", "--person", "Ana", "--before", "9", "--routine")
	if exit != ExitDone {
		t.Fatalf("%d %s", exit, errs)
	}
	for _, part := range []string{
		"There are older lines. See them with: parvis audit list --before 4\n",
		"Times are those of the authors' clocks.\n",
		"   4  2025-06-15 ",
		"not kept: Ben bb22 (admin, device 1) admitted Carl, because Ana removed Ben, without having seen this (line 4)\n",
		"! Lines 4 and 5: device d00d00000000 of Ana wrote both for the same place.",
	} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in:\n%s", part, out)
		}
	}
	if want := `Audit.List {"workspace":"aa11bb","person":"f00d","before":9,"limit":100,"routine":true}`; n.last() != want {
		t.Errorf("asked %s, want %s", n.last(), want)
	}
	n.answers["Audit.List"] = `{"lines":[{"n":1,"text":"x","kept":true}],"whole":false}`
	if out, _, _ := run(t, n, "", "audit", "list"); !strings.HasPrefix(out, "You are a guest: ") {
		t.Errorf("to a guest: %s", out)
	}
	if _, errs, exit := run(t, n, "", "audit", "list", "--limit", "0"); exit != ExitFailed || !strings.Contains(errs, "1 to 1000 lines") {
		t.Errorf("%d %s", exit, errs)
	}
}

// No node runs here: verify must not need one.
func TestAnAuditLogIsVerifiedWithoutANode(t *testing.T) {
	good, err := os.ReadFile(filepath.Join("..", "audit", "testdata", "log.json"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	out, errs, exit := run(t, nil, "", "audit", "verify", file("good.json", good))
	if exit != ExitDone {
		t.Fatalf("%d %s", exit, errs)
	}
	for _, part := range []string{"holds: ", "All signatures are right", "Not kept: ", "What the file cannot show:", "The names are what the exporter says"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in:\n%s", part, out)
		}
	}
	out, _, _ = run(t, nil, string(good), "audit", "verify", "-", "--json")
	var document struct {
		Audit struct {
			Holds   bool
			Entries int
			People  []audit.Person
		}
	}
	if err := json.Unmarshal([]byte(out), &document); err != nil || !document.Audit.Holds || document.Audit.Entries == 0 || len(document.Audit.People) == 0 {
		t.Errorf("%v %s", err, out)
	}
	bad := strings.Replace(string(good), "founded the workspace", "stole the workspace", 1)
	_, errs, exit = run(t, nil, "", "audit", "verify", file("bad.json", []byte(bad)))
	if exit != ExitFailed || !strings.HasPrefix(errs, "parvis: Line 1 was changed. Its entry says: ") {
		t.Errorf("%d %s", exit, errs)
	}
	_, errs, exit = run(t, nil, "", "audit", "verify", filepath.Join(dir, "none.json"), "--json")
	if exit != ExitFailed || !strings.Contains(errs, "cannot be read") {
		t.Errorf("%d %s", exit, errs)
	}
}
