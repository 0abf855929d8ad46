package workspace

import (
	"context"

	"parvis/crdt/seal"
)

// Kind says which feature the body of an envelope belongs to (crdt/SPEC.md).
type Kind uint

// The kinds of envelope bodies.
const (
	KindChat     Kind = 1
	KindDocument Kind = 2
	KindProfile  Kind = 3
	KindMail     Kind = 4
	KindSelf     Kind = 5
	KindCall     Kind = 6
)

// Opened is one envelope whose signature, chain, epoch and seal all held.
type Opened struct {
	Workspace seal.ID
	Space     seal.SpaceID
	ID        seal.ID
	Device    seal.ID
	Person    seal.ID
	Seq       uint64
	Kind      Kind
	HintMs    int64 // the author's clock, Unix milliseconds: a label only
	Deps      []seal.ID
	Body      []byte
	Own       bool  // written on this device
	Hidden    bool  // beyond the fences of a removal: takes its place and is never shown
	LateMs    int64 // 0 while live; else our clock minus the author's, when it came by catching up
}

// Result is what a [View] says about a batch.
type Result struct {
	// Bad names the envelopes whose body cannot be used, each with the reason.
	// They are kept and shown as quarantined, never dropped silently.
	Bad map[seal.ID]string
	// After runs once the batch is committed; events are published here. May be nil.
	After func()
}

// View folds the opened envelopes of one kind into rows. Apply runs inside the
// transaction that stores the envelopes and must be idempotent. Reset forgets
// all that was kept in memory since the last commit, because it was undone.
type View interface {
	Apply(ctx context.Context, batch []Opened) (Result, error)
	Reset()
}

// Draft is the plain content of an envelope to write.
type Draft struct {
	Deps []seal.ID
	Body []byte
}
