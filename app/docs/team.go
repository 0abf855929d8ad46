package docs

import (
	"context"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Log is where envelopes are written and read again.
type Log interface {
	ID() seal.ID
	Self() (person, device seal.ID)
	// Append writes one envelope; compose runs inside the write transaction.
	Append(ctx context.Context, space seal.SpaceID, kind workspace.Kind, compose func(ctx context.Context) (workspace.Draft, error)) (workspace.Opened, error)
	Reopen(ctx context.Context, id seal.ID) (workspace.Opened, error)
}

// Holders is who else has stored what.
type Holders interface {
	// Custody counts other devices and super-peers; all means all active devices.
	Custody(space seal.SpaceID, device seal.ID, seq uint64) (holders int, all bool)
	HeldBySuperPeer(space seal.SpaceID, device seal.ID, seq uint64) bool
}

// Fences is what removals took away.
type Fences interface {
	// Hidden names the envelopes of a space that are beyond the fences of a removal.
	Hidden(ctx context.Context, space seal.SpaceID) (map[seal.ID]bool, error)
	// Knew reports whether the author of an envelope knew that a device was removed.
	Knew(ctx context.Context, envelope, device seal.ID) (bool, error)
}

// Circle is who may do what in which space.
type Circle interface {
	MainSpace() seal.SpaceID
	CanRead(space seal.SpaceID) bool
	CanWrite(space seal.SpaceID) bool
	// Standing is what the own person may do, and since when it is a member.
	Standing() Standing
}

// Standing is the own person's place in the team.
type Standing struct {
	Guest    bool
	JoinedMs int64 // Unix milliseconds
}

// Live carries hints that nobody stores.
type Live interface {
	SendLive(space seal.SpaceID, kind workspace.Kind, body []byte) error
	OnLive(kind workspace.Kind, listener func(space seal.SpaceID, device seal.ID, body []byte))
	// PersonOf is the person that a device belongs to.
	PersonOf(device seal.ID) (seal.ID, bool)
}

// Team is the workspace as documents need it.
type Team interface {
	Log
	Holders
	Fences
	Circle
	Live
}

// TeamOf shows a workspace to documents.
func TeamOf(w *workspace.Workspace) Team { return team{w} }
