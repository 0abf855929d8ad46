package store

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// mountTmpfs mounts an empty disk of so many MiB in memory.
func mountTmpfs(dir string, mib int) (unmount func() error, err error) {
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib)); err != nil {
		return nil, err
	}
	return func() error { return unix.Unmount(dir, 0) }, nil
}
