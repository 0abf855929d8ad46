package docs

import (
	"context"

	"parvis/app/workspace"
	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// ChangeState says whether a change takes part in its document. The values differ
// in many bits, so that no flipped bit turns one into another.
type ChangeState int64

// The states of a change.
const (
	Complete ChangeState = 0x33cc_0f55 // everything before it is here: handed out
	Open     ChangeState = 0x550f_cc33 // something before it is missing
	Parked   ChangeState = 0x66a5_5a99 // its author's changes wait for somebody to build on them
	Bad      ChangeState = 0x0f33_55cc // breaks a rule: kept, never handed out
	Refused  ChangeState = 0x3c96_69c3 // an engine refused it: kept, never handed out

	// HiddenChange is beyond the fences of a removal, and nobody built on it unknowingly.
	HiddenChange ChangeState = 0x7851_327e
)

// DocRow is one document of one space. The store seals Content and binds it to
// the other fields.
type DocRow struct {
	N         int64 // its small number; 0: not stored yet
	Workspace seal.ID
	Space     seal.SpaceID
	ID        doc.ID
	Made      bool // its creation is here
	Content   []byte
	Damaged   bool // Content could not be opened and is empty
}

// ActorRow is one actor of a document.
type ActorRow struct {
	N       int64 // its small number; 0: not stored yet
	Doc     int64 // DocRow.N
	Content []byte
	Damaged bool
}

// ChangeRow is one change of a document. The store seals Content, bound to the
// other fields but N and Bytes, and Bytes, bound to Hash.
type ChangeRow struct {
	N        int64 // order of arrival here
	Doc      int64 // DocRow.N
	Actor    int64 // ActorRow.N
	Seq      uint64
	Hash     seal.ID
	Envelope seal.ID
	Place    uint64 // order in which changes became complete, from 1; 0: it is not
	State    ChangeState
	Content  []byte
	Bytes    []byte // the change; empty when it was not asked for or a snapshot holds it
	Damaged  bool   // Content could not be opened and is empty
}

// NoteFlags are facts about a note that counting needs.
type NoteFlags int64

// The flags of a note.
const (
	MentionsMe NoteFlags = 1
	Unusable   NoteFlags = 2 // a body or change that breaks a rule
	Hidden     NoteFlags = 4 // beyond the fences of a removal
)

// NoteRow is any other envelope of a document: a card, a mention, files, or a
// change that breaks a rule. The store seals Content and binds it to the other
// fields but N.
type NoteRow struct {
	N        int64 // order of arrival here, among notes
	Doc      int64 // DocRow.N
	Envelope seal.ID
	Op       Op
	Flags    NoteFlags
	Content  []byte
	Damaged  bool
}

// Counts are what a list of documents shows of the rows below one.
type Counts struct {
	Unreadable int
	Mentions   int
}

// Local is what only this device knows of a document. Mentions up to note number
// Seen were seen.
type Local struct {
	Starred bool
	Seen    int64
}

// CacheKind says what a [Cache] is.
type CacheKind int64

// The kinds of caches.
const (
	SnapshotCache CacheKind = 1 // what an engine saved
	PaintCache    CacheKind = 2 // what a page shows until it has loaded
)

// Cache is something about a document that can be made again. A snapshot holds
// the changes up to Place.
type Cache struct {
	Kind  CacheKind
	Heads []seal.ID
	Place uint64
	Data  []byte
}

// DocStore keeps the documents and their actors.
type DocStore interface {
	DocRows(ctx context.Context, ws seal.ID) ([]DocRow, error)
	// PutDoc adds or changes a document and returns its number.
	PutDoc(ctx context.Context, d DocRow) (int64, error)
	// Counts are those of all documents of a workspace that have any, by number,
	// or with a number of that one.
	Counts(ctx context.Context, ws seal.ID, doc int64) (map[int64]Counts, error)
	Actors(ctx context.Context, doc int64) ([]ActorRow, error)
	PutActor(ctx context.Context, a ActorRow) (int64, error)
}

// ChangeStore keeps the changes.
type ChangeStore interface {
	// AddChange adds a change and returns its number.
	AddChange(ctx context.Context, r ChangeRow) (int64, error)
	// PutChange writes a row again, all but its bytes.
	PutChange(ctx context.Context, r ChangeRow) error
	Change(ctx context.Context, doc int64, hash seal.ID) (r ChangeRow, found bool, err error)
	// Slot is the change that has a number of an actor.
	Slot(ctx context.Context, actor int64, seq uint64) (r ChangeRow, found bool, err error)
	// Changes lists the changes of a document by arrival.
	Changes(ctx context.Context, doc int64) ([]ChangeRow, error)
}

// BytesStore keeps the bytes of changes.
type BytesStore interface {
	// Later lists the complete changes after a place, by place, with their bytes.
	Later(ctx context.Context, doc int64, place uint64, limit int) ([]ChangeRow, error)
	// Bytes are those of a change, or none.
	Bytes(ctx context.Context, r ChangeRow) ([]byte, error)
	PutBytes(ctx context.Context, r ChangeRow) error
	// DropBytes forgets the bytes of complete changes up to a place.
	DropBytes(ctx context.Context, doc int64, place uint64) error
}

// NoteStore keeps the notes.
type NoteStore interface {
	// AddNote adds a note and returns its number.
	AddNote(ctx context.Context, r NoteRow) (int64, error)
	// PutNote writes a row again.
	PutNote(ctx context.Context, r NoteRow) error
	Note(ctx context.Context, envelope seal.ID) (r NoteRow, found bool, err error)
	// Notes lists those of a document with an operation, by arrival.
	Notes(ctx context.Context, doc int64, op Op) ([]NoteRow, error)
}

// CacheStore keeps what can be made again.
type CacheStore interface {
	PutCache(ctx context.Context, doc int64, c Cache) error // replaces that of its kind
	// Cache is that of a kind; a damaged one is as if it were not there.
	Cache(ctx context.Context, doc int64, kind CacheKind) (c Cache, found bool, err error)
	// CacheInfo is a cache without its data.
	CacheInfo(ctx context.Context, doc int64, kind CacheKind) (c Cache, found bool, err error)
	DropCache(ctx context.Context, doc int64, kind CacheKind) error
}

// LocalStore keeps what never leaves this device.
type LocalStore interface {
	Locals(ctx context.Context, ws seal.ID) (map[int64]Local, error) // by DocRow.N
	PutLocal(ctx context.Context, doc int64, l Local) error
	Write(ctx context.Context, fn func(ctx context.Context) error) error
}

// ScrubStore reads everything once, and sets envelopes aside.
type ScrubStore interface {
	// NotesAfter and ChangesAfter list rows of all workspaces by number.
	NotesAfter(ctx context.Context, n int64, limit int) ([]NoteRow, error)
	ChangesAfter(ctx context.Context, n int64, limit int) ([]ChangeRow, error)
	// MoveChange gives a row to another document and leaves its seal as it is.
	MoveChange(ctx context.Context, r ChangeRow) error
	SetEnvelopeState(ctx context.Context, ws seal.ID, ids []seal.ID, state workspace.EnvelopeState, reason string) error
}

// Storage is all that documents keep on disk.
type Storage interface {
	DocStore
	ChangeStore
	BytesStore
	NoteStore
	CacheStore
	LocalStore
	ScrubStore
}
