package app

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"time"

	"parvis/app/api"
	"parvis/app/backup"
	"parvis/app/people"
	"parvis/app/store"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// carriedSettings are the settings that a backup holds: those that are worth something
// on another computer.
var carriedSettings = []string{"language", "theme", "dismissed"}

// What making a backup fails with.
var (
	errNoRecipient = errors.New("no recovery key to seal the backup to")
	errVerify      = errors.New("the backup does not read as it was written")
	errNothing     = errors.New("there is nothing to back up yet")
	errNotAFile    = errors.New("the backup cannot be written there")
)

// Backup implements [api.BackupService]. The file is written beside its place, flushed,
// read back and compared, and only then takes the place of the one before.
func (r recoveries) Backup(ctx context.Context, to api.NewBackup) (made api.BackupMade, err error) {
	if !filepath.IsAbs(to.Path) {
		return made, errNotAFile
	}
	r.app.backingUp.Lock()
	defer r.app.backingUp.Unlock()
	clearParts(filepath.Dir(to.Path))
	part, err := os.CreateTemp(filepath.Dir(to.Path), partPattern)
	if err != nil {
		return made, fmt.Errorf("%w: %w", errNotAFile, err)
	}
	kept := false
	defer func() {
		if !kept {
			_ = part.Close()
			_ = os.Remove(part.Name())
		}
	}()
	if made, err = r.writeBackup(ctx, part, to); err != nil {
		return made, diskFull(err)
	}
	if err := os.Rename(part.Name(), to.Path); err != nil {
		return made, fmt.Errorf("%w: %w", errNotAFile, err)
	}
	kept = true
	if folder, err := os.Open(filepath.Dir(to.Path)); err == nil { // where folders cannot be flushed, nothing is lost
		_ = folder.Sync()
		_ = folder.Close()
	}
	made.Path = to.Path
	err = r.note(ctx, made)
	r.app.device.publish()
	return made, err
}

// note remembers the last backup that was read whole.
func (r recoveries) note(ctx context.Context, made api.BackupMade) error {
	text, err := json.Marshal(made)
	if err != nil {
		return err
	}
	return r.app.db.Write(ctx, func(ctx context.Context) error { return r.app.db.Settings().SetValue(ctx, lastBackup, string(text)) })
}

// partPattern names backups that are being written.
const partPattern = ".parvis-backup-*.part"

// partLife is after how long such a file is one that a crash left.
const partLife = 24 * time.Hour

// clearParts removes what crashes left of backups in a folder; none is readable.
func clearParts(folder string) {
	left, _ := filepath.Glob(filepath.Join(folder, partPattern))
	for _, path := range left {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > partLife {
			_ = os.Remove(path)
		}
	}
}

// diskFull names a disk that has no room, whosever it is.
func diskFull(err error) error {
	const handleFull, full = syscall.Errno(39), syscall.Errno(112) // of Windows
	windows := runtime.GOOS == "windows" && (errors.Is(err, handleFull) || errors.Is(err, full))
	if windows || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return fmt.Errorf("%w: %w", errBackupFull, err)
	}
	return err
}

var errBackupFull = errors.New("no room for the backup")

// writeBackup writes a whole backup into a file, flushes it and reads it back.
func (r recoveries) writeBackup(ctx context.Context, file *os.File, to api.NewBackup) (made api.BackupMade, err error) {
	buffered := bufio.NewWriterSize(file, 1<<20)
	sealer, err := r.sealer(ctx, buffered, to.Passphrase)
	if err != nil {
		return made, err
	}
	defer sealer.Forget()
	sum, err := r.fillBackup(ctx, sealer, &made)
	if err == nil {
		err = errors.Join(sealer.Close(), buffered.Flush(), file.Sync())
	}
	if err != nil {
		return made, err
	}
	if made.Bytes, err = file.Seek(0, io.SeekCurrent); err != nil {
		return made, err
	}
	if _, err = file.Seek(0, io.SeekStart); err != nil {
		return made, err
	}
	plain, err := sealer.ReadBack(bufio.NewReaderSize(file, 1<<20))
	if err != nil {
		return made, fmt.Errorf("%w: %w", errVerify, err)
	}
	again, err := backup.Read(plain, nobody{ctx})
	if err == nil && again != sum {
		err = errVerify
	}
	return made, errors.Join(err, file.Close())
}

// nobody reads a backup to see that it is whole.
type nobody struct{ ctx context.Context }

func (nobody) Manifest(backup.Manifest) error            { return nil }
func (nobody) Settings(map[string]string) error          { return nil }
func (nobody) Workspace(seal.ID, backup.Keys) error      { return nil }
func (n nobody) Record(kind backup.Kind, _ []byte) error { return n.ctx.Err() }

// sealer seals to all paper keys of the person, or with a passphrase.
func (r recoveries) sealer(ctx context.Context, out io.Writer, passphrase string) (*seal.FileSealer, error) {
	if passphrase != "" {
		if err := longEnough(passphrase); err != nil {
			return nil, err
		}
		return seal.SealFileWith(out, passphrase)
	}
	papers, err := r.app.recovery.Papers(ctx)
	if err != nil {
		return nil, err
	}
	var recipients []string
	for _, p := range papers {
		if p.Recipient != "" {
			recipients = append(recipients, p.Recipient)
		}
	}
	if len(recipients) == 0 {
		return nil, errNoRecipient
	}
	return seal.SealFile(out, recipients...)
}

// fillBackup writes all workspaces.
func (r recoveries) fillBackup(ctx context.Context, out io.Writer, made *api.BackupMade) (backup.Summary, error) {
	m := backup.Manifest{Made: r.app.config.Now().UnixMilli(), Program: r.app.config.Version}
	made.Made = m.Made
	var all []*workspace.Workspace
	for _, w := range r.app.manager.List() {
		if !w.Ready() || w.State() == nil {
			made.Omitted++
			continue
		}
		all = append(all, w)
		m.Workspaces = append(m.Workspaces, r.manifestOf(ctx, w, &m))
	}
	if len(all) == 0 {
		return backup.Summary{}, errNothing
	}
	settings := map[string]string{}
	for _, name := range carriedSettings {
		value, err := r.app.db.Settings().Value(ctx, name)
		if err != nil {
			return backup.Summary{}, err
		}
		settings[name] = value
	}
	w, err := backup.NewWriter(out, m, settings)
	if err != nil {
		return backup.Summary{}, err
	}
	for _, one := range all {
		if err := r.writeWorkspace(ctx, w, one, made); err != nil {
			return backup.Summary{}, err
		}
	}
	made.Workspaces = len(all)
	return w.Close()
}

func (r recoveries) manifestOf(ctx context.Context, w *workspace.Workspace, m *backup.Manifest) backup.Workspace {
	person, device := w.Self()
	m.Device = device.String()
	one := backup.Workspace{ID: w.ID().String(), Person: person.String()}
	one.Name, _ = r.app.people.WorkspaceName(ctx, w.ID()) // unknown yet: no name
	if key, has := w.RecoveryKey(); has {
		one.Recovery = key.String()
	}
	return one
}

func (r recoveries) writeWorkspace(ctx context.Context, to *backup.Writer, w *workspace.Workspace, made *api.BackupMade) error {
	keys, err := r.app.manager.BackupKeys(ctx, w)
	if err != nil {
		return err
	}
	out := keysOut(keys)
	if out.Compared, err = r.comparedOut(ctx, w.ID()); err != nil {
		return err
	}
	if err := to.Workspace(w.ID(), out); err != nil {
		return err
	}
	counts, err := w.Backup(ctx, to, r.app.files.keeper)
	made.Entries, made.Envelopes, made.Blocks = made.Entries+counts.Entries, made.Envelopes+counts.Envelopes, made.Blocks+counts.Blocks
	return err
}

// comparedOut is with whom the own person compared codes.
func (r recoveries) comparedOut(ctx context.Context, ws seal.ID) (out []backup.Compared, err error) {
	list, err := r.app.people.Trusted(ctx, ws)
	for _, t := range list {
		record, err := t.Encode()
		if err != nil {
			return nil, err
		}
		out = append(out, backup.Compared{Person: t.Person.String(), Record: record})
	}
	return out, err
}

// comparedIn reads what comparedOut wrote. The record of a newer program is as if it were
// not there.
func comparedIn(list []backup.Compared) (in []people.Trust) {
	for _, c := range list {
		person, _ := seal.ParseID(c.Person) // backup.Read has checked it
		if t, err := people.DecodeTrust(person, c.Record); err == nil {
			in = append(in, t)
		}
	}
	return in
}

func keysOut(k workspace.BackupKeys) backup.Keys {
	out := backup.Keys{LogKey: k.LogKey[:], Genesis: k.Genesis}
	for _, e := range k.Epochs {
		out.Epochs = append(out.Epochs, backup.Epoch{Space: e.Space.String(), Epoch: e.Epoch.String(), Secret: e.Secret[:]})
	}
	for _, m := range k.Members {
		out.Members = append(out.Members, backup.Addrs{Peer: m.Peer.String(), Addrs: m.Addrs})
	}
	return out
}

// keysIn reads what keysOut wrote; [backup.Read] has checked it.
func keysIn(k backup.Keys) workspace.BackupKeys {
	in := workspace.BackupKeys{LogKey: seal.Key(k.LogKey), Genesis: k.Genesis}
	for _, e := range k.Epochs {
		space, _ := seal.ParseSpaceID(e.Space)
		epoch, _ := seal.ParseID(e.Epoch)
		in.Epochs = append(in.Epochs, workspace.SpaceEpoch{Space: space, Epoch: epoch, Secret: seal.Key(e.Secret)})
	}
	for _, m := range k.Members {
		peer, _ := seal.ParseID(m.Peer)
		in.Members = append(in.Members, workspace.PeerAddrs{Peer: peer, Addrs: m.Addrs})
	}
	return in
}

// backupMeanings name the errors of backups.
func backupMeanings() []api.Meaning {
	return []api.Meaning{
		{Of: errNoRecipient, Code: api.CodeInvalid, Message: "There is no recovery key that this backup could be sealed to. Make it with a passphrase instead."},
		{Of: errNothing, Code: api.CodeInvalid, Message: "There is no workspace on this device yet, so there is nothing to back up."},
		{Of: errVerify, Code: api.CodeRefused, Message: "The backup was written but does not read as it should: that disk is not to be trusted. Choose another one; the backup before is still there."},
		{Of: errNotAFile, Code: api.CodeInvalid, Message: "The backup cannot be written there. Choose a folder that exists and that you may write to, with its whole path."},
		{Of: errBackupFull, Code: api.CodeDiskFull, Message: "There is no room for the backup on that disk. Free some space or choose another disk; the backup before is still there."},
		{Of: errNoBackup, Code: api.CodeInvalid, Message: "There is no backup of that name that can be read. Choose the file that was written, with its whole path."},
		{Of: errHasOthers, Code: api.CodeInvalid, Message: "This device is in workspaces of another person already. Start Parvis with a new data folder (--data) and restore there."},
		{Of: errFilePassphrase, Code: api.CodePassphrase, Message: "This backup is opened by a passphrase, and it is missing or wrong. Your recovery key is needed as well."},
		{Of: seal.ErrFileKey, Code: api.CodePaperWrong, Message: "This recovery key does not open this backup. Is it the right paper, and the right file?"},
		{Of: seal.ErrFile, Code: api.CodeInvalid, Message: "This file is no backup, or it is damaged. Nothing was changed; try another copy of it."},
		{Of: backup.ErrVersion, Code: api.CodeInvalid, Message: "This backup was made by a newer version of Parvis. Update Parvis and restore it again."},
		{Of: backup.ErrDamaged, Code: api.CodeInvalid, Message: "This backup is damaged or incomplete. Nothing was changed; try another copy of it."},
		{Of: store.ErrDiskFull, Code: api.CodeDiskFull, Message: "The disk is full: nothing more can be saved. Free some space and try again; what was saved stays saved."},
	}
}
