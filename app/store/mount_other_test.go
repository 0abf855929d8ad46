//go:build !linux

package store

import "errors"

func mountTmpfs(string, int) (func() error, error) {
	return nil, errors.New("only Linux mounts disks in memory")
}
