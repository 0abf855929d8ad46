// Package change reads Automerge changes without an engine: who made a change,
// what it builds on, and whether its bytes are what they claim to be. It decodes
// a change completely and accepts only the one canonical encoding of it. That
// matters: Automerge saves documents in another form and makes the changes again
// when it loads them, so that a change in any other encoding would come back with
// another hash, and the saved file could not be opened.
//
// What it does not check is what needs the document: whether the objects and
// characters exist that an operation names.
//
// Source: https://automerge.org/automerge-binary-format-spec/
package change

import "errors"

// Limits of what is read.
const (
	MaxChange         = 1 << 20   // bytes of a change, as sent
	MaxInflated       = 8 << 20   // bytes of a compressed change when it is unpacked
	MaxOps            = 1_000_000 // operations of a change, and likewise their predecessors
	MaxDeps           = 256
	MaxActors         = 1024    // that a change names, its author included
	maxColumns        = 32      // there are fifteen
	maxDocumentActors = 65536   // of a saved document
	maxCounter        = 1 << 31 // greatest number of an operation; engines have 32 bits
	maxValue          = 1 << 53 // greatest sequence number, exact in every language
)

// ErrInvalid is wrapped by every error: the bytes are no valid change, or they
// exceed a limit.
var ErrInvalid = errors.New("not a valid change")
