// Package member decides who belongs to a workspace: identities, invitations,
// the signed membership log, and resolve, the pure function from a set of log
// entries to the roles, devices, spaces and key epochs of the team.
//
// It is pure: no clock, no storage, no network. Randomness is used for new
// secrets only. A [Log] has one owner and is not safe for concurrent use; a
// [State] never changes and may be read by many goroutines.
//
// The rules M1 … of crdt/SPEC.md are implemented here.
package member
