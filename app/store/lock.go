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

// Use is what a data folder is for.
type Use string

// The uses of a data folder, as a sentence names them.
const (
	Device    Use = "a device"
	SuperPeer Use = "a super-peer"
)

// checkUse refuses the folder of another use: a mistyped --data would mix the two.
func checkUse(dir string, use Use) error {
	own, other, foreign := fileName, mailboxFile, SuperPeer
	if use == SuperPeer {
		own, other, foreign = other, own, Device
	}
	here := func(name string) bool {
		_, err := os.Stat(filepath.Join(dir, name))
		return err == nil
	}
	if here(other) && !here(own) {
		return fmt.Errorf("%s is the data folder of %s: name another one for %s", dir, foreign, use)
	}
	return nil
}

// Lock makes this process the only one that uses a data folder, until release is
// called or the process ends in whatever way. The folder is created when needed; one
// that belongs to another use is refused.
func Lock(dir string, use Use) (release func() error, err error) {
	if err := checkUse(dir, use); err != nil {
		return nil, err
	}
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
