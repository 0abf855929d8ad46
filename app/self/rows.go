package self

import (
	"bytes"
	"context"

	"parvis/crdt/seal"
)

// Row is one fact as it lies in the store.
type Row struct {
	Workspace seal.ID
	Key       string
	Order     []byte
	Lamport   uint64
	Writer    seal.ID // the envelope
	Value     []byte
	Damaged   bool // Value could not be opened and is empty
	Applied   bool // it is where it belongs, or was written here
}

func (r Row) changed() Changed {
	return Changed{Workspace: r.Workspace, Fact: Fact{Key: r.Key, Order: r.Order, Value: r.Value}, Writer: r.Writer}
}

// beats reports whether r counts rather than other (rule F5).
func (r Row) beats(other Row) bool {
	if c := bytes.Compare(r.Order, other.Order); c != 0 {
		return c > 0
	}
	if r.Lamport != other.Lamport {
		return r.Lamport > other.Lamport
	}
	return r.Writer.Compare(other.Writer) > 0
}

// Storage keeps the facts.
type Storage interface {
	// PutSelf adds or replaces the row of a key.
	PutSelf(ctx context.Context, r Row) error
	SelfRow(ctx context.Context, ws seal.ID, key string) (row Row, found bool, err error)
	// SelfRows lists the rows whose keys begin with prefix, by key.
	SelfRows(ctx context.Context, ws seal.ID, prefix string) ([]Row, error)
	DropSelf(ctx context.Context, ws seal.ID, key string) error
	// SelfApplied marks the row of a key as applied, if it is still of that writer.
	SelfApplied(ctx context.Context, ws seal.ID, key string, writer seal.ID) error
}
