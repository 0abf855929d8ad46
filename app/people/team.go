package people

import (
	"context"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Log is where names are written and read again.
type Log interface {
	ID() seal.ID
	Self() (person, device seal.ID)
	// Append writes one envelope; compose runs inside the write transaction.
	Append(ctx context.Context, space seal.SpaceID, kind workspace.Kind, compose func(ctx context.Context) (workspace.Draft, error)) (workspace.Opened, error)
	Reopen(ctx context.Context, id seal.ID) (workspace.Opened, error)
	// EachOpened visits what is stored and shown of a kind; it is slow.
	EachOpened(ctx context.Context, kind workspace.Kind, of func(space seal.SpaceID, device seal.ID) bool, visit func(workspace.Opened) error) error
}

// Roster is who is in the team.
type Roster interface {
	Members() []Membership
	Member(person seal.ID) (Membership, bool)
	// Home is the space in which the own person's name is written: the main one,
	// or the first that a guest may write in.
	Home() (seal.SpaceID, bool)
	Online(device seal.ID) bool
	LastSeen(device seal.ID) int64 // Unix milliseconds; 0: never
}

// Abroad is a space in which the own person writes beside people who may not read its home.
type Abroad struct {
	Space seal.SpaceID
	Admin bool // the own person decides who is in it
}

// Guests tells where people are who do not read what everybody else does.
type Guests interface {
	Abroad() []Abroad
	// OpenToAll reports whether everybody who reads the space now may open an envelope.
	OpenToAll(ctx context.Context, space seal.SpaceID, id seal.ID) (bool, error)
}

// Team is the workspace as people needs it.
type Team interface {
	Log
	Roster
	Spaces
	Guests
}

// Spaces is who lets people in where.
type Spaces interface {
	MainSpace() seal.SpaceID
	// LetsIn reports whether a person lets others into a private space.
	LetsIn(space seal.SpaceID, person seal.ID) bool
}

// Membership is what the membership log says of a person.
type Membership struct {
	Person   seal.ID
	Role     Role
	Here     bool     // not removed, not left
	Left     bool     // left by itself, which a removal may have confirmed
	By       seal.ID  // who invited or admitted the person
	Admitted bool     // after codes were compared with By
	Devices  []Device // active ones

	Suspended bool // waits for a confirmation
	First     bool // the owner whom nobody outranks
	Below     bool // outranked by the own person
	Stranger  bool // shares no space with the own person, who is a guest
}

// Device is one active device of a person.
type Device struct {
	ID      seal.ID
	Later   bool  // not the person's first
	AddedMs int64 // Unix milliseconds
}
