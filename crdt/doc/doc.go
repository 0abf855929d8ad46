// Package doc is what Parvis needs of Automerge: documents that several people
// change at once and that merge to the same text everywhere. It holds the types and
// the [Engine] interface; crdt/doc/wasm is the engine of the program, crdt/doc/native
// a second one for tests and offline bulk work.
//
// A document is a flat stream of characters, marks and block markers under the root
// key "text", beside a few maps (footnotes, comments, suggestions, page, versions).
// Every document starts with the same constant change, see [RootChange].
package doc
