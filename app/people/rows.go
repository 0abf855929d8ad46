package people

import (
	"context"

	"parvis/crdt/seal"
)

// NameRow is one name as it lies in the store.
type NameRow struct {
	Workspace seal.ID
	What      What
	Target    string // the bytes of Profile.Target
	Lamport   uint64
	Writer    seal.ID // the envelope
	Name      string
	Damaged   bool // Name could not be opened and is empty
}

// beats reports whether n was given after other (rule P6).
func (n NameRow) beats(other NameRow) bool {
	if n.Lamport != other.Lamport {
		return n.Lamport > other.Lamport
	}
	return n.Writer.Compare(other.Writer) > 0
}

// Storage keeps the names.
type Storage interface {
	// PutName adds or replaces the row of a name.
	PutName(ctx context.Context, n NameRow) error
	NameRow(ctx context.Context, ws seal.ID, what What, target string) (row NameRow, found bool, err error)
	NameRows(ctx context.Context, ws seal.ID) ([]NameRow, error)
	DropName(ctx context.Context, ws seal.ID, what What, target string) error
	Write(ctx context.Context, fn func(ctx context.Context) error) error
}
