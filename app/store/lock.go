package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrInUse reports that another program has the data folder open. The error that
// wraps it is one sentence and names the other process where it is known.
var ErrInUse = errors.New("the data folder is in use")

// Lock makes this process the only one that uses a data folder, until release is
// called or the process ends in whatever way. The folder is created when needed.
func Lock(dir string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	file, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	taken, err := lockFile(file)
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	if !taken {
		holder := lockHolder(file)
		file.Close()
		return nil, fmt.Errorf("%w: Parvis%s runs on %s already; use that one or stop it first", ErrInUse, holder, dir)
	}
	// The process id is for the other's sentence only; without it the lock holds as well.
	if err := file.Truncate(0); err == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	// The file stays: removing it would let two processes lock two files of one name.
	return file.Close, nil
}

// lockHolder reads " (process 123)", or nothing.
func lockHolder(file *os.File) string {
	head, err := io.ReadAll(io.NewSectionReader(file, 0, 20))
	if err != nil {
		return ""
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(head)))
	if err != nil || pid <= 0 {
		return ""
	}
	return fmt.Sprintf(" (process %d)", pid)
}
