//go:build unix

package store

import "golang.org/x/sys/unix"

// freeBytes is what this user may still write on the disk that holds dir.
func freeBytes(dir string) (uint64, error) {
	var stat unix.Statfs_t
	if err := unix.Statfs(dir, &stat); err != nil {
		return 0, err
	}
	return uint64(stat.Bavail) * uint64(stat.Bsize), nil
}
