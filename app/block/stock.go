package block

import (
	"context"
	"errors"
	"fmt"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// attic is what the keeper knows of the files at super-peers.
type attic struct {
	whole uint64           // how often a file became whole since the start
	mine  map[seal.ID]bool // roots of files put in since the start
	first time.Time        // until when super-peers are asked before members
}

func (k *Keeper) atticFirst() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return time.Now().Before(k.attic.first)
}

func (k *Keeper) atticGave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.attic.first = time.Now().Add(atticFor)
}

var _ workspace.Files = (*Keeper)(nil)

// Stocked implements [workspace.Files].
func (k *Keeper) Stocked() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return 1 + k.attic.whole
}

// Stock implements [workspace.Files].
func (k *Keeper) Stock(ctx context.Context, ws seal.ID) ([]workspace.StockedFile, error) {
	rows, err := k.config.Store.FilesOf(ctx, Whole)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	var all []workspace.StockedFile
	for _, row := range rows {
		if row.Workspace == ws {
			all = append(all, workspace.StockedFile{Space: row.Space, Root: row.Root, Size: row.Ref.Size, Mine: k.attic.mine[row.Root]})
		}
	}
	return all, nil
}

// BlocksOf implements [workspace.Files].
func (k *Keeper) BlocksOf(ctx context.Context, ws seal.ID, space seal.SpaceID, root seal.ID, visit func(block []byte) error) error {
	row, found, err := k.config.Store.File(ctx, ws, space, root)
	if err == nil && !found {
		err = ErrNotHere
	}
	if err == nil {
		err = k.eachBlockOf(ctx, row, visit)
	}
	if errors.Is(err, ErrNotHere) || errors.Is(err, file.ErrDamaged) {
		err = workspace.FileGone(err)
	}
	return err
}
