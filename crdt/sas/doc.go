// Package sas compares two people's keys by short codes that they read to each
// other. The side that starts is bound to its random number by a commitment
// before it sees the other's, so whoever sits in the middle has one blind guess
// per run, however much it computes.
//
// Both sides are step functions: messages, typed codes and the time go in,
// messages come out. The rules C1 … of crdt/SPEC.md are implemented here.
package sas
