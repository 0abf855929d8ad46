// Package call is what two devices of a call tell each other before media flows,
// signed so that it cannot be changed, taken from somebody else, or played again
// (protocol 2.15; SPEC-call.md).
package call
