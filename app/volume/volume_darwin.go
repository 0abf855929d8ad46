package volume

import (
	"context"
	"os/exec"
	"strings"
)

// encryption asks FileVault, which encrypts the whole start volume.
func encryption(ctx context.Context, _ string) Encryption {
	out, err := exec.CommandContext(ctx, "/usr/bin/fdesetup", "status").Output()
	switch {
	case err != nil:
		return Unknown
	case strings.Contains(string(out), "FileVault is On"):
		return On
	case strings.Contains(string(out), "FileVault is Off"):
		return Off
	}
	return Unknown
}
