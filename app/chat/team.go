package chat

import (
	"context"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Log is where messages are written and read again.
type Log interface {
	ID() seal.ID
	Self() (person, device seal.ID)
	// Append writes one envelope; compose runs inside the write transaction.
	Append(ctx context.Context, space seal.SpaceID, kind workspace.Kind, compose func(ctx context.Context) (workspace.Draft, error)) (workspace.Opened, error)
	Reopen(ctx context.Context, id seal.ID) (workspace.Opened, error)
	// OpenToAll reports whether everybody who reads the space now may open an envelope.
	OpenToAll(ctx context.Context, space seal.SpaceID, id seal.ID) (bool, error)
}

// Holders is who else has stored what.
type Holders interface {
	// Custody counts other devices and super-peers; all means all active devices.
	Custody(space seal.SpaceID, device seal.ID, seq uint64) (holders int, all bool)
	HeldBySuperPeer(space seal.SpaceID, device seal.ID, seq uint64) bool
}

// Circle is who shares which space.
type Circle interface {
	// Spaces lists the spaces that this device can read, the main one first.
	Spaces() []Space
	// Space is one of them.
	Space(id seal.SpaceID) (Space, bool)
	// GroupSpace is the space of these people and oneself, made on first use.
	GroupSpace(ctx context.Context, persons []seal.ID) (seal.SpaceID, error)
	// Moderates reports whether a person may delete the messages of others.
	Moderates(space seal.SpaceID, person seal.ID) bool
	// Standing is what the own person may do, and since when it is a member.
	Standing() Standing
}

// Standing is the own person's place in the team.
type Standing struct {
	Guest    bool
	JoinedMs int64 // Unix milliseconds
	DeviceMs int64 // the same of this device
}

// Live carries hints that nobody stores.
type Live interface {
	SendLive(space seal.SpaceID, kind workspace.Kind, body []byte) error
	OnLive(kind workspace.Kind, listener func(space seal.SpaceID, device seal.ID, body []byte))
	// PersonOf is the person that a device belongs to.
	PersonOf(device seal.ID) (seal.ID, bool)
}

// Team is the workspace as chat needs it.
type Team interface {
	Log
	Holders
	Circle
	Live
}

// Space is one space of the team.
type Space struct {
	ID       seal.SpaceID
	Kind     SpaceKind
	People   []seal.ID // none means everybody
	FromJoin bool      // its history begins, for each person, with joining
}

// SpaceKind says what a space is for.
type SpaceKind int

// The kinds of spaces that have conversations.
const (
	Main SpaceKind = iota
	Private
	Group // its only conversation is direct
)

// Names knows how people and spaces are called.
type Names interface {
	Name(ws, person seal.ID) string
	// SpaceName is empty for a space without a name.
	SpaceName(ctx context.Context, ws seal.ID, space seal.SpaceID) (string, error)
}
