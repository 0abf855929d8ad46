package process

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parvis/app/cli/clitest"
)

// A log that one of two people exports verifies where no node runs and no workspace is.
func TestTheAuditLogVerifiesElsewhere(t *testing.T) {
	ana, _ := pair(t)
	path := filepath.Join(t.TempDir(), "log.json")
	made := clitest.Run[struct{ Audit struct{ Entries int } }](t, ana, "audit", "export", path).Audit
	data, err := os.ReadFile(path)
	if err != nil || made.Entries < 3 {
		t.Fatalf("%d entries, %v", made.Entries, err)
	}
	elsewhere := clitest.New(t, ana.Program)
	report := clitest.Run[struct {
		Audit struct {
			Holds   bool
			Entries int
			People  []struct{ Role, Status string }
		}
	}](t, elsewhere, "audit", "verify", path).Audit
	if !report.Holds || report.Entries != made.Entries || len(report.People) != 2 {
		t.Errorf("%+v", report)
	}
	type line struct {
		What, ByName, Name string
		Kept               bool
	}
	listed := clitest.Run[struct{ Audit struct{ Lines []line } }](t, ana, "audit", "list").Audit.Lines
	if len(listed) == 0 || listed[0].What != "founded" || listed[0].ByName != "Ana" || !listed[0].Kept {
		t.Errorf("the first of %d lines is %+v", len(listed), listed[:min(len(listed), 1)])
	}
	bad := bytes.Replace(data, []byte("founded the workspace"), []byte("took the workspace"), 1)
	if err := os.WriteFile(path, bad, 0o600); err != nil {
		t.Fatal(err)
	}
	if result := elsewhere.Try(t, nil, "audit", "verify", path); result.Exit != 1 || !strings.Contains(result.Err, "Line 1 was changed.") {
		t.Errorf("a changed file: %+v", result)
	}
}
