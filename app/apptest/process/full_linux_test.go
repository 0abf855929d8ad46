package process

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"parvis/app/cli/clitest"
)

// smallDisk is an empty file system of some MiB in memory.
func smallDisk(t *testing.T, mib int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=700", mib)); err != nil {
		t.Skipf("no small disk here (mount needs root): %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// fill leaves so many bytes free.
func fill(t *testing.T, disk string, leave uint64) (filler string) {
	t.Helper()
	var s syscall.Statfs_t
	if err := syscall.Statfs(disk, &s); err != nil {
		t.Fatal(err)
	}
	filler = filepath.Join(disk, "filler")
	if err := os.WriteFile(filler, make([]byte, s.Bavail*uint64(s.Bsize)-leave), 0o600); err != nil {
		t.Fatal(err)
	}
	return filler
}

func TestAFullDiskSaysSoAndLosesNothing(t *testing.T) {
	for _, mib := range []int{16, 120} { // without and with room for the reserve
		t.Run(fmt.Sprintf("%d MiB", mib), func(t *testing.T) { fullDisk(t, mib) })
	}
}

func fullDisk(t *testing.T, mib int) {
	if testing.Short() {
		t.Skip("runs whole nodes: not with -short")
	}
	disk := smallDisk(t, mib)
	ana := clitest.New(t, program)
	ana.Data = filepath.Join(disk, "data")
	ana.Start(t)
	ben := start(t)
	both := []*clitest.Node{ana, ben}
	found(t, ana, "Atelier", "Ana")
	enter(t, ben, ana.Invite(t), "Ben")

	filler := fill(t, disk, 2<<20)
	padding := strings.Repeat(" padding", 1000)
	lines := names("until it is full", 20_000)
	for i := range lines {
		lines[i] += padding
	}
	writer := begin(t, ana, lines, nil)
	acked := writer.acknowledged()
	var document struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(writer.errors.Bytes(), &document); err != nil || document.Error.Code != "disk-full" || writer.command.ProcessState.ExitCode() != 1 {
		t.Fatalf("after %d messages the writer ended with %v: %q", len(acked), writer.command.ProcessState, writer.errors.String())
	}
	t.Logf("%d messages, then: %s", len(acked), document.Error.Message)
	until(t, "status says that the disk is full", func() bool { return statusOf(t, ana).Disk == "full" })
	if lost := firstMissing(ana.Messages(t, "general"), acked); lost != "" {
		t.Errorf("%.40q was acknowledged and is not listed", lost)
	}
	say(t, ben, "sent to somebody whose disk is full")
	texts := append(acked, "sent to somebody whose disk is full")

	// A kill and a start on the full disk: what was acknowledged is there.
	ana.Kill(t)
	ana.Start(t)
	if lost := firstMissing(ana.Messages(t, "general"), acked); lost != "" {
		t.Errorf("after a kill %.40q is lost", lost)
	}

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	until(t, "writing works again", func() bool {
		return ana.Try(t, nil, "chat", "send", "general", "there is space again").Exit == 0
	})
	texts = append(texts, "there is space again")
	noRepeats(t, agree(t, both, texts))
	until(t, "status says that the disk is well", func() bool { return statusOf(t, ana).Disk == "ok" })
	ana.Stop(t)
	ana.Start(t)
	noRepeats(t, agree(t, both, texts))
}
