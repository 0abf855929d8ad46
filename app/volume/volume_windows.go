package volume

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// createNoWindow keeps a console from flashing up.
const createNoWindow = 0x08000000

// encryption asks the shell for the property that Explorer shows: unlike manage-bde it
// needs no administrator.
func encryption(ctx context.Context, dir string) Encryption {
	drive := filepath.VolumeName(dir)
	if len(drive) != 2 || drive[1] != ':' {
		return Unknown
	}
	query := "(New-Object -ComObject Shell.Application).NameSpace('" + drive + "').Self.ExtendedProperty('System.Volume.BitLockerProtection')"
	command := exec.CommandContext(ctx, "powershell.exe", "-NoProfile", "-NonInteractive", "-Command", query)
	command.SysProcAttr = &syscall.SysProcAttr{CreationFlags: createNoWindow}
	out, err := command.Output()
	if err != nil {
		return Unknown
	}
	switch strings.TrimSpace(string(out)) {
	case "1", "3", "5": // on, encrypting, suspended but encrypted
		return On
	case "2", "4":
		return Off
	}
	return Unknown
}
