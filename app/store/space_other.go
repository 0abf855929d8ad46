//go:build !linux

package store

import "os"

// allocate makes a file whose blocks are really taken from the disk.
func allocate(path string, size int64) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	return fill(file, size)
}
