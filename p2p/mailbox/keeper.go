package mailbox

import (
	"context"

	"parvis/p2p"
)

// Visit is who asks, and for which workspace.
type Visit struct {
	Peer      p2p.PeerID
	Workspace [32]byte
}

// Account is what a device is told when it is greeted.
type Account struct {
	Store       [16]byte // names what the keeper remembers; see [Client.Store]
	Used, Limit int64    // bytes of this device
}

// Keeper is what a super-peer does with requests. Every method asks itself who may,
// because that changes while streams are open: the devices of the access list, and
// newcomers (X37). It answers ErrStranger to others, whether the workspace is known
// or not. Other errors are those of this package; any else is told as ErrFailed.
type Keeper interface {
	Boxes
	// Leave stores a door durably before it returns nil (X34). That of a newcomer is
	// ignored.
	Leave(ctx context.Context, v Visit, d Door) error
}

// Boxes are the objects of a super-peer.
type Boxes interface {
	// Admit greets a device.
	Admit(ctx context.Context, v Visit) (Account, error)
	// Put stores all of the objects or none, durably, before it returns nil. It
	// may keep the slices.
	Put(ctx context.Context, v Visit, tag Tag, objects []Object, refetchable bool) error
	// List names at most max objects with numbers above after.
	List(ctx context.Context, v Visit, tag Tag, after uint64, max int) (refs []Ref, more bool, err error)
	// Fetch returns objects in the order of the ids, as many as fit into a window
	// but at least one where one is there, and the ids that it has not looked for.
	Fetch(ctx context.Context, v Visit, tag Tag, ids [][32]byte) (found []Object, rest [][32]byte, err error)
	// Watch returns a watcher that knows the newest numbers already.
	Watch(ctx context.Context, v Visit, tags []Tag) (*Watcher, error)
}
