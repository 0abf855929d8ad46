// Package people knows who is in a workspace: their names, roles and presence.
// Names travel in envelopes of kind profile (SPEC.md); roles come from the
// membership log, presence from the network.
package people

import (
	"errors"

	"parvis/crdt/seal"
)

// What callers tell apart.
var (
	// ErrNotFound reports an unknown workspace, space or person.
	ErrNotFound = errors.New("no such workspace, space or person")
	// ErrInvalid reports a text that is no name.
	ErrInvalid = errors.New("not a name")
	// ErrTaken reports the name of a private space that another one has.
	ErrTaken = errors.New("a private space of this name exists")
	// ErrRefused reports a name that somebody else must give.
	ErrRefused = errors.New("not allowed to give this name")
)

// State says how sure one can be of a person.
type State string

// The states of a person.
const (
	Verified   State = "verified"   // codes were compared
	Unverified State = "unverified" // the own person did not compare codes with them
	NewDevice  State = "new-device" // added a device since, or within seven days
	Suspended  State = "suspended"  // came with an invitation that was used too often
	Left       State = "left"       // left by itself
	Removed    State = "removed"    // was removed
)

// Out reports whether a person is not in the workspace any more.
func (s State) Out() bool { return s == Left || s == Removed }

// Role is owner, admin, member or guest.
type Role string

// The roles.
const (
	Owner  Role = "owner"
	Admin  Role = "admin"
	Member Role = "member"
	Guest  Role = "guest"
)

// Person is a member, guest or former member.
type Person struct {
	Workspace  seal.ID
	ID         seal.ID
	Name       string // never empty: a short id stands in for an unknown name
	Role       Role
	State      State
	Online     bool
	LastSeenMs int64 // Unix milliseconds; 0: never
	Devices    int   // active ones
	InvitedBy  seal.ID
	AdmittedBy seal.ID // who compared codes with them when they came; zero: nobody
	Self       bool
	VerifiedMs int64     // when the own person compared codes with them; 0: never
	VerifiedBy []seal.ID // others who say that they did, with all devices of now
	First      bool      // the owner whom nobody outranks
	Below      bool      // the person who uses this device outranks this one
}
