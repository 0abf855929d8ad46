package workspace

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"parvis/crdt/seal"
)

// StockedFile is a file whose blocks are all on this device.
type StockedFile struct {
	Space seal.SpaceID
	Root  seal.ID
	Size  uint64 // of the plaintext in bytes
	Mine  bool   // it was put in here since the program started
}

// Files are the files of all workspaces on this device.
type Files interface {
	// Stocked counts how often a file became whole: while it stands still, Stock says
	// the same.
	Stocked() uint64
	// Stock lists the whole files of a workspace, the oldest first.
	Stock(ctx context.Context, ws seal.ID) ([]StockedFile, error)
	// BlocksOf visits the blocks of a whole file, the one named root first.
	BlocksOf(ctx context.Context, ws seal.ID, space seal.SpaceID, root seal.ID, visit func(block []byte) error) error
}

// UseFiles names the files that super-peers keep, before Open. Without it they keep
// none.
func (m *Manager) UseFiles(files Files) { m.files = files }

const (
	// maxStocked is the size in bytes up to which files are put at super-peers: as
	// others fetch them without being asked (app/block K4).
	maxStocked = 25 << 20
	// maxThere bounds how many blocks at a super-peer are remembered per space.
	maxThere = 200_000
	// stockEvery is how often a courier looks for files that others announced.
	stockEvery = time.Minute
	// stockPause is between two looks when much is written.
	stockPause = time.Second
	// maxFetchBlocks are fetched at once: 4 MiB.
	maxFetchBlocks = 16
)

// stocking is what the goroutine that brings files owns; what is atomic may be read
// by others.
type stocking struct {
	at      atomic.Pointer[opened] // nil unless a session lasts
	owed    atomic.Int64           // own files that could be brought now
	counted atomic.Uint64          // Stocked when owed was counted

	looked uint64                   // Stocked of the last look that left nothing
	there  map[Tag]map[seal.ID]bool // blocks at the super-peer, as of this session
	offers map[seal.ID]time.Time    // when to bring a file of somebody else
}

// stockPending reports whether a file that was put in here is not there yet.
func (c *courier) stockPending() bool {
	if c.w.files == nil || c.at.Load() == nil {
		return false
	}
	return c.owed.Load() > 0 || c.counted.Load() != c.w.files.Stocked()
}

type opened struct{ mailbox Mailbox }

// keepStocking puts the blocks of files there (rule K33).
func (c *courier) keepStocking(ctx context.Context, m Mailbox) error {
	c.stockAt(m)
	defer c.at.Store(nil)
	for {
		next, err := c.stock(ctx, m, time.Now())
		if wait, ok := pauseAfter(err); ok {
			next, err = time.Now().Add(wait), nil
		}
		if err != nil {
			return err
		}
		if err := pauseFor(ctx, next, nil); err != nil {
			return err
		}
	}
}

// stockAt begins with nothing known of the super-peer's blocks.
func (c *courier) stockAt(m Mailbox) {
	c.there, c.offers, c.looked = map[Tag]map[seal.ID]bool{}, map[seal.ID]time.Time{}, 0
	c.at.Store(&opened{m})
}

// pauseAfter says how long to wait after a super-peer took no block. The upload of
// messages tells the person.
func pauseAfter(err error) (time.Duration, bool) {
	if busy, ok := errors.AsType[*BusyError](err); ok {
		return jittered(max(busy.Wait, 100*time.Millisecond)), true
	}
	if errors.Is(err, ErrSuperPeerFull) || errors.Is(err, ErrSuperPeerQuota) {
		return jittered(lastFull), true
	}
	return 0, false
}

// stock brings one file that is not there, and says when to look again.
func (c *courier) stock(ctx context.Context, m Mailbox, now time.Time) (next time.Time, err error) {
	files := c.w.files
	if files == nil {
		return now.Add(stockEvery), nil
	}
	version := files.Stocked()
	if version == c.looked {
		return now.Add(stockPause), nil
	}
	stock, err := files.Stock(ctx, c.w.id)
	if err != nil {
		if ctx.Err() == nil {
			c.w.logger.Warn("list the files for a super-peer", "err", err)
		}
		return now.Add(stockEvery), nil
	}
	next, owed := time.Time{}, int64(0)
	var chosen *StockedFile
	for i := range stock {
		lacks, at, err := c.lacksFile(ctx, m, &stock[i], now)
		if err != nil {
			return now, err
		}
		if lacks && stock[i].Mine && !at.After(now) {
			owed++
		}
		switch {
		case !lacks:
		case at.After(now):
			next = earlier(next, at)
		case chosen == nil || stock[i].Mine && !chosen.Mine:
			chosen = &stock[i]
		}
	}
	c.owed.Store(owed)
	c.counted.Store(version)
	if chosen == nil {
		if next.IsZero() {
			c.looked = version
		}
		c.uploaded()
		return earlier(next, now.Add(stockPause)), nil
	}
	err = c.bring(ctx, m, chosen, now)
	c.uploaded()
	return now, err
}

// lacksFile reports whether a file is to be brought, and from when on. What others
// put in is brought by them, where they can; and files share what a device gives
// away in a day, so that messages find room.
func (c *courier) lacksFile(ctx context.Context, m Mailbox, f *StockedFile, now time.Time) (bool, time.Time, error) {
	if f.Size > maxStocked {
		return false, now, nil
	}
	there, err := c.blocksThere(ctx, m, c.code.blockTag(f.Space))
	if err != nil || there[f.Root] || len(there) >= maxThere {
		return false, now, err
	}
	c.mu.Lock()
	given := c.row.Given
	c.mu.Unlock()
	if given.Day == dayOf(now) && given.Bytes+int64(f.Size) > maxGiven {
		return true, tomorrow(now), nil
	}
	if f.Mine {
		return true, now, nil
	}
	if c.offers[f.Root].IsZero() {
		c.offers[f.Root] = now.Add(jittered(courtesy))
	}
	return true, c.offers[f.Root], nil
}

// blocksThere lists the blocks of a space at the super-peer, once in a session.
func (c *courier) blocksThere(ctx context.Context, m Mailbox, tag Tag) (map[seal.ID]bool, error) {
	if known, ok := c.there[tag]; ok {
		return known, nil
	}
	there := map[seal.ID]bool{}
	for after, more := uint64(0), true; more && len(there) < maxThere; {
		var refs []ObjectRef
		var err error
		if refs, more, err = m.List(ctx, tag, after); err != nil {
			return nil, err
		}
		if len(refs) == 0 {
			break
		}
		for _, ref := range refs {
			there[ref.ID], after = true, max(after, ref.N)
		}
	}
	c.there[tag] = there
	return there, nil
}

// bring puts a file there, its root last: where that lies, all of it does.
func (c *courier) bring(ctx context.Context, m Mailbox, f *StockedFile, now time.Time) error {
	tag := c.code.blockTag(f.Space)
	there := c.there[tag]
	var batch []Object
	var root *Object
	size, given := 0, int64(0)
	put := func() error {
		if len(batch) == 0 {
			return nil
		}
		if err := m.PutBlocks(ctx, tag, batch); err != nil {
			return err
		}
		c.brought(batch)
		for _, o := range batch {
			there[o.ID] = true
		}
		batch, size = nil, 0
		return nil
	}
	err := c.w.files.BlocksOf(ctx, c.w.id, f.Space, f.Root, func(block []byte) error {
		id := seal.Sum(block)
		if there[id] {
			return nil
		}
		object := c.code.seal(tag, objectBlock, id, block)
		given += int64(len(object.Bytes)) + objectCost
		if id == f.Root {
			root = &object
			return nil
		}
		if size+len(object.Bytes) > maxPutBytes || len(batch) == maxPutObjects {
			if err := put(); err != nil {
				return err
			}
		}
		batch, size = append(batch, object), size+len(object.Bytes)
		return nil
	})
	if err == nil {
		err = put()
	}
	if err == nil && root != nil {
		batch = []Object{*root}
		err = put()
	}
	if wait := (*BusyError)(nil); err == nil || errors.As(err, &wait) {
		c.gave(given, now)
	}
	if errors.Is(err, errFileGone) {
		there[f.Root] = true // not again in this session
		return nil
	}
	return err
}

// errFileGone reports a file that lacks a block after all.
var errFileGone = errors.New("a file lacks a block")

// FileGone marks an error of [Files.BlocksOf]: a block is not here after all.
func FileGone(err error) error { return fmt.Errorf("%w: %w", errFileGone, err) }

// FetchBlocks asks the connected super-peers for blocks of a space and hands those
// that they have to take. Blocks that are not there are left out.
func (w *Workspace) FetchBlocks(ctx context.Context, space seal.SpaceID, ids []seal.ID, take func(id seal.ID, block []byte) error) error {
	for _, c := range w.couriers.list() {
		at := c.at.Load()
		if at == nil || len(ids) == 0 {
			continue
		}
		got := map[seal.ID]bool{}
		if err := c.fetchBlocks(ctx, at.mailbox, space, ids, func(id seal.ID, block []byte) error {
			got[id] = true
			return take(id, block)
		}); err != nil {
			return err
		}
		var rest []seal.ID
		for _, id := range ids {
			if !got[id] {
				rest = append(rest, id)
			}
		}
		ids = rest
	}
	return nil
}

// fetchBlocks asks one super-peer. That it fails is no failure of the file: others
// may have it. An error is one of take.
func (c *courier) fetchBlocks(ctx context.Context, m Mailbox, space seal.SpaceID, ids []seal.ID, take func(seal.ID, []byte) error) error {
	tag := c.code.blockTag(space)
	for len(ids) > 0 && ctx.Err() == nil {
		part := ids[:min(len(ids), maxFetchBlocks)]
		ids = ids[len(part):]
		objects, err := m.Fetch(ctx, tag, part)
		if err != nil {
			c.w.logger.Debug("blocks of a super-peer", "super-peer", c.peer.Short(), "err", err)
			return nil
		}
		for _, o := range objects {
			kind, block, err := c.code.open(tag, o)
			if err != nil || kind != objectBlock || seal.Sum(block) != o.ID {
				c.damaged(1)
				continue
			}
			if err := take(o.ID, block); err != nil {
				return err
			}
		}
	}
	return nil
}
