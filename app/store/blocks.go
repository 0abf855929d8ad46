package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"

	"parvis/app/block"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Where blocks lie in the data folder: blocks/ab/abcd…; what is being written is
// in blocks/new.
const (
	blockFolder = "blocks"
	blockNew    = "new"
)

// Blocks keeps sealed blocks as files and their owners in the database. It is safe
// for concurrent use.
type Blocks struct {
	db    *DB
	count atomic.Uint64 // names of new files

	mu    sync.Mutex
	root  *os.Root        // guarded by mu; nil until the first block
	dirty map[string]bool // guarded by mu: files and folders that may not be durable
}

const (
	// maxDirty is how much may wait for a flush: 128 MiB of blocks.
	maxDirty = 512
	// flushers flush at once: the file system then writes its journal once for all.
	flushers = 16
)

var _ block.Storage = (*Blocks)(nil)

// Blocks shows the blocks of this data folder. Call it once.
func (db *DB) Blocks() *Blocks { return &Blocks{db: db, dirty: map[string]bool{}} }

// Close forgets the open folder. Blocks may be used again afterwards.
func (b *Blocks) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.root == nil {
		return nil
	}
	err := b.root.Close()
	b.root = nil
	return err
}

// folder opens the folder of the blocks, and at the first time empties what a
// crash left half written.
func (b *Blocks) folder() (*os.Root, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.root != nil {
		return b.root, nil
	}
	dir := filepath.Join(b.db.dir, blockFolder)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	err = errors.Join(root.RemoveAll(blockNew), root.MkdirAll(blockNew, 0o700))
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	b.dirty["."] = true
	b.root = root
	return root, nil
}

// names are the folder and the path of a block.
func blockNames(id seal.ID) (dir, name string) {
	text := id.String()
	return text[:2], path.Join(text[:2], text)
}

// PutBlock implements block.Disk. Blocks never take the room that is kept for
// messages: they are refused while less than that is free.
func (b *Blocks) PutBlock(_ context.Context, id seal.ID, data []byte) error {
	err := b.put(id, data)
	b.mu.Lock()
	full := len(b.dirty) >= maxDirty
	b.mu.Unlock()
	if err == nil && full {
		err = b.flush()
	}
	if err != nil {
		return fmt.Errorf("store block %s: %w", id.Short(), b.fault(err))
	}
	return nil
}

func (b *Blocks) put(id seal.ID, data []byte) error {
	if b.db.reserve.isLow() {
		return b.db.reserve.full()
	}
	if free, err := freeBytes(b.db.dir); err == nil && free < reserveMargin+uint64(len(data)) {
		return b.db.reserve.full()
	}
	root, err := b.folder()
	if err != nil {
		return err
	}
	fresh := path.Join(blockNew, strconv.FormatUint(b.count.Add(1), 10))
	if err := writeWhole(root, fresh, data); err != nil {
		_ = root.Remove(fresh)
		return err
	}
	dir, name := blockNames(id)
	err = root.Rename(fresh, name)
	if errors.Is(err, fs.ErrNotExist) {
		if err = root.Mkdir(dir, 0o700); err == nil || errors.Is(err, fs.ErrExist) {
			b.touch(".")
			err = root.Rename(fresh, name)
		}
	}
	if err != nil {
		_ = root.Remove(fresh)
		return err
	}
	b.touch(dir, name)
	return nil
}

func writeWhole(root *os.Root, name string, data []byte) error {
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = out.Write(data)
	return errors.Join(err, out.Close())
}

func (b *Blocks) touch(names ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range names {
		b.dirty[name] = true
	}
}

// fault names a full disk.
func (b *Blocks) fault(err error) error {
	if errors.Is(err, syscall.ENOSPC) || !errors.Is(err, ErrDiskFull) && b.db.reserve.diskIsFull() {
		return b.db.reserve.full()
	}
	return err
}

// SyncBlocks implements block.Disk.
func (b *Blocks) SyncBlocks(context.Context) error {
	if err := b.flush(); err != nil {
		return fmt.Errorf("sync blocks: %w", b.fault(err))
	}
	return nil
}

func (b *Blocks) flush() error {
	root, err := b.folder()
	if err != nil {
		return err
	}
	b.mu.Lock()
	dirty := slices.Collect(maps.Keys(b.dirty))
	clear(b.dirty)
	b.mu.Unlock()
	var wg sync.WaitGroup
	var failed atomic.Pointer[error]
	for n := range min(flushers, len(dirty)) {
		wg.Go(func() {
			for at := n; at < len(dirty); at += flushers {
				if err := flushOne(root, dirty[at]); err != nil && !errors.Is(err, fs.ErrNotExist) {
					failed.Store(&err)
				}
			}
		})
	}
	wg.Wait()
	if err := failed.Load(); err != nil {
		b.touch(dirty...)
		return *err
	}
	return nil
}

// flushOne makes a file durable, or the names in a folder where the system knows
// that.
func flushOne(root *os.Root, name string) error {
	mode := os.O_WRONLY
	if path.Base(name) == name {
		if filepath.Separator == '\\' {
			return nil // Windows writes names with the file
		}
		mode = os.O_RDONLY
	}
	file, err := root.OpenFile(name, mode, 0)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

// Block implements block.Disk.
func (b *Blocks) Block(ctx context.Context, id seal.ID) ([]byte, error) {
	root, err := b.folder()
	if err != nil {
		return nil, fmt.Errorf("read block %s: %w", id.Short(), err)
	}
	_, name := blockNames(id)
	data, err := root.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, block.ErrNotHere
	}
	if err != nil {
		return nil, fmt.Errorf("read block %s: %w", id.Short(), err)
	}
	if seal.Sum(data) == id {
		return data, nil
	}
	b.db.reportDamage(ctx, seal.ID{}, workspace.Damage{Table: blockFolder, Key: "block " + id.Short()})
	if err := b.DeleteBlock(ctx, id); err != nil {
		return nil, err
	}
	return nil, block.ErrNotHere
}

// BlockSize implements block.Disk.
func (b *Blocks) BlockSize(_ context.Context, id seal.ID) (int, error) {
	root, err := b.folder()
	if err != nil {
		return 0, fmt.Errorf("look for block %s: %w", id.Short(), err)
	}
	_, name := blockNames(id)
	info, err := root.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, block.ErrNotHere
	}
	if err != nil {
		return 0, fmt.Errorf("look for block %s: %w", id.Short(), err)
	}
	return int(info.Size()), nil
}

// DeleteBlock implements block.Disk.
func (b *Blocks) DeleteBlock(_ context.Context, id seal.ID) error {
	root, err := b.folder()
	if err == nil {
		_, name := blockNames(id)
		err = root.Remove(name)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("delete block %s: %w", id.Short(), err)
	}
	return nil
}

// Blocks implements block.Storage. What is not a block's name is left alone.
func (b *Blocks) Blocks(ctx context.Context, visit func(id seal.ID, size int) error) error {
	root, err := b.folder()
	if err != nil {
		return fmt.Errorf("list blocks: %w", err)
	}
	return fs.WalkDir(root.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil || entry.IsDir() {
			return err
		}
		id, bad := seal.ParseID(path.Base(name))
		info, gone := entry.Info()
		if bad != nil || gone != nil {
			return nil
		}
		return visit(id, int(info.Size()))
	})
}
