package store

import (
	"os"

	"golang.org/x/sys/unix"
)

// allocate makes a file whose blocks are really taken from the disk.
func allocate(path string, size int64) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := unix.Fallocate(int(file.Fd()), 0, 0, size); err == nil {
		return file.Close()
	}
	return fill(file, size)
}
