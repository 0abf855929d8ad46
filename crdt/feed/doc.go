// Package feed is what members write: signed and encrypted envelopes, the
// chain each device makes of them in each space, and the vectors that say which
// part of which chain somebody has. It is pure: no clock, no storage, no
// network. Randomness is used for nonces only.
//
// The rules E1 … of crdt/SPEC.md are implemented here.
package feed
