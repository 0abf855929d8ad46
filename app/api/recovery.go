package api

import (
	"context"
	"time"
)

// PaperService looks after the paper key of the person of this device.
type PaperService interface {
	// Recovery says how far this person is prepared for the loss of all devices.
	Recovery(ctx context.Context) (Recovery, error)
	// Paper gives the key while it is on this computer, in a language.
	Paper(ctx context.Context, language string) (PaperKey, error)
	// ConfirmPaper takes what the person typed back: some words, or all of them.
	ConfirmPaper(ctx context.Context, typed string) error
	// RemoveLost removes an own device in the name of the paper key.
	RemoveLost(ctx context.Context, device, words string) error
}

// BackupService writes backups and takes them, on this computer's disks.
type BackupService interface {
	Backup(ctx context.Context, to NewBackup) (BackupMade, error)
	Restore(ctx context.Context, from Restore) (Restored, error)
}

// ReturnService brings people back who have lost all devices.
type ReturnService interface {
	// OfferReturn makes the link that somebody of a workspace comes back through.
	OfferReturn(ctx context.Context, workspace string) (ReturnLink, error)
	// Return comes back through a link with the paper key; it waits for somebody to answer.
	Return(ctx context.Context, r Return, wait time.Duration) (Workspace, error)
}

// Recoveries is the bound struct for the paper key, backups and coming back.
type Recoveries struct {
	edge    *edge
	paper   PaperService
	backups BackupService
	returns ReturnService
}

// backupLimit bounds what depends on how much there is and how fast a disk is.
const backupLimit = 24 * time.Hour

// Status says how far this person is prepared for the loss of all devices.
func (r *Recoveries) Status() (Recovery, error) {
	return run(r.edge, "Recoveries.Status", func(ctx context.Context) (Recovery, error) {
		status, err := r.paper.Recovery(ctx)
		status.Returning, err = list(status.Returning, err)
		return status, err
	})
}

// Show gives the recovery key to be written down, in English or French words. Once it was
// confirmed it is not on this computer any more.
func (r *Recoveries) Show(language string) (PaperKey, error) {
	return run(r.edge, "Recoveries.Show", func(ctx context.Context) (PaperKey, error) {
		return r.paper.Paper(ctx, language)
	})
}

// Confirm takes the words that Show asks for, in their order, or the whole key. The key
// then leaves this computer.
func (r *Recoveries) Confirm(typed string) error {
	return act(r.edge, "Recoveries.Confirm", func(ctx context.Context) error { return r.paper.ConfirmPaper(ctx, typed) })
}

// RemoveLost removes one of the own devices with the recovery key: what it dates back
// does not count, not even that of the oldest device.
func (r *Recoveries) RemoveLost(device, words string) error {
	return act(r.edge, "Recoveries.RemoveLost", func(ctx context.Context) error { return r.paper.RemoveLost(ctx, device, words) })
}

// Backup writes a backup to a file of this computer and reads it back.
func (r *Recoveries) Backup(to NewBackup) (BackupMade, error) {
	return runFor(r.edge, "Recoveries.Backup", backupLimit, func(ctx context.Context) (BackupMade, error) {
		return r.backups.Backup(ctx, to)
	})
}

// Restore takes a backup from a file of this computer. This device becomes a new one of
// the person whose backup it is.
func (r *Recoveries) Restore(from Restore) (Restored, error) {
	return runFor(r.edge, "Recoveries.Restore", backupLimit, func(ctx context.Context) (Restored, error) {
		restored, err := r.backups.Restore(ctx, from)
		restored.Workspaces, err = list(restored.Workspaces, err)
		return restored, err
	})
}

// Offer makes the link through which somebody of a workspace comes back who has lost all
// devices but not the recovery key. For a day this device answers strangers who bring one.
func (r *Recoveries) Offer(workspace string) (ReturnLink, error) {
	return run(r.edge, "Recoveries.Offer", func(ctx context.Context) (ReturnLink, error) {
		return r.returns.OfferReturn(ctx, workspace)
	})
}

// Return comes back into a workspace with the recovery key, through a link that a member
// made. It waits until somebody answers, for at most WaitMs.
func (r *Recoveries) Return(back Return) (Workspace, error) {
	wait := min(time.Duration(max(back.WaitMs, 0))*time.Millisecond, maxWait)
	return runFor(r.edge, "Recoveries.Return", wait+callLimit, func(ctx context.Context) (Workspace, error) {
		return r.returns.Return(ctx, back, wait)
	})
}
