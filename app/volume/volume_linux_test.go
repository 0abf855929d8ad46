package volume

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheDiskUnderAFolder(t *testing.T) {
	root := t.TempDir()
	home, plain := filepath.Join(root, "ho me"), filepath.Join(root, "plain")
	sys := filepath.Join(root, "sys")
	device := func(name, uuid string, slaves ...string) {
		t.Helper()
		at := filepath.Join(sys, "dev", "block", name)
		for _, slave := range append(slaves, ".") {
			if err := os.MkdirAll(filepath.Join(at, "slaves", slave), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if uuid != "" {
			if err := os.MkdirAll(filepath.Join(at, "dm"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(at, "dm", "uuid"), []byte(uuid+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	device("8:1", "")
	device("253:0", "CRYPT-LUKS2-abc-home")
	device("253:1", "LVM-xyz", "dm-9")
	device("253:1/slaves/dm-9", "CRYPT-LUKS2-def")
	device("253:2", "LVM-xyz", "sda2")
	device("253:2/slaves/sda2", "")
	for _, dir := range []string{home, plain} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	line := func(at, dev, kind string) string {
		return "36 35 " + dev + " / " + strings.ReplaceAll(at, " ", `\040`) + " rw,noatime shared:1 - " + kind + " /dev/none rw\n"
	}
	for _, c := range []struct {
		what, mounts, dir string
		want              Encryption
	}{
		{"a partition", line("/", "8:1", "ext4"), plain, Off},
		{"LUKS", line("/", "8:1", "ext4") + line(home, "253:0", "ext4"), home, On},
		{"the disk beside it", line("/", "8:1", "ext4") + line(home, "253:0", "ext4"), plain, Off},
		{"LVM on LUKS", line("/", "253:1", "xfs"), plain, On},
		{"LVM on a partition", line("/", "253:2", "xfs"), plain, Off},
		{"a later mount over an earlier one", line("/", "8:1", "ext4") + line("/", "253:0", "ext4"), plain, On},
		{"encrypted by the file system", line(home, "0:44", "ecryptfs"), home, On},
		{"a file system of no disk", line("/", "0:50", "overlay"), plain, Unknown},
		{"a disk that the system does not know", line("/", "9:9", "ext4"), plain, Unknown},
		{"no mounts", "noise\n", plain, Unknown},
	} {
		mounts := filepath.Join(root, "mountinfo")
		if err := os.WriteFile(mounts, []byte(c.mounts), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := look(c.dir, mounts, sys); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
	if got := Of(t.Context(), root); got != On && got != Off && got != Unknown {
		t.Errorf("this computer's disk is %q", got)
	}
}
