package block

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"parvis/app/event"
	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// MaxAutomatic is the size in bytes up to which announced files are fetched
// without being asked for (rule K4).
const MaxAutomatic = 25 << 20

// defaultPatience is how long a read waits for the next block.
const defaultPatience = 30 * time.Second

// What callers tell apart.
var (
	// ErrMissing reports blocks that no connected member gave in time.
	ErrMissing = errors.New("nobody who is connected has this file: it comes when somebody who has it is online")
	// ErrQuota reports that the room for files on this device is used up.
	ErrQuota = errors.New("the room for files on this device is used up")
	// ErrName reports a name or type that a file cannot have.
	ErrName = errors.New("the file cannot have this name")
)

// Config is what a Keeper stands on.
type Config struct {
	Store Storage
	// MayRead says whether the device with that host key may read a space now.
	MayRead func(ws seal.ID, space seal.SpaceID, peer seal.ID) bool
	// Attic asks the super-peers of a workspace for blocks and hands those that they
	// have to take; nil: there are none.
	Attic func(ctx context.Context, ws seal.ID, space seal.SpaceID, ids []seal.ID, take func(id seal.ID, block []byte) error) error
	// Quota is how many bytes all blocks may take; 0 leaves it to the disk.
	Quota int64
	// Patience is how long a read waits for the next block; 0 means 30 s.
	Patience time.Duration
	Log      *slog.Logger // none when nil
}

// Changed says that a file became whole, or was found damaged.
type Changed struct {
	Workspace seal.ID
	Space     seal.SpaceID
	Root      seal.ID
	Status    Status
}

// Keeper is the files of all workspaces of this device.
type Keeper struct {
	config Config
	// Changed is told after the commit. Subscribers must not block.
	Changed event.Topic[Changed]

	wake    chan struct{} // holds one token when there may be something to fetch
	end     context.CancelFunc
	wg      sync.WaitGroup
	counted chan struct{} // closed when the blocks of earlier starts are in used
	used    atomic.Int64  // bytes of all blocks
	writing atomic.Int64  // files that are being put in

	mu       sync.Mutex
	exchange Exchange            // guarded by mu; nil while there is no network
	busy     map[int64]uint64    // guarded by mu: sizes of the files that are being fetched
	later    map[int64]time.Time // guarded by mu: not to be tried before
	news     int                 // guarded by mu: grows when somebody connected
	attic    attic               // guarded by mu
	owners   owners
}

// New makes a keeper. It reads nothing.
func New(config Config) *Keeper {
	if config.Log == nil {
		config.Log = slog.New(slog.DiscardHandler)
	}
	if config.Patience == 0 {
		config.Patience = defaultPatience
	}
	return &Keeper{config: config, wake: make(chan struct{}, 1), counted: make(chan struct{}), end: func() {}, busy: map[int64]uint64{}, later: map[int64]time.Time{}, attic: attic{mine: map[seal.ID]bool{}}}
}

// Use gives the keeper its exchange; nil takes it away. Without one, only what is
// here can be read.
func (k *Keeper) Use(exchange Exchange) {
	k.mu.Lock()
	k.exchange = exchange
	k.mu.Unlock()
	k.PeerChanged()
}

func (k *Keeper) using() Exchange {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.exchange
}

// PeerChanged says that a member connected: files that nobody had are tried again.
func (k *Keeper) PeerChanged() {
	k.mu.Lock()
	clear(k.later)
	k.news++
	k.mu.Unlock()
	k.signal()
}

func (k *Keeper) signal() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// Start counts what is here and fetches wanted files in the background until Close.
// ctx bounds that whole life. It may be called again after Close.
func (k *Keeper) Start(ctx context.Context) error {
	k.counted = make(chan struct{})
	k.used.Store(0)
	ctx, k.end = context.WithCancel(ctx)
	k.wg.Go(func() { k.measure(ctx) })
	k.wg.Go(func() { k.run(ctx) })
	k.signal()
	return nil
}

// Close ends what Start began and waits.
func (k *Keeper) Close() {
	k.end()
	k.wg.Wait()
}

// measure counts what lies on the disk. Where there is a quota, new blocks wait for it.
func (k *Keeper) measure(ctx context.Context) {
	defer close(k.counted)
	err := k.config.Store.Blocks(ctx, func(_ seal.ID, size int) error {
		k.used.Add(int64(size))
		return nil
	})
	if err != nil && ctx.Err() == nil {
		k.config.Log.Warn("count the blocks", "err", err)
	}
}

// Put seals a file into a space and returns its reference once every block is
// durable (rule K1). Nothing of a file that fails stays.
func (k *Keeper) Put(ctx context.Context, ws seal.ID, space seal.SpaceID, r io.Reader, name, mime string) (file.Ref, error) {
	if err := checkNames(name, mime); err != nil {
		return file.Ref{}, err
	}
	k.writing.Add(1)
	defer k.writing.Add(-1)
	var ids []seal.ID
	w, err := file.Write(r, file.MaxSize, func(id seal.ID, data []byte) error {
		ids = append(ids, id)
		return errors.Join(ctx.Err(), k.keep(ctx, id, data))
	})
	var ref file.Ref
	if err == nil {
		ref = file.NewRef(w, name, mime)
		err = k.register(ctx, Row{Workspace: ws, Space: space, Root: w.Root, Ref: ref}, ids)
	}
	if err != nil {
		for _, id := range ids {
			k.drop(context.WithoutCancel(ctx), id)
		}
		return file.Ref{}, fmt.Errorf("put file in: %w", err)
	}
	k.mu.Lock()
	k.attic.mine[w.Root] = true
	k.attic.whole++
	k.mu.Unlock()
	if exchange := k.using(); exchange != nil {
		exchange.Stored(ids)
	}
	return ref, nil
}

// checkNames looks at the names before a byte is read.
func checkNames(name, mime string) error {
	probe := file.NewRef(file.Written{Key: seal.ID{1}}, name, mime)
	if err := probe.Check(); err != nil {
		return fmt.Errorf("%w: %w", ErrName, err)
	}
	return nil
}

// register makes the blocks durable and says whose they are. The file counts as
// wanted until all of its blocks are noted, so that a crash in between is made
// good at the next start.
func (k *Keeper) register(ctx context.Context, row Row, ids []seal.ID) error {
	if err := k.config.Store.SyncBlocks(ctx); err != nil {
		return err
	}
	row.Status = Wanted
	var err error
	if row.N, err = k.config.Store.PutFile(ctx, row); err != nil {
		return err
	}
	if err := k.addBlocks(ctx, row.N, ids); err != nil {
		return err
	}
	row.Status = Whole
	_, err = k.config.Store.PutFile(ctx, row)
	return err
}

// addBatch is how many rows one transaction adds: other writers wait for it.
const addBatch = 512

func (k *Keeper) addBlocks(ctx context.Context, n int64, ids []seal.ID) error {
	for len(ids) > 0 {
		part := ids[:min(addBatch, len(ids))]
		err := k.config.Store.Write(ctx, func(ctx context.Context) error {
			k.config.Store.OnCommit(ctx, k.owners.forget)
			return k.config.Store.AddBlocks(ctx, n, part)
		})
		if err != nil {
			return err
		}
		ids = ids[len(part):]
	}
	return nil
}

// keep writes one block, within the quota.
func (k *Keeper) keep(ctx context.Context, id seal.ID, data []byte) error {
	if _, err := k.config.Store.BlockSize(ctx, id); err == nil {
		return nil
	}
	size := int64(len(data))
	if k.config.Quota > 0 {
		select {
		case <-k.counted:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if used := k.used.Add(size); k.config.Quota > 0 && used > k.config.Quota {
		k.used.Add(-size)
		return ErrQuota
	}
	if err := k.config.Store.PutBlock(ctx, id, data); err != nil {
		k.used.Add(-size)
		return err
	}
	return nil
}

// drop removes a block of a file that never was.
func (k *Keeper) drop(ctx context.Context, id seal.ID) {
	size, err := k.config.Store.BlockSize(ctx, id)
	if err != nil {
		return
	}
	if err := k.config.Store.DeleteBlock(ctx, id); err != nil {
		k.config.Log.Warn("delete a block", "err", err) // the next scrub does it
		return
	}
	k.used.Add(-int64(size))
}

// MayRead reports whether a device, named by its host key, may have a block: some
// space that it may read refers to it (rule K2).
func (k *Keeper) MayRead(ctx context.Context, peer, id seal.ID) bool {
	owners, err := k.owners.of(id, func() ([]Owner, error) { return k.config.Store.Owners(ctx, id) })
	if err != nil {
		return false
	}
	for _, o := range owners {
		if k.config.MayRead(o.Workspace, o.Space, peer) {
			return true
		}
	}
	return false
}
