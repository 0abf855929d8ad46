package workspace

import (
	"context"
	"errors"

	"parvis/app/bundle"
	"parvis/crdt/seal"
)

// What callers tell apart of bundles, besides the errors of [bundle.Reader].
var (
	// ErrBundleForeign reports a bundle for no workspace of this device.
	ErrBundleForeign = errors.New("a bundle for another workspace")
	// ErrBundleOther reports a bundle for another workspace than the named one.
	ErrBundleOther = errors.New("a bundle for another workspace of this device")
	// ErrBundleJoining reports a bundle that may be for a workspace whose join goes on.
	ErrBundleJoining = errors.New("a bundle for a device that has no keys yet")
	// ErrBundleStranger reports a bundle of a device that was never in the workspace.
	ErrBundleStranger = errors.New("a bundle made by a stranger")
	// ErrBundleRemoved reports a bundle of a device that was removed.
	ErrBundleRemoved = errors.New("a bundle made by a removed device")
	// ErrBundleNobody reports a bundle for somebody who has no active device.
	ErrBundleNobody = errors.New("a bundle for nobody")
	// ErrRemovedHere reports a device that is in the workspace no longer.
	ErrRemovedHere = errors.New("this device was removed")
)

// Bounds of what is read for a bundle at a time, and of what is believed of one.
const (
	bundlePart      = 512
	bundlePartBytes = 1 << 20
	maxHeldChains   = 1000 // in one record
	maxHeldAll      = 8192
)

// blockHead is what stands before a block: its space and its file's root.
const blockHead = len(seal.SpaceID{}) + len(seal.ID{})

// heldChains is a record that says how far the author has chains (rule K63).
type heldChains struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Chains []heldChain
}

type heldChain struct {
	_      struct{} `cbor:",toarray"`
	Space  seal.SpaceID
	Device seal.ID
	Seq    uint64
	ID     seal.ID
}

// CarriedFiles gives the blocks of files that go into a bundle.
type CarriedFiles interface {
	// EachBlock visits every block of the whole files of the spaces that of accepts.
	// What names a block comes before it.
	EachBlock(ctx context.Context, ws seal.ID, of func(seal.SpaceID) bool, visit func(space seal.SpaceID, root seal.ID, block []byte) error) error
}

// TakenBlock is what became of a block of a bundle.
type TakenBlock int

// What becomes of blocks.
const (
	BlockNew      TakenBlock = 1
	BlockKnown    TakenBlock = 2
	BlockUnwanted TakenBlock = 3 // no file here has it
)

// FileTaker takes the blocks of a bundle, in its order.
type FileTaker interface {
	Take(ctx context.Context, space seal.SpaceID, root seal.ID, block []byte) (TakenBlock, error)
	// Done makes what was taken durable, and files whole that are.
	Done(ctx context.Context) error
}

// bundleKeys open the bundles of the workspace; a device that joins has none.
func (w *Workspace) bundleKeys() (bundle.Workspace, bool) {
	keys := bundle.Workspace{ID: w.id, LogKey: w.keys.log()}
	return keys, keys.LogKey != seal.Key{}
}
