package mailbox

import (
	"errors"
	"fmt"
)

// Code is what a super-peer says to an access list.
type Code uint

// The codes of an answer to Publish (X32).
const (
	CodeStored     Code = 0
	CodeOldCounter Code = 1 // it has a newer list
	CodeNotAdmin   Code = 2 // the author is no admin of the list it has
	CodeBadSetup   Code = 3 // this is not its set-up secret
	CodeMalformed  Code = 4
	CodeFull       Code = 5 // no room to store it
)

// Why a list was not taken.
var (
	// ErrOldCounter reports that the super-peer has a newer list. The error is an
	// *[OldCounterError].
	ErrOldCounter = errors.New("the super-peer has a newer access list")
	// ErrNotAdmin reports that the list at the super-peer does not name the author
	// as an admin, or that there is none yet and the set-up secret is missing.
	ErrNotAdmin = errors.New("this device may not change the access list of the super-peer")
	// ErrBadSetup reports a set-up secret of another super-peer.
	ErrBadSetup = errors.New("the set-up code does not belong to this super-peer")
	// ErrMalformed reports that the super-peer does not understand the list.
	ErrMalformed = errors.New("the super-peer does not understand the access list")
)

// OldCounterError says which counter the list at the super-peer has. It matches
// [ErrOldCounter].
type OldCounterError struct{ Stored uint64 }

// Error implements error.
func (e *OldCounterError) Error() string {
	return fmt.Sprintf("%s: number %d", ErrOldCounter, e.Stored)
}

// Is makes errors.Is(err, ErrOldCounter) true.
func (e *OldCounterError) Is(target error) bool { return target == ErrOldCounter }
