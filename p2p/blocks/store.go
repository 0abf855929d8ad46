package blocks

import (
	"context"
	"errors"

	"github.com/ipfs/boxo/blockstore"
	blockformat "github.com/ipfs/go-block-format"
	"github.com/ipfs/go-cid"
	ipld "github.com/ipfs/go-ipld-format"
	"github.com/multiformats/go-multihash"
)

// cidOf is CIDv1, raw, SHA-256 (rule B1).
func cidOf(id ID) cid.Cid {
	hash, err := multihash.Encode(id[:], multihash.SHA2_256)
	if err != nil {
		panic("blocks: " + err.Error()) // the length fits the hash
	}
	return cid.NewCidV1(cid.Raw, hash)
}

// idOf reverses cidOf; false for any other content id.
func idOf(c cid.Cid) (ID, bool) { return parseCID(c.Bytes()) }

const cidPrefix = "\x01\x55\x12\x20"

// parseCID reads the one form of content id that exists here.
func parseCID(data []byte) (ID, bool) {
	if len(data) != len(cidPrefix)+len(ID{}) || string(data[:len(cidPrefix)]) != cidPrefix {
		return ID{}, false
	}
	return ID(data[len(cidPrefix):]), true
}

// storeAdapter shows a Store to bitswap, which only reads from it.
type storeAdapter struct{ store Store }

var _ blockstore.Blockstore = storeAdapter{}

var errReadOnly = errors.New("bitswap does not write here")

func notFound(c cid.Cid, err error) error {
	if errors.Is(err, ErrNotHere) {
		return ipld.ErrNotFound{Cid: c}
	}
	return err
}

// Has implements blockstore.Blockstore.
func (s storeAdapter) Has(ctx context.Context, c cid.Cid) (bool, error) {
	_, err := s.GetSize(ctx, c)
	if ipld.IsNotFound(err) {
		return false, nil
	}
	return err == nil, err
}

// GetSize implements blockstore.Blockstore.
func (s storeAdapter) GetSize(ctx context.Context, c cid.Cid) (int, error) {
	id, ok := idOf(c)
	if !ok {
		return 0, ipld.ErrNotFound{Cid: c}
	}
	size, err := s.store.Size(ctx, id)
	return size, notFound(c, err)
}

// Get implements blockstore.Blockstore.
func (s storeAdapter) Get(ctx context.Context, c cid.Cid) (blockformat.Block, error) {
	id, ok := idOf(c)
	if !ok {
		return nil, ipld.ErrNotFound{Cid: c}
	}
	data, err := s.store.Block(ctx, id)
	if err != nil {
		return nil, notFound(c, err)
	}
	return blockformat.NewBlockWithCid(data, c)
}

// Put implements blockstore.Blockstore.
func (s storeAdapter) Put(context.Context, blockformat.Block) error { return errReadOnly }

// PutMany implements blockstore.Blockstore.
func (s storeAdapter) PutMany(context.Context, []blockformat.Block) error { return errReadOnly }

// DeleteBlock implements blockstore.Blockstore.
func (s storeAdapter) DeleteBlock(context.Context, cid.Cid) error { return errReadOnly }

// AllKeysChan implements blockstore.Blockstore.
func (s storeAdapter) AllKeysChan(context.Context) (<-chan cid.Cid, error) { return nil, errReadOnly }
