package app

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"parvis/app/api"
	"parvis/app/backup"
	"parvis/app/bundle"
	"parvis/app/people"
	"parvis/app/workspace"
	"parvis/crdt/paper"
	"parvis/crdt/seal"
)

// What restoring a backup fails with.
var (
	errNoBackup       = errors.New("no such backup")
	errHasOthers      = errors.New("this device belongs to another person")
	errFilePassphrase = errors.New("the passphrase of the backup is missing or wrong")
)

// Restore implements [api.BackupService]. The whole file is read and checked before
// anything changes.
func (r recoveries) Restore(ctx context.Context, from api.Restore) (api.Restored, error) {
	key, err := readPaper(from.Words)
	if err != nil {
		return api.Restored{}, err
	}
	r.app.backingUp.Lock()
	defer r.app.backingUp.Unlock()
	if err := r.mayRestore(key); err != nil {
		return api.Restored{}, err
	}
	file, err := os.Open(from.Path)
	if err != nil {
		return api.Restored{}, fmt.Errorf("%w: %w", errNoBackup, err)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return api.Restored{}, errNoBackup
	}
	sum, err := readBackup(file, key, from.Passphrase, nobody{ctx})
	if err != nil {
		return api.Restored{}, err
	}
	if err := r.app.recovery.Keep(ctx, key); err != nil {
		return api.Restored{}, err
	}
	t := &taking{ctx: ctx, app: r.app, key: key, places: map[seal.ID]int{}}
	again, err := readBackup(file, key, from.Passphrase, t)
	if err == nil {
		err = t.finish()
	}
	if err == nil && again != sum {
		err = backup.ErrDamaged // it was exchanged behind our back; every object was checked all the same
	}
	if err == nil {
		err = r.noteRestored(ctx, from.Path, t.done.Made)
	}
	r.app.device.publish()
	return t.done, err
}

// noteRestored remembers the backup that was read as the last one: it is whole.
func (r recoveries) noteRestored(ctx context.Context, path string, made int64) error {
	last, err := r.lastBackup(ctx)
	if err != nil || last.Made >= made {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("%w: %w", errNoBackup, err)
	}
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return r.note(ctx, api.BackupMade{Path: path, Bytes: info.Size(), Made: made})
}

// mayRestore refuses to mix two people on one device.
func (r recoveries) mayRestore(key paper.Key) error {
	for _, w := range r.app.manager.List() {
		if own, has := w.RecoveryKey(); !has || own != key.Sign().Public() {
			return errHasOthers
		}
	}
	return nil
}

// readBackup reads a backup from its beginning.
func readBackup(file *os.File, key paper.Key, passphrase string, to backup.Taker) (backup.Summary, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return backup.Summary{}, fmt.Errorf("%w: %w", errNoBackup, err)
	}
	in := bufio.NewReaderSize(file, 1<<20)
	begin, _ := in.Peek(64)
	if !seal.FileHasPassphrase(begin) {
		plain, err := seal.OpenFile(in, key.Identity())
		if err != nil {
			return backup.Summary{}, err
		}
		return backup.Read(plain, to)
	}
	if passphrase == "" {
		return backup.Summary{}, errFilePassphrase
	}
	plain, err := seal.OpenFileWith(in, passphrase)
	if errors.Is(err, seal.ErrFileKey) {
		err = errFilePassphrase
	}
	if err != nil {
		return backup.Summary{}, err
	}
	return backup.Read(plain, to)
}

// taking puts a backup that was checked into this device, workspace after workspace.
type taking struct {
	ctx    context.Context
	app    *App
	key    paper.Key
	done   api.Restored
	places map[seal.ID]int // in done.Workspaces

	ws     seal.ID // whose records come
	keys   workspace.BackupKeys
	codes  []people.Trust
	log    workspace.Received // what came of the log so far
	intake *workspace.BackupIntake
	fresh  *workspace.Workspace // made here just now
}

// Manifest implements [backup.Taker].
func (t *taking) Manifest(m backup.Manifest) error {
	t.done.Made = m.Made
	own := t.key.Sign().Public().String()
	for _, w := range m.Workspaces {
		one := api.RestoredWorkspace{ID: w.ID, Name: w.Name, State: "restored"}
		if w.Recovery != own {
			one.State = "other-key"
		}
		id, _ := seal.ParseID(w.ID)
		t.places[id] = len(t.done.Workspaces)
		t.done.Workspaces = append(t.done.Workspaces, one)
	}
	return nil
}

// Settings implements [backup.Taker].
func (t *taking) Settings(values map[string]string) error {
	return t.app.db.Write(t.ctx, func(ctx context.Context) error {
		for name, value := range values {
			if !slices.Contains(carriedSettings, name) || value == "" {
				continue
			}
			if err := t.app.db.Settings().SetValue(ctx, name, value); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *taking) about() *api.RestoredWorkspace { return &t.done.Workspaces[t.places[t.ws]] }

// Workspace implements [backup.Taker].
func (t *taking) Workspace(ws seal.ID, keys backup.Keys) error {
	if err := t.finish(); err != nil {
		return err
	}
	t.ws, t.keys, t.codes, t.log = ws, keysIn(keys), comparedIn(keys.Compared), workspace.Received{}
	if w, err := t.app.manager.Get(ws); err == nil {
		t.about().State = "known"
		t.intake = w.TakeBackup(t.app.files.keeper.Intake(ws))
	}
	return nil
}

// Record implements [backup.Taker]. The log comes first: with all of it the workspace is
// made.
func (t *taking) Record(kind bundle.Kind, body []byte) error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	if state := t.about().State; state != "restored" && state != "known" {
		return nil
	}
	if t.intake == nil {
		switch kind {
		case bundle.Entry:
			t.log.Entries = append(t.log.Entries, body)
			return nil
		case bundle.Blob:
			t.log.Blobs = append(t.log.Blobs, body)
			return nil
		}
		if err := t.make(); err != nil || t.intake == nil {
			return err
		}
	}
	return t.intake.Add(t.ctx, kind, body)
}

// make makes the workspace whose log has come.
func (t *taking) make() error {
	w, err := t.app.manager.Restore(t.ctx, t.ws, t.key, t.keys, t.log)
	switch {
	case errors.Is(err, workspace.ErrNotYours):
		t.about().State = "removed"
		return nil
	case err != nil:
		return err
	}
	t.about().Entries = len(t.log.Entries)
	t.log, t.fresh = workspace.Received{}, w
	t.intake = w.TakeBackup(t.app.files.keeper.Intake(t.ws))
	return nil
}

// finish ends the workspace whose records came.
func (t *taking) finish() error {
	if t.ws.IsZero() {
		return nil
	}
	if t.intake == nil && t.about().State == "restored" { // nothing was ever written in it
		if err := t.make(); err != nil {
			return err
		}
	}
	if t.intake == nil {
		t.ws = seal.ID{}
		return nil
	}
	report, err := t.intake.Finish(t.ctx)
	about := t.about()
	about.Entries, about.Envelopes, about.Blocks, about.Refused = about.Entries+report.Entries, report.Envelopes, report.Blocks, report.Refused
	if t.fresh != nil {
		t.app.manager.Restored(t.ctx, t.fresh, t.keys.Members)
	}
	if err == nil {
		err = t.app.people.Remember(t.ctx, t.ws, t.codes)
	}
	t.ws, t.intake, t.fresh = seal.ID{}, nil, nil
	return err
}
