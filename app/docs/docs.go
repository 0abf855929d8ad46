// Package docs keeps the documents of a workspace. The page and the command line
// edit replicas of them; this package stores their changes, seals them into
// envelopes of kind document, checks those of others (see SPEC.md) and hands out
// what is causally complete. It knows a change by its header: what a document
// says, only an engine knows, and one is started only where text is needed.
package docs

import (
	"errors"

	"parvis/crdt/doc"
	"parvis/crdt/doc/format"
	"parvis/crdt/seal"
)

// What callers tell apart.
var (
	// ErrNotFound reports an unknown workspace, space, document or file.
	ErrNotFound = errors.New("no such document")
	// ErrInvalid reports a title, change, text or list that the rules exclude.
	ErrInvalid = errors.New("not a valid change of a document")
	// ErrTooLarge reports a change, snapshot or picture beyond its limit.
	ErrTooLarge = errors.New("too large for a document")
	// ErrGuest reports an act that guests may not do.
	ErrGuest = errors.New("guests may not do this")
	// ErrReadOnly reports a change to a document that one may only read.
	ErrReadOnly = errors.New("this document may only be read")
	// ErrSessionTaken reports a session that is gone or that another replica has:
	// the replica opens a new one and brings its unsent edits as new changes.
	ErrSessionTaken = errors.New("another page writes under this session")
	// ErrConflict reports a change that does not follow what is stored: a different
	// one has its number, or what it builds on is not here. The replica opens again.
	ErrConflict = errors.New("the change does not follow what is stored")
	// ErrStale reports a snapshot of a state that this device does not know.
	ErrStale = errors.New("the snapshot is of another state")
	// ErrPicture reports a file that is not a picture of a type that a page shows.
	ErrPicture = errors.New("not a picture")
	// ErrFormat reports a file format that nobody knows.
	ErrFormat = errors.New("unknown file format")
	// ErrNoEngine reports that no engine could be started.
	ErrNoEngine = errors.New("the document engine is not available")
)

// Limits of what a replica hands in, in bytes.
const (
	MaxChange   = 1<<20 - 4096 // one Automerge change; an envelope holds 1 MiB
	MaxSnapshot = 32 << 20     // a snapshot or a picture of the page
	MaxChanges  = 4096         // changes in one call of Apply
)

// Document is one document as this device sees it.
type Document struct {
	ID        doc.ID
	Workspace seal.ID
	Space     seal.SpaceID
	Title     string
	Folder    string // names with "/" between them; empty: none
	Origin
	Custody
	Starred    bool // on this device
	Trashed    bool
	Unreadable int // changes that are kept but cannot be used
	Mentions   int // of the own person, not seen yet
}

// Origin is who made and last changed a document, and when by their clocks.
type Origin struct {
	Author    seal.ID // person
	CreatedMs int64
	ChangedBy seal.ID // person
	ChangedMs int64
}

// Custody says how safe what this device wrote in a document is.
type Custody struct {
	Holders     int  // other devices and super-peers that hold the last of it
	BySuperPeer bool // one of them is a super-peer
	Everywhere  bool // all active devices hold it
}

// Author is who writes as an actor.
type Author struct {
	Person seal.ID
	Device seal.ID
}

// ChangeInfo is one change of a document's history.
type ChangeInfo struct {
	Hash   seal.ID
	Actor  doc.Actor
	Author Author
	Seq    uint64 // of the actor, from 1
	AtMs   int64  // the author's clock
	Deps   []seal.ID
	Ops    uint64
}

// Changes are changes of a document that became complete. A replica that has them
// already skips them.
type Changes struct {
	Workspace seal.ID
	ID        doc.ID
	Own       bool   // of this device
	Session   uint32 // whose, when own
	Changes   [][]byte
	Actors    map[doc.Actor]Author // who wrote them
}

// Cursor is where somebody's selection stands; it holds for [CursorMs].
type Cursor struct {
	Workspace seal.ID
	ID        doc.ID
	Author
	Session uint32
	Anchor  string // an Automerge cursor; empty: nowhere
	Head    string
	Gone    bool // the replica was closed
}

// CursorMs is how long a cursor holds, in milliseconds.
const CursorMs = 15_000

// Mentioned says that a comment names the own person.
type Mentioned struct {
	Document Document
	Comment  string // its id
	Author   seal.ID
	Text     string
	AtMs     int64
}

// Reload says that what a document is made of changed otherwise than by adding
// changes: a replica opens it again.
type Reload struct {
	Workspace seal.ID
	ID        doc.ID // zero: every document
}

// Trouble is something about a document that the user should know.
type Trouble struct {
	Workspace seal.ID
	Text      string // one sentence
}

// Paint is a picture of a document that a page shows until it has loaded it.
type Paint struct {
	Heads []seal.ID
	Data  []byte
}

// Exported is a document in a file format.
type Exported struct {
	Name   string // a file name with its ending
	Mime   string
	Data   []byte
	Report format.Report // what the format cannot hold
}
