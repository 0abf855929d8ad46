package app

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"

	"parvis/app/block"
	"parvis/app/store"
	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/blocks"
)

// files plugs the keeper of files, its folder and the exchange of blocks together.
type files struct {
	keeper   *block.Keeper
	disk     *store.Blocks
	exchange *blocks.Exchange // nil while there is no network
	log      *slog.Logger
	small    string // pattern of the folders that hold blocks
}

func newFiles(config Config, db *store.DB, manager *workspace.Manager) *files {
	f := &files{disk: db.Blocks(), log: config.Log, small: filepath.Join(config.Data, "blocks", "*")}
	f.keeper = block.New(block.Config{Store: f.disk, MayRead: mayRead(manager), Attic: attic(manager), Log: config.Log})
	manager.UseFiles(f.keeper)
	return f
}

// attic asks the super-peers of a workspace for blocks.
func attic(manager *workspace.Manager) func(context.Context, seal.ID, seal.SpaceID, []seal.ID, func(seal.ID, []byte) error) error {
	return func(ctx context.Context, ws seal.ID, space seal.SpaceID, ids []seal.ID, take func(seal.ID, []byte) error) error {
		w, err := manager.Get(ws)
		if err != nil {
			return nil // it was left meanwhile
		}
		return w.FetchBlocks(ctx, space, ids, take)
	}
}

// mayRead says whether the device behind a host key may read a space now.
func mayRead(manager *workspace.Manager) func(ws seal.ID, space seal.SpaceID, peer seal.ID) bool {
	return func(ws seal.ID, space seal.SpaceID, peer seal.ID) bool {
		w, err := manager.Get(ws)
		if err != nil {
			return false
		}
		st := w.State()
		if st == nil {
			return false
		}
		device, ok := st.DeviceByPeer(peer)
		return ok && device.Active && st.CanRead(space, device.ID)
	}
}

// join exchanges blocks over a running node until leave.
func (f *files) join(ctx context.Context, node *p2p.Node) {
	f.exchange = blocks.New(blocks.Config{
		Node: node, Store: shelf{f.disk}, Log: f.log,
		May: func(peer p2p.PeerID, id blocks.ID) bool {
			key, err := peer.PublicKey()
			return err == nil && f.keeper.MayRead(ctx, key, seal.ID(id))
		},
	})
	f.exchange.Start(ctx)
	f.keeper.Use(fetcher{f.exchange, ctx})
	node.OnPeer(func(_ p2p.PeerID, connected bool) {
		if connected {
			f.keeper.PeerChanged()
		}
	})
}

// leave ends the exchange, and waits.
func (f *files) leave() {
	if f.exchange == nil {
		return
	}
	f.keeper.Use(nil)
	f.exchange.Close()
	f.exchange = nil
}

// Close ends everything, and waits.
func (f *files) Close() error {
	f.keeper.Close()
	return f.disk.Close()
}

// scrub checks every block when that is quick, or when it is time.
func (f *files) scrub(ctx context.Context, due bool) {
	if !due && folderSize(f.small) > scrubSmall {
		return
	}
	if err := f.keeper.Scrub(ctx); err != nil && ctx.Err() == nil {
		f.log.Warn("check the files", "err", err)
	}
}

// shelf shows the stored blocks to the exchange, whose words are plain bytes.
type shelf struct{ disk *store.Blocks }

func (s shelf) Size(ctx context.Context, id blocks.ID) (int, error) {
	size, err := s.disk.BlockSize(ctx, seal.ID(id))
	return size, notHere(err)
}

func (s shelf) Block(ctx context.Context, id blocks.ID) ([]byte, error) {
	data, err := s.disk.Block(ctx, seal.ID(id))
	return data, notHere(err)
}

func notHere(err error) error {
	if errors.Is(err, block.ErrNotHere) {
		return blocks.ErrNotHere
	}
	return err
}

// fetcher shows the exchange to the keeper.
type fetcher struct {
	exchange *blocks.Exchange
	life     context.Context
}

func (f fetcher) Get(ctx context.Context, want []seal.ID, take func(id seal.ID, data []byte) error) error {
	return f.exchange.Get(ctx, blockIDs(want), func(id blocks.ID, data []byte) error { return take(seal.ID(id), data) })
}

func (f fetcher) Stored(ids []seal.ID) { f.exchange.Stored(f.life, blockIDs(ids)) }

func blockIDs(ids []seal.ID) []blocks.ID {
	all := make([]blocks.ID, len(ids))
	for i, id := range ids {
		all[i] = blocks.ID(id)
	}
	return all
}
