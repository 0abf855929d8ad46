package process

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parvis/app/cli/clitest"
)

// founded is a node with a workspace, whose recovery key is on paper.
func founded(t *testing.T) (n *clitest.Node, words string) {
	t.Helper()
	n = start(t)
	return n, strings.Join(found(t, n, "Atelier", "Ana"), " ")
}

func restore(t *testing.T, n *clitest.Node, path, words string) (states []string) {
	t.Helper()
	result := n.Try(t, strings.NewReader(words), "restore", path)
	if result.Exit != 0 {
		t.Fatalf("restore: exit %d\n%s\n%s", result.Exit, result.Err, n.Log())
	}
	var document struct {
		Restored struct{ Workspaces []struct{ State string } }
	}
	if err := json.Unmarshal([]byte(result.Out), &document); err != nil {
		t.Fatal(err)
	}
	for _, w := range document.Restored.Workspaces {
		states = append(states, w.State)
	}
	return states
}

func TestTheCommandsBringAPersonBack(t *testing.T) {
	ana, words := founded(t)
	ben := start(t)
	enter(t, ben, ana.Invite(t), "Ben")
	say(t, ana, "from the first computer")
	ben.Await(t, "general", "from the first computer")
	path := filepath.Join(t.TempDir(), "ana.age")
	clitest.Run[struct{}](t, ana, "backup", path)
	ana.Kill(t)

	// From the file.
	second := start(t)
	if states := restore(t, second, path, words); len(states) != 1 || states[0] != "restored" {
		t.Fatalf("restored as %q", states)
	}
	second.Await(t, "general", "from the first computer")
	link := clitest.Run[struct{ Link struct{ Link string } }](t, ben, "recovery", "link").Link.Link
	if result := second.Try(t, strings.NewReader(words), "restore", "--paper", link); result.Exit != 0 && !strings.Contains(result.Err, "already in this workspace") {
		t.Fatalf("let in: %s", result.Err)
	}
	say(t, ben, "you are back")
	second.Await(t, "general", "you are back")
	second.Kill(t)

	// From the paper alone.
	third := start(t)
	if result := third.Try(t, strings.NewReader(words), "restore", "--paper", link); result.Exit != 0 {
		t.Fatalf("come back: %s\n%s", result.Err, third.Log())
	}
	third.Await(t, "general", "from the first computer", "you are back")
	third.Stop(t)
	third.Start(t) // what came stays
	third.Await(t, "general", "from the first computer")
}

func TestAKilledBackupLeavesTheOldOneWhole(t *testing.T) {
	ana, words := founded(t)
	writer := begin(t, ana, names("some text "+strings.Repeat("and more ", 200), 3000), nil)
	writer.acknowledged()
	path := filepath.Join(t.TempDir(), "ana.age")
	began := time.Now()
	clitest.Run[struct{}](t, ana, "backup", path)
	took := time.Since(began)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	kills := 4
	if long() {
		kills = 40
	}
	killed := 0
	for i := range kills {
		done := make(chan clitest.Result, 1)
		go func() { done <- ana.Try(t, nil, "backup", path, "--force") }()
		time.Sleep(took * time.Duration(i+1) / time.Duration(kills+1))
		ana.Kill(t)
		if result := <-done; result.Exit != 0 {
			killed++
		}
		ana.Start(t)
		now, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if killed == i+1 && !bytes.Equal(now, before) && !restores(t, path, words) {
			t.Fatalf("kill %d left neither the old backup nor a new one", i)
		}
	}
	t.Logf("%d of %d backups were killed; one takes %s", killed, kills, took)
	if !restores(t, path, words) {
		t.Error("the last backup does not come back")
	}
}

// restores reports whether a backup comes back whole: a kill may fall between its being
// in its place and the answer.
func restores(t *testing.T, path, words string) bool {
	t.Helper()
	states := restore(t, start(t), path, words)
	return len(states) == 1 && states[0] == "restored"
}

func TestABackupOnAFullDiskSaysSoAndLeavesTheOldOne(t *testing.T) {
	ana, words := founded(t)
	writer := begin(t, ana, names(strings.Repeat("padding ", 900), 1000), nil)
	writer.acknowledged()
	disk := smallDisk(t, 3)
	path := filepath.Join(disk, "ana.age")
	if err := os.WriteFile(path, []byte("the old one"), 0o600); err != nil {
		t.Fatal(err)
	}
	result := ana.Try(t, nil, "backup", path, "--force")
	var document struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(result.Err), &document); err != nil || result.Exit != 1 || document.Error.Code != "disk-full" {
		t.Fatalf("exit %d: %s", result.Exit, result.Err)
	}
	if old, err := os.ReadFile(path); err != nil || string(old) != "the old one" {
		t.Errorf("the old backup is %q, %v", old, err)
	}
	if left, err := os.ReadDir(disk); err != nil || len(left) != 1 {
		t.Errorf("%v is left on the disk, %v", left, err)
	}
	good := filepath.Join(t.TempDir(), "ana.age")
	clitest.Run[struct{}](t, ana, "backup", good)

	// A node on a full disk takes no backup, and none of it is lost when it has room again.
	small := clitest.New(t, program)
	tiny := smallDisk(t, 120)
	small.Data = filepath.Join(tiny, "data")
	small.Start(t)
	filler := fill(t, tiny, 3<<20)
	if result := small.Try(t, strings.NewReader(words), "restore", good); result.Exit == 0 {
		t.Fatal("the small disk held all of it")
	} else if !strings.Contains(result.Err, "disk-full") {
		t.Errorf("a restore on a full disk: %s", result.Err)
	}
	if err := os.Remove(filler); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	until(t, "what was taken stays, and the rest comes once there is room", func() bool {
		return small.Try(t, strings.NewReader(words), "restore", good).Exit == 0
	})
	if got := len(small.Messages(t, "general")); got != 1000 {
		t.Errorf("%d messages came back, want 1000", got)
	}
}
