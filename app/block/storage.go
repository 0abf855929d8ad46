package block

import (
	"context"
	"errors"

	"parvis/crdt/file"
	"parvis/crdt/seal"
)

// Status is how far a file is here (rule K4).
type Status int

// The statuses. The numbers are stored.
const (
	Known   Status = 1 // announced; nobody asked for it yet
	Wanted  Status = 2 // to be fetched
	Whole   Status = 3 // every block is here
	Damaged Status = 4 // its author made it wrong; it is not fetched again
)

// Row is a file that a space refers to. Its reference is stored without preview.
type Row struct {
	N         int64 // the small number; 0: not stored yet
	Workspace seal.ID
	Space     seal.SpaceID
	Root      seal.ID // the index block
	Status    Status
	Ref       file.Ref
}

// Owner is a space that refers to a block.
type Owner struct {
	Workspace seal.ID
	Space     seal.SpaceID
}

// ErrNotHere reports a block that is not stored, or was found damaged and removed.
var ErrNotHere = errors.New("the block is not here")

// Rows knows which file belongs to which space and which blocks it has. A context
// of Write makes all calls with it one transaction.
type Rows interface {
	// PutFile stores a row, in place of the one of that workspace, space and root.
	// It returns the row's number.
	PutFile(ctx context.Context, row Row) (int64, error)
	// File finds a row. A damaged one is not found.
	File(ctx context.Context, ws seal.ID, space seal.SpaceID, root seal.ID) (Row, bool, error)
	// FilesOf lists the rows with that status, the oldest first.
	FilesOf(ctx context.Context, status Status) ([]Row, error)
	// AddBlocks notes that a file has these blocks. Repeating it changes nothing.
	AddBlocks(ctx context.Context, fileN int64, blocks []seal.ID) error
	// Owners lists the spaces with a file that has this block.
	Owners(ctx context.Context, block seal.ID) ([]Owner, error)
}

// Disk holds the blocks themselves.
type Disk interface {
	// PutBlock writes a block. It is sure to outlast a power cut after the next
	// SyncBlocks; until then it may come back damaged or not at all.
	PutBlock(ctx context.Context, id seal.ID, data []byte) error
	// SyncBlocks makes all written blocks and their names durable.
	SyncBlocks(ctx context.Context) error
	// Block reads a block and compares its hash. A damaged one is removed, reported
	// and [ErrNotHere].
	Block(ctx context.Context, id seal.ID) ([]byte, error)
	// BlockSize is the length of a block, or [ErrNotHere].
	BlockSize(ctx context.Context, id seal.ID) (int, error)
	// DeleteBlock removes a block; none is not an error.
	DeleteBlock(ctx context.Context, id seal.ID) error
}

// Storage is what the keeper stands on.
type Storage interface {
	Rows
	Disk
	// Write runs fn in a durable transaction.
	Write(ctx context.Context, fn func(ctx context.Context) error) error
	// OnCommit calls fn once the transaction of ctx is durable, or at once.
	OnCommit(ctx context.Context, fn func())
	// Blocks calls visit with the id and size of every stored block.
	Blocks(ctx context.Context, visit func(id seal.ID, size int) error) error
}

// Exchange fetches blocks from the devices of other members.
type Exchange interface {
	// Get asks connected members for blocks and hands each one that arrives to take,
	// from several goroutines at once. It ends when all have come, with the first
	// error of take, or with ctx. Hashes are checked.
	Get(ctx context.Context, want []seal.ID, take func(id seal.ID, data []byte) error) error
	// Stored says that blocks are here now, for those who asked for them before.
	Stored(ids []seal.ID)
}
