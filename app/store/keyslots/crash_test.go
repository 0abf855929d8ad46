package keyslots

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"parvis/crdt/seal"
)

// crashChild names the environment variable that makes the test binary the child of
// TestKilledWhileSlotsChange; its value is the data folder.
const crashChild = "PARVIS_KEYSLOTS_CRASH_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashChild); dir != "" {
		key, _, err := Open(dir, words("words"))
		for err == nil {
			err = AddRecovery(dir, key, seal.RandomKey())
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// whole requires that both copies are there, whole and alike.
func whole(t *testing.T, dir, when string) {
	t.Helper()
	first, err1 := loadCopy(filepath.Join(dir, fileName))
	second, err2 := loadCopy(filepath.Join(dir, copyName))
	if err1 != nil || err2 != nil || first.Count != second.Count {
		t.Errorf("%s: copies of write %d and %d, %v, %v", when, first.Count, second.Count, err1, err2)
	}
}

func TestKilledWhileSlotsChange(t *testing.T) {
	dir := t.TempDir()
	key := mustCreate(t, dir, words("words"), Passphrase)
	kills := 40
	if testing.Short() {
		kills = 5
	}
	before := uint64(0)
	for i := range kills {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), crashChild+"="+dir)
		var said bytes.Buffer
		child.Stderr = &said
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		enough := before + 1 + rand.Uint64N(12)
		for { // until it has changed enough in this run; where in a change it is then is chance
			if f, _, err := load(dir); err == nil && f.Count > enough {
				break
			}
		}
		if err := child.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = child.Wait()
		if said.Len() > 0 {
			t.Fatalf("the child ended by itself: %s", said.String())
		}
		mustOpen(t, dir, words("words"), key, Passphrase)
		whole(t, dir, fmt.Sprintf("after kill %d", i+1))
		f, _, err := load(dir)
		if err != nil {
			t.Fatal(err)
		}
		before = f.Count
	}
	t.Logf("%d changes, %d kills", before, kills)
}

// What a disk may hold when the power goes during a change: of each copy the old or the new
// content, a torn one, or none, in any combination that leaves one copy whole.
func TestThePowerGoesWhileSlotsChange(t *testing.T) {
	dir := t.TempDir()
	key := mustCreate(t, dir, words("old words"), Passphrase)
	before, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	if err := words("").addPassphrase(dir, key, "new words"); err != nil {
		t.Fatal(err)
	}
	after, err := os.ReadFile(filepath.Join(dir, fileName))
	if err != nil {
		t.Fatal(err)
	}
	contents := map[string][]byte{"old": before, "new": after, "torn": after[:len(after)/3], "zeros": make([]byte, len(after)), "missing": nil}
	for first, a := range contents {
		for second, b := range contents {
			words1 := "old words"
			if first == "new" || second == "new" {
				words1 = "new words"
			} else if first != "old" && second != "old" {
				continue // no change leaves that: one copy is replaced when the other one is durable
			}
			at := t.TempDir()
			for name, content := range map[string][]byte{fileName: a, copyName: b, fileName + ".123.tmp": after[:10]} {
				if content == nil {
					continue
				}
				if err := os.WriteFile(filepath.Join(at, name), content, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			mustOpen(t, at, words(words1), key, Passphrase)
			whole(t, at, first+" and "+second)
		}
	}
}
