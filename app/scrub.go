package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"parvis/crdt/seal"
)

// When everything stored is read and checked: a small folder after every start, a
// large one, which takes minutes, once a week.
const (
	scrubPause = 2 * time.Second // after the start: what the user waits for comes first
	scrubLook  = time.Hour
	scrubEvery = 7 * 24 * time.Hour
	scrubSmall = 64 << 20 // bytes
)

// secretScrubbed keeps when everything was checked last, in Unix milliseconds.
const secretScrubbed = "scrubbed"

// scrub checks all stored rows from time to time until ctx ends (reliability R5).
func (a *App) scrub(ctx context.Context) {
	due := folderSize(a.config.Data) <= scrubSmall
	for pause := scrubPause; ; pause = scrubLook {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		weekly := a.config.Now().Sub(a.lastScrub(ctx)) >= scrubEvery
		if due || weekly {
			a.files.scrub(ctx, weekly)
			a.scrubAll(ctx)
		}
		due = false
	}
}

func (a *App) scrubAll(ctx context.Context) {
	for _, w := range a.manager.List() {
		err := a.manager.Scrub(ctx, w.ID())
		if err == nil && w.Ready() {
			err = errors.Join(a.chat.Scrub(ctx, w.ID()), a.docs.Scrub(ctx, w.ID()))
		}
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			a.config.Log.Warn("check what is stored", "workspace", w.ID().Short(), "err", err)
		}
	}
	now := strconv.FormatInt(a.config.Now().UnixMilli(), 10)
	err := a.db.Write(ctx, func(ctx context.Context) error { return a.db.PutSecret(ctx, seal.ID{}, secretScrubbed, []byte(now)) })
	if err != nil && ctx.Err() == nil {
		a.config.Log.Warn("note when everything was checked", "err", err)
	}
}

func (a *App) lastScrub(ctx context.Context) time.Time {
	stored, _, err := a.db.Secret(ctx, seal.ID{}, secretScrubbed)
	ms, bad := strconv.ParseInt(string(stored), 10, 64)
	if err != nil || bad != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}

// folderSize adds up the files that lie directly in a folder.
func folderSize(dir string) (size int64) {
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		return 0
	}
	for _, path := range files {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			size += info.Size()
		}
	}
	return size
}
