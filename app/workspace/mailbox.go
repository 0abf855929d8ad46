package workspace

import (
	"context"
	"errors"
	"time"

	"parvis/crdt/seal"
)

// Tag is the name under which the objects of one space lie at a super-peer (rule
// K20). Who lacks the log key cannot tell to which space or team it belongs.
type Tag [16]byte

// Object is something sealed that lies at a super-peer (rule K21). The same id
// always stands for the same thing.
type Object struct {
	ID    seal.ID
	Bytes []byte
}

// ObjectRef names an object at a super-peer. N counts the objects of a tag in the
// order of arrival, from 1.
type ObjectRef struct {
	N    uint64
	ID   seal.ID
	Size uint32
}

// Mailbox is this device at one super-peer for one workspace. All methods may run
// at the same time and end with their context. An error that is none of those
// below means that the connection is gone.
type Mailbox interface {
	Objects
	// PutBlocks is Put for blocks of files: a super-peer without room may drop them,
	// the oldest first.
	PutBlocks(ctx context.Context, tag Tag, objects []Object) error
	// Leave puts a door durably, or closes it. One that is there with the same or a
	// higher counter, or closed, stays as it is.
	Leave(ctx context.Context, door Door) error
	// Store names what the super-peer remembers: with another name nothing of what
	// it acknowledged earlier counts.
	Store() [16]byte
	// Quota is how many bytes this device has stored there and how many it may, as the
	// super-peer said at most so long ago.
	Quota(ctx context.Context, age time.Duration) (used, limit int64, err error)
	Close() error
}

// Objects are what lies in a mailbox.
type Objects interface {
	// Put returns nil once all the objects are durable there; else none is. At most
	// maxPutObjects, together at most maxPutBytes, or a single one.
	Put(ctx context.Context, tag Tag, objects []Object) error
	// List names the objects of a tag behind a number, and whether there are more.
	List(ctx context.Context, tag Tag, after uint64) (refs []ObjectRef, more bool, err error)
	// Fetch gets at most maxFetch objects; what is not there is left out.
	Fetch(ctx context.Context, tag Tag, ids []seal.ID) ([]Object, error)
	// Watch tells for every tag the number of its newest object, first as it is, then
	// whenever it grows. It returns when ctx or the connection ends.
	Watch(ctx context.Context, tags []Tag, news func(tag Tag, last uint64)) error
}

// What a Mailbox takes at once.
const (
	maxPutObjects = 256
	maxPutBytes   = 1 << 20
	maxFetch      = 256
	maxFetchBytes = 1 << 20
	maxWatched    = 1024
)

// What a super-peer refuses.
var (
	// ErrStranger reports that the access list at the super-peer lacks this device.
	ErrStranger = errors.New("the super-peer does not know this device")
	// ErrSuperPeerFull reports that a super-peer has no room left for anybody.
	ErrSuperPeerFull = errors.New("the super-peer is full")
	// ErrSuperPeerQuota reports that this device has used up its share there.
	ErrSuperPeerQuota = errors.New("this device has stored as much as it may at the super-peer")
	// ErrNotAdmin reports that the access list there does not name this device as an
	// admin's.
	ErrNotAdmin = errors.New("this device may not change the access list of the super-peer")
	// ErrSetupWrong reports a set-up code that does not belong to the super-peer.
	ErrSetupWrong = errors.New("the set-up code does not belong to this super-peer")
	// ErrSetupBroken reports a text that is no set-up code.
	ErrSetupBroken = errors.New("this is not a set-up code")
	// ErrSetupNewer reports a set-up code of a newer program.
	ErrSetupNewer = errors.New("this set-up code was made by a newer version")
	// ErrUnreachable reports a super-peer that cannot be connected to now.
	ErrUnreachable = errors.New("the super-peer cannot be reached")
)

// BusyError reports that this device sends more than it may in a second.
type BusyError struct{ Wait time.Duration }

// Error implements error.
func (e *BusyError) Error() string { return "the super-peer wants a pause of " + e.Wait.String() }

// NewerListError reports that the super-peer has a newer access list.
type NewerListError struct{ Counter uint64 }

// Error implements error.
func (e *NewerListError) Error() string { return "the super-peer has a newer access list" }

// Setup is what a set-up code says.
type Setup struct {
	Peer   seal.ID
	Secret []byte
	Addrs  []string
}

// AccessList is whom a super-peer lets in (rule K26).
type AccessList struct {
	Counter uint64
	Peers   []seal.ID // the peer keys of all devices, sorted
	Admins  []seal.ID // of those that may replace the list, sorted
}

// SuperPeers reaches super-peers over the network.
type SuperPeers interface {
	// Mailbox connects to a super-peer, where that is not done, and opens the mailbox
	// of a workspace.
	Mailbox(ctx context.Context, superPeer seal.ID, addrs []string, ws seal.ID) (Mailbox, error)
	// Publish gives a super-peer an access list signed by this device. secret is that
	// of the set-up code, or nil.
	Publish(ctx context.Context, superPeer seal.ID, addrs []string, ws seal.ID, secret []byte, list AccessList) error
	// Knock shows a super-peer an invitation and returns the box behind its door. From
	// then on the super-peer takes this device for one of the workspace, for a while.
	// What it refuses is a *[Refusal].
	Knock(ctx context.Context, superPeer seal.ID, addrs []string, ws seal.ID, invitation seal.SignKey) (box []byte, err error)
	// ParseSetup reads a set-up code.
	ParseSetup(code string) (Setup, error)
}
