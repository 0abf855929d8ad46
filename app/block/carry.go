package block

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/app/workspace"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

var (
	_ workspace.CarriedFiles = (*Keeper)(nil)
	_ workspace.FileTaker    = (*Intake)(nil)
)

// EachBlock implements [workspace.CarriedFiles] (rule K10). A file that turns out to
// lack a block is left out from there on.
func (k *Keeper) EachBlock(ctx context.Context, ws seal.ID, of func(seal.SpaceID) bool, visit func(space seal.SpaceID, root seal.ID, block []byte) error) error {
	rows, err := k.config.Store.FilesOf(ctx, Whole)
	if err != nil {
		return fmt.Errorf("carry files: %w", err)
	}
	for _, row := range rows {
		if row.Workspace != ws || !of(row.Space) {
			continue
		}
		err := k.eachBlockOf(ctx, row, func(block []byte) error { return visit(row.Space, row.Root, block) })
		if err != nil && !errors.Is(err, ErrNotHere) && !errors.Is(err, file.ErrDamaged) {
			return fmt.Errorf("carry file %s: %w", row.Root.Short(), err)
		}
	}
	return nil
}

func (k *Keeper) eachBlockOf(ctx context.Context, row Row, visit func(block []byte) error) error {
	opener := file.NewOpener(row.Ref)
	data, err := k.config.Store.Block(ctx, row.Root)
	if err != nil {
		return err
	}
	root, err := opener.Root(data)
	if err != nil {
		return err
	}
	if err := visit(data); err != nil {
		return err
	}
	for n, id := range root.Blocks {
		data, err := k.config.Store.Block(ctx, id)
		if err != nil {
			return err
		}
		if err := visit(data); err != nil {
			return err
		}
		if !root.Parts() {
			continue
		}
		part, err := opener.Part(n, data)
		if err != nil {
			return err
		}
		for _, id := range part.Blocks {
			data, err := k.config.Store.Block(ctx, id)
			if err != nil {
				return err
			}
			if err := visit(data); err != nil {
				return err
			}
		}
	}
	return nil
}

// Intake takes blocks that were carried here by hand, in the order of
// [Keeper.EachBlock]: those of files that a space here refers to, and no others.
// Not safe for concurrent use.
type Intake struct {
	k     *Keeper
	ws    seal.ID
	row   Row // the file whose blocks come; N is 0: none of ours
	root  file.Index
	named []seal.ID // what an index that was here named last
	taken []Row     // files that were not whole
}

// Intake begins to take the blocks of a workspace.
func (k *Keeper) Intake(ws seal.ID) *Intake { return &Intake{k: k, ws: ws} }

// Take implements [workspace.FileTaker].
func (in *Intake) Take(ctx context.Context, space seal.SpaceID, root seal.ID, block []byte) (workspace.TakenBlock, error) {
	id := seal.Sum(block)
	if id == root {
		if err := in.begin(ctx, space, root); err != nil {
			return 0, err
		}
	}
	part := in.root.Parts() && slices.Contains(in.root.Blocks, id)
	switch {
	case in.row.N == 0 || in.row.Root != root || in.row.Space != space:
		return workspace.BlockUnwanted, nil
	case id != root && !part && !slices.Contains(in.named, id):
		return 0, &seal.Fault{Outcome: seal.Reject, Reason: "a block that its file does not have"}
	}
	if _, err := in.k.config.Store.BlockSize(ctx, id); err == nil {
		return workspace.BlockKnown, in.names(ctx, id, part, block)
	}
	if err := in.k.keep(ctx, id, block); err != nil {
		return 0, err
	}
	if exchange := in.k.using(); exchange != nil {
		exchange.Stored([]seal.ID{id})
	}
	return workspace.BlockNew, in.names(ctx, id, part, block)
}

// begin looks for the file that a root belongs to.
func (in *Intake) begin(ctx context.Context, space seal.SpaceID, root seal.ID) error {
	in.row, in.root, in.named = Row{}, file.Index{}, nil
	row, found, err := in.k.config.Store.File(ctx, in.ws, space, root)
	if err != nil {
		return fmt.Errorf("take file %s: %w", root.Short(), err)
	}
	if !found || row.Status == Damaged {
		return nil
	}
	if in.row = row; row.Status != Whole {
		in.taken = append(in.taken, row)
	}
	return nil
}

// names notes which blocks an index names; they are the file's from then on.
func (in *Intake) names(ctx context.Context, id seal.ID, part bool, block []byte) (err error) {
	opener := file.NewOpener(in.row.Ref)
	switch {
	case id == in.row.Root:
		in.root, err = opener.Root(block)
		in.named = in.root.Blocks
	case part:
		var index file.Index
		index, err = opener.Part(slices.Index(in.root.Blocks, id), block)
		in.named = index.Blocks
	default:
		return nil
	}
	if err != nil { // the fetch that follows finds the same and tells it
		in.root, in.named = file.Index{}, nil
		return nil
	}
	if in.row.Status == Whole {
		return nil
	}
	return in.k.addBlocks(ctx, in.row.N, in.named)
}

// Done implements [workspace.FileTaker]. The fetcher then finds every block on the
// disk and calls the file whole.
func (in *Intake) Done(ctx context.Context) error {
	if len(in.taken) == 0 {
		return nil
	}
	if err := in.k.config.Store.SyncBlocks(ctx); err != nil {
		return err
	}
	for _, row := range in.taken {
		if row.Status != Known {
			continue
		}
		row.Status = Wanted
		if _, err := in.k.config.Store.PutFile(ctx, row); err != nil {
			return err
		}
	}
	in.k.PeerChanged()
	return nil
}
