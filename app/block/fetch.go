package block

import (
	"context"
	"errors"
	"slices"
	"time"

	"parvis/crdt/file"
	"parvis/crdt/seal"
)

const (
	maxFetches = 4                // files at once
	maxLarge   = 2                // of them above MaxAutomatic
	retryAfter = 30 * time.Second // for a file that nobody gave
	retryRoom  = 5 * time.Minute  // for a file that found no room
	readAhead  = 16               // chunks that a read asks for at once
)

// Learn notes that a space refers to a file. What is small enough is fetched (rule
// K4). Inside a transaction of the store it is part of it. Repeating it changes
// nothing.
func (k *Keeper) Learn(ctx context.Context, ws seal.ID, space seal.SpaceID, ref file.Ref) error {
	status := Known
	if ref.Size <= MaxAutomatic {
		status = Wanted
	}
	_, err := k.learn(ctx, ws, space, ref, status)
	return err
}

// Prefetch fetches a file in the background, whatever its size.
func (k *Keeper) Prefetch(ctx context.Context, ws seal.ID, space seal.SpaceID, ref file.Ref) error {
	_, err := k.learn(ctx, ws, space, ref, Wanted)
	return err
}

// learn returns the file's row, made or raised to status where it was less.
func (k *Keeper) learn(ctx context.Context, ws seal.ID, space seal.SpaceID, ref file.Ref, status Status) (Row, error) {
	if err := ref.Check(); err != nil {
		return Row{}, errors.Join(file.ErrDamaged, err)
	}
	root, err := ref.Root()
	if err != nil {
		return Row{}, errors.Join(file.ErrDamaged, err)
	}
	row, found, err := k.config.Store.File(ctx, ws, space, root)
	if err != nil {
		return Row{}, err
	}
	if found && row.Status >= status && (row.Status != Damaged || sameClaim(row.Ref, ref)) {
		return row, nil
	}
	row = Row{Workspace: ws, Space: space, Root: root, Status: status, Ref: ref}
	err = k.config.Store.Write(ctx, func(ctx context.Context) error {
		var err error
		if row.N, err = k.config.Store.PutFile(ctx, row); err != nil {
			return err
		}
		k.config.Store.OnCommit(ctx, func() {
			k.owners.forget()
			k.signal()
		})
		return k.config.Store.AddBlocks(ctx, row.N, []seal.ID{root})
	})
	return row, err
}

// sameClaim reports whether two references say the same of one block. Somebody
// else's wrong claim must not spoil a right one.
func sameClaim(a, b file.Ref) bool { return a.Key == b.Key && a.Size == b.Size }

// run fetches wanted files until ctx ends.
func (k *Keeper) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-k.wake:
		case <-timer.C:
		}
		if k.owners.gone.Swap(false) {
			k.wg.Go(func() { k.sweep(ctx) })
		}
		next, err := k.fetchWanted(ctx)
		if err != nil && ctx.Err() == nil {
			k.config.Log.Warn("list wanted files", "err", err)
			next = retryAfter
		}
		if next > 0 {
			timer.Reset(next)
		}
	}
}

// fetchWanted starts what can be started, small files first, and says when to look
// again; 0 means when something happens.
func (k *Keeper) fetchWanted(ctx context.Context) (time.Duration, error) {
	rows, err := k.config.Store.FilesOf(ctx, Wanted)
	if err != nil || len(rows) == 0 {
		return 0, err
	}
	slices.SortStableFunc(rows, func(a, b Row) int { return int(a.Ref.Size>>20) - int(b.Ref.Size>>20) })
	now, next := time.Now(), time.Duration(0)
	for _, row := range rows {
		wait, ok := k.begin(row, now)
		if ok {
			k.wg.Go(func() { k.fetchOne(ctx, row) })
		}
		if wait > 0 && (next == 0 || wait < next) {
			next = wait
		}
	}
	return next, nil
}

// begin books a fetch, or says how long it has to wait.
func (k *Keeper) begin(row Row, now time.Time) (time.Duration, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, on := k.busy[row.N]; on {
		return 0, false
	}
	if at, ok := k.later[row.N]; ok && now.Before(at) {
		return at.Sub(now), false
	}
	large := 0
	for _, size := range k.busy {
		if size > MaxAutomatic {
			large++
		}
	}
	if len(k.busy) >= maxFetches || row.Ref.Size > MaxAutomatic && large >= maxLarge {
		return 0, false // who ends wakes us
	}
	k.busy[row.N] = row.Ref.Size
	return 0, true
}

func (k *Keeper) fetchOne(ctx context.Context, row Row) {
	news := k.heard()
	err := k.fetch(ctx, row)
	wait := retryAfter
	switch {
	case err == nil:
		row.Status, wait = Whole, 0
	case errors.Is(err, file.ErrDamaged):
		row.Status, wait = Damaged, 0
		k.config.Log.Warn("a file that its author made wrong", "file", row.Root.Short(), "err", err)
	case errors.Is(err, ErrMissing), ctx.Err() != nil:
	default:
		wait = retryRoom
		k.config.Log.Warn("fetch a file", "file", row.Root.Short(), "err", err)
	}
	if wait == 0 {
		if _, err := k.config.Store.PutFile(ctx, row); err != nil {
			wait = retryRoom
			k.config.Log.Warn("note a fetched file", "file", row.Root.Short(), "err", err)
		}
	}
	k.mu.Lock()
	delete(k.busy, row.N)
	delete(k.later, row.N)
	if row.Status == Whole {
		k.attic.whole++
	}
	if wait > 0 && (news == k.news || !errors.Is(err, ErrMissing)) {
		k.later[row.N] = time.Now().Add(wait)
	}
	k.mu.Unlock()
	if wait == 0 {
		k.Changed.Publish(Changed{Workspace: row.Workspace, Space: row.Space, Root: row.Root, Status: row.Status})
	}
	k.signal()
}

// heard counts who connected: what was missing before may be had now.
func (k *Keeper) heard() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.news
}

// fetch gets every block of a file that is not here.
func (k *Keeper) fetch(ctx context.Context, row Row) error {
	opener := file.NewOpener(row.Ref)
	root, err := k.openRoot(ctx, row, opener)
	if err != nil {
		return err
	}
	if err := k.addBlocks(ctx, row.N, root.Blocks); err != nil {
		return err
	}
	if !root.Parts() {
		return errors.Join(k.need(ctx, row, root.Blocks), k.config.Store.SyncBlocks(ctx))
	}
	for n := range root.Blocks {
		part, err := k.openPart(ctx, row, root, opener, n)
		if err != nil {
			return err
		}
		if err := k.addBlocks(ctx, row.N, part.Blocks); err != nil {
			return err
		}
		if err := k.need(ctx, row, part.Blocks); err != nil {
			return err
		}
	}
	return k.config.Store.SyncBlocks(ctx)
}

func (k *Keeper) openRoot(ctx context.Context, row Row, opener file.Opener) (file.Index, error) {
	block, err := k.block(ctx, row, row.Root, []seal.ID{row.Root})
	if err != nil {
		return file.Index{}, err
	}
	return opener.Root(block)
}

func (k *Keeper) openPart(ctx context.Context, row Row, root file.Index, opener file.Opener, n int) (file.Index, error) {
	block, err := k.block(ctx, row, root.Blocks[n], root.Blocks[n:n+1])
	if err != nil {
		return file.Index{}, err
	}
	return opener.Part(n, block)
}

// block reads a block. Where it is not here, it is fetched together with the
// others of a list.
func (k *Keeper) block(ctx context.Context, row Row, id seal.ID, with []seal.ID) ([]byte, error) {
	data, err := k.config.Store.Block(ctx, id)
	if !errors.Is(err, ErrNotHere) {
		return data, err
	}
	if err := k.need(ctx, row, with); err != nil {
		return nil, err
	}
	return k.config.Store.Block(ctx, id)
}

const (
	// atticAfter is how long connected members have before super-peers are asked: they
	// are often nearer.
	atticAfter = 2 * time.Second
	// atticFor is how long super-peers are asked first once they had what members had
	// not.
	atticFor = 10 * time.Second
)

// need fetches those of the blocks that are not here: from connected members, then
// from super-peers. It gives up when none has come for a while.
func (k *Keeper) need(ctx context.Context, row Row, ids []seal.ID) error {
	missing, err := k.missing(ctx, ids)
	if err != nil || len(missing) == 0 {
		return err
	}
	if k.config.Attic == nil {
		return k.ask(ctx, missing, k.config.Patience)
	}
	if !k.atticFirst() {
		err = k.ask(ctx, missing, min(atticAfter, k.config.Patience))
		if !errors.Is(err, ErrMissing) {
			return err
		}
	}
	if missing, err = k.missing(ctx, ids); err != nil || len(missing) == 0 {
		return err
	}
	err = k.config.Attic(ctx, row.Workspace, row.Space, missing, func(id seal.ID, block []byte) error {
		k.atticGave()
		return k.took(ctx, id, block)
	})
	if err != nil {
		return err
	}
	if missing, err = k.missing(ctx, ids); err != nil || len(missing) == 0 {
		return err
	}
	return k.ask(ctx, missing, k.config.Patience)
}

// missing are those of the blocks that are not here.
func (k *Keeper) missing(ctx context.Context, ids []seal.ID) ([]seal.ID, error) {
	var missing []seal.ID
	for _, id := range ids {
		_, err := k.config.Store.BlockSize(ctx, id)
		if errors.Is(err, ErrNotHere) {
			missing = append(missing, id)
		} else if err != nil {
			return nil, err
		}
	}
	return missing, nil
}

// took keeps a block that came, and gives it on.
func (k *Keeper) took(ctx context.Context, id seal.ID, data []byte) error {
	if err := k.keep(ctx, id, data); err != nil {
		return err
	}
	if exchange := k.using(); exchange != nil {
		exchange.Stored([]seal.ID{id})
	}
	return nil
}

// ask fetches blocks from connected members. [ErrMissing] comes when none has given
// any for the time of patience.
func (k *Keeper) ask(ctx context.Context, missing []seal.ID, patience time.Duration) error {
	exchange := k.using()
	if exchange == nil {
		return ErrMissing
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	end := time.AfterFunc(patience, func() { cancel(ErrMissing) })
	defer end.Stop()
	err := exchange.Get(ctx, missing, func(id seal.ID, data []byte) error {
		end.Reset(patience)
		return k.took(ctx, id, data)
	})
	if errors.Is(context.Cause(ctx), ErrMissing) {
		return ErrMissing
	}
	return err
}
