package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"parvis/app/api"
	"parvis/app/bundle"
	"parvis/app/store"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// bundles carries workspaces by hand.
type bundles struct{ app *App }

// Export implements [api.BundleService].
func (b bundles) Export(ctx context.Context, what api.BundleExport, out io.Writer) (api.BundleMade, error) {
	w, err := b.app.teams.get(what.Workspace)
	if err != nil {
		return api.BundleMade{}, err
	}
	spec := workspace.BundleSpec{All: what.All, Files: b.app.files.keeper}
	if what.TextOnly {
		spec.Files = nil
	}
	if what.For != "" {
		if spec.For, err = seal.ParseID(what.For); err != nil {
			return api.BundleMade{}, fmt.Errorf("person or device %q: %w", what.For, workspace.ErrNotFound)
		}
	}
	made, err := w.ExportBundle(ctx, out, spec)
	return api.BundleMade(made), err
}

// Import implements [api.BundleService]. The bundle is kept in the data folder while
// it is checked, because it has to be read twice and comes as a stream.
func (b bundles) Import(ctx context.Context, ws string, in io.Reader) (taken api.BundleTaken, err error) {
	var want seal.ID
	if ws != "" {
		if want, err = seal.ParseID(ws); err != nil {
			return taken, fmt.Errorf("workspace %q: %w", ws, workspace.ErrNotFound)
		}
	}
	spool, err := os.CreateTemp(b.app.config.Data, spoolPattern)
	if err != nil {
		return taken, fmt.Errorf("keep the bundle: %w", err)
	}
	defer func() { err = errors.Join(err, spool.Close(), os.Remove(spool.Name())) }()
	checked, err := b.app.manager.CheckBundle(ctx, io.TeeReader(in, &spooling{file: spool, free: b.app.db.FreeSpace}), want)
	if err != nil {
		return taken, err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return taken, fmt.Errorf("read the kept bundle: %w", err)
	}
	report, err := checked.Import(ctx, spool, b.app.files.keeper.Intake(checked.Workspace.ID()))
	return describeTaken(checked, report), err
}

func describeTaken(c *workspace.CheckedBundle, r workspace.BundleReport) api.BundleTaken {
	taken := api.BundleTaken{
		Workspace: c.Workspace.ID().String(), Made: c.MadeMs, Entries: r.Entries, Envelopes: r.Envelopes, Blocks: r.Blocks,
		Known: r.Known, Elsewhere: r.Elsewhere, Waiting: r.Waiting, Refused: r.Refused,
	}
	if device, ok := c.Workspace.State().Device(c.Author); ok {
		taken.Person = device.Person.String()
	}
	for _, o := range r.Reasons {
		taken.Reasons = append(taken.Reasons, api.BundleRefused{What: o.What, ID: o.ID.String(), Reason: o.Reason})
	}
	return taken
}

// spoolPattern names the files that hold a bundle while it is imported.
const spoolPattern = "bundle-*.part"

// clearSpools removes what a crash in the middle of an import left.
func clearSpools(config Config) {
	left, _ := filepath.Glob(filepath.Join(config.Data, spoolPattern))
	for _, path := range left {
		if err := os.Remove(path); err != nil {
			config.Log.Warn("remove a bundle that was not imported to its end", "err", err)
		}
	}
}

const (
	spoolMargin = 256 << 20 // bytes that stay free for messages
	spoolLook   = 4 << 20   // how often it is looked
)

// spooling writes to a file until the disk is nearly full.
type spooling struct {
	file *os.File
	free func() int64 // negative: unknown
	left int          // bytes until the next look
}

// Write implements io.Writer.
func (s *spooling) Write(p []byte) (int, error) {
	if s.left -= len(p); s.left < 0 {
		s.left = spoolLook
		if free := s.free(); free >= 0 && free < spoolMargin {
			return 0, fmt.Errorf("keep the bundle: %w", store.ErrDiskFull)
		}
	}
	return s.file.Write(p)
}

// bundleMeanings name the errors of bundles.
func bundleMeanings() []api.Meaning {
	const refused, invalid = api.CodeRefused, api.CodeInvalid
	return []api.Meaning{
		{Of: bundle.ErrNotThis, Code: invalid, Message: "This file is not a bundle. Choose the file that parvis bundle export wrote."},
		{Of: bundle.ErrVersion, Code: invalid, Message: "This bundle was made by another version of Parvis. Update Parvis on both computers and export it again."},
		{Of: bundle.ErrDamaged, Code: invalid, Message: "This bundle is damaged or was not copied to its end. Nothing was changed; copy it again from where it was made."},
		{Of: bundle.ErrSignature, Code: refused, Message: "The signature of this bundle is wrong: the device that it names did not make it so. Nothing was changed; ask for a new bundle."},
		{Of: workspace.ErrBundleForeign, Code: refused, Message: "This bundle is for a workspace that is not on this device, or its beginning is damaged. Import it on a device of that workspace, or copy it again."},
		{Of: workspace.ErrBundleOther, Code: refused, Message: "This bundle is for another workspace of this device. Name that one with --workspace, or leave it out."},
		{Of: workspace.ErrBundleJoining, Code: refused, Message: "This device is still joining and has no keys yet, so it cannot read a bundle. Import it again once the join is done; for that a member or a super-peer must be online."},
		{Of: workspace.ErrBundleStranger, Code: refused, Message: "This bundle was made by a device that is not in the workspace. Nothing was changed; ask a member for a bundle."},
		{Of: workspace.ErrBundleRemoved, Code: refused, Message: "This bundle was made by a device that was removed from the workspace, or is suspended. Nothing was changed; ask a member for a bundle."},
		{Of: workspace.ErrBundleNobody, Code: invalid, Message: "That person has no other device in this workspace that could read a bundle. Name somebody else, or leave out --for."},
		{Of: workspace.ErrRemovedHere, Code: refused, Message: "This device was removed from the workspace, or is suspended, so it can neither make nor read bundles. Ask an admin."},
	}
}
