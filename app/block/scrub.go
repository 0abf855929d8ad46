package block

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// Scrub reads every block. Damaged ones are removed, files that lack blocks are
// wanted again, and blocks that belong to no file go (rule K7).
func (k *Keeper) Scrub(ctx context.Context) error {
	// Before the blocks: what is found missing is fetched while the rest is read.
	rows, err := k.config.Store.FilesOf(ctx, Whole)
	if err != nil {
		return fmt.Errorf("check files: %w", err)
	}
	var stray []seal.ID
	err = k.config.Store.Blocks(ctx, func(id seal.ID, size int) error {
		_, err := k.config.Store.Block(ctx, id)
		if errors.Is(err, ErrNotHere) {
			k.used.Add(-int64(size))
			return nil
		}
		if err != nil {
			return err
		}
		owners, err := k.config.Store.Owners(ctx, id)
		if err == nil && len(owners) == 0 {
			stray = append(stray, id)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("check blocks: %w", err)
	}
	for _, row := range rows {
		if err := k.scrubFile(ctx, row); err != nil {
			return fmt.Errorf("check files: %w", err)
		}
	}
	k.dropStray(ctx, stray) // the files above may have claimed theirs again
	k.signal()
	return nil
}

// dropStray removes those of some blocks that belong to no file. A file that is being put in
// owns its blocks only at the end.
func (k *Keeper) dropStray(ctx context.Context, ids []seal.ID) {
	for _, id := range ids {
		owners, err := k.config.Store.Owners(ctx, id)
		if err == nil && len(owners) == 0 && k.writing.Load() == 0 {
			k.drop(ctx, id)
		}
	}
}

// Forget removes the blocks that only a workspace had which is not here any more, soon. What
// the end of the program comes before, the next check removes.
func (k *Keeper) Forget(seal.ID) {
	k.owners.forget()
	k.owners.gone.Store(true)
	k.signal()
}

// sweep does what Forget says.
func (k *Keeper) sweep(ctx context.Context) {
	var all []seal.ID
	err := k.config.Store.Blocks(ctx, func(id seal.ID, _ int) error {
		all = append(all, id)
		return nil
	})
	if err != nil && ctx.Err() == nil {
		k.config.Log.Warn("list the blocks of a workspace that is gone", "err", err)
	}
	k.dropStray(ctx, all)
}

// scrubFile claims the blocks of a file again and wants it when one is missing.
func (k *Keeper) scrubFile(ctx context.Context, row Row) error {
	parts, chunks, err := k.names(ctx, row)
	if err != nil && !errors.Is(err, ErrNotHere) && !errors.Is(err, file.ErrDamaged) {
		return err
	}
	whole := err == nil
	for _, id := range chunks {
		if _, err := k.config.Store.BlockSize(ctx, id); errors.Is(err, ErrNotHere) {
			whole = false
		}
	}
	if err := k.addBlocks(ctx, row.N, slices.Concat(parts, chunks, []seal.ID{row.Root})); err != nil {
		return err
	}
	if whole {
		return nil
	}
	row.Status = Wanted
	_, err = k.config.Store.PutFile(ctx, row)
	return err
}
