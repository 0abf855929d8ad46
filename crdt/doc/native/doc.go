// Package native is a second [doc.Engine]: the core of automerge-go, called directly.
// It exists only with cgo and the build tag automerge_native, on Linux and macOS:
//
//	go test -tags automerge_native ./crdt/doc/...
//
// It is the oracle of the differential tests, and fast for bulk work on one's own data.
// Never give it bytes from the network: Automerge's Rust code may end the process on
// crafted ones, and what it allocates nobody limits.
//
// It holds Automerge 0.5, which cannot compare states ([errors.ErrUnsupported]), and whose
// C interface writes marks but cannot read them (AMitemToMark always fails): spans come
// without marks, and SetSpans sets every mark again.
package native
