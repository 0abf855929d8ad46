package volume

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

func encryption(_ context.Context, dir string) Encryption {
	return look(dir, "/proc/self/mountinfo", "/sys")
}

// look finds the mount of a folder, then what its device is made of.
func look(dir, mounts, sys string) Encryption {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return Unknown
	}
	file, err := os.Open(mounts)
	if err != nil {
		return Unknown
	}
	defer file.Close()
	m, found := mountOf(file, dir)
	if !found {
		return Unknown
	}
	if m.kind == "ecryptfs" || m.kind == "fuse.gocryptfs" || m.kind == "fuse.encfs" {
		return On
	}
	device := m.device
	if strings.HasPrefix(device, "0:") { // of no single disk, as btrfs has it
		var stat unix.Stat_t
		if !strings.HasPrefix(m.source, "/dev/") || unix.Stat(m.source, &stat) != nil {
			return Unknown
		}
		device = fmt.Sprintf("%d:%d", unix.Major(stat.Rdev), unix.Minor(stat.Rdev))
	}
	return made(filepath.Join(sys, "dev", "block", device), 0)
}

// mount is one line of /proc/self/mountinfo.
type mount struct{ device, kind, source string }

// mountOf is the mount with the longest path that a folder lies below; of several at one
// place, the last.
func mountOf(mounts io.Reader, dir string) (best mount, found bool) {
	longest := -1
	lines := bufio.NewScanner(mounts)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		dash := slices.Index(fields, "-")
		if len(fields) < 6 || dash < 0 || len(fields) < dash+3 {
			continue
		}
		at := unescape(fields[4])
		if below := dir == at || strings.HasPrefix(dir, strings.TrimSuffix(at, "/")+"/"); below && len(at) >= longest {
			longest, found = len(at), true
			best = mount{device: fields[2], kind: fields[dash+1], source: unescape(fields[dash+2])}
		}
	}
	return best, found
}

// unescape undoes the octal escapes of mountinfo.
func unescape(text string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(text)
}

// maxLayers bounds how deep devices stand on each other.
const maxLayers = 8

// made says whether a block device is encrypted, or all that it stands on. A device of
// which nothing is said is a plain one.
func made(device string, depth int) Encryption {
	if _, err := os.Stat(device); err != nil || depth > maxLayers {
		return Unknown
	}
	if uuid, err := os.ReadFile(filepath.Join(device, "dm", "uuid")); err == nil && strings.HasPrefix(string(uuid), "CRYPT-") {
		return On
	}
	slaves, err := os.ReadDir(filepath.Join(device, "slaves"))
	if err != nil || len(slaves) == 0 {
		return Off
	}
	for _, slave := range slaves {
		if below := made(filepath.Join(device, "slaves", slave.Name()), depth+1); below != On {
			return below
		}
	}
	return On
}
