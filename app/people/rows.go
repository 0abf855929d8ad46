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

// Storage keeps the names and the records of trust.
type Storage interface {
	TrustStorage
	// PutName adds or replaces the row of a name.
	PutName(ctx context.Context, n NameRow) error
	NameRow(ctx context.Context, ws seal.ID, what What, target string) (row NameRow, found bool, err error)
	NameRows(ctx context.Context, ws seal.ID) ([]NameRow, error)
	DropName(ctx context.Context, ws seal.ID, what What, target string) error
	Write(ctx context.Context, fn func(ctx context.Context) error) error
}

// TrustStorage keeps with whom codes were compared.
type TrustStorage interface {
	// PutTrust adds or replaces the record about a person.
	PutTrust(ctx context.Context, ws seal.ID, t Trust) error
	// TrustRows lists the records, and names the people whose record is damaged.
	TrustRows(ctx context.Context, ws seal.ID) (list []Trust, damaged []seal.ID, err error)
	DropTrust(ctx context.Context, ws, person seal.ID) error
}
