package workspace

import (
	"context"

	"parvis/crdt/seal"
)

// EnvelopeState says what became of a stored envelope.
type EnvelopeState int

// The states of a stored envelope.
const (
	EnvelopeApplied     EnvelopeState = 0 // folded into its view
	EnvelopeWaitsForKey EnvelopeState = 1 // its epoch's secret is not here yet
	EnvelopeQuarantined EnvelopeState = 2 // kept, shown as unreadable
	EnvelopeHidden      EnvelopeState = 3 // beyond the fence of a removal
)

// EnvelopeRow is one stored envelope.
type EnvelopeRow struct {
	Space  seal.SpaceID
	Device seal.ID
	Seq    uint64
	ID     seal.ID
	Bytes  []byte // as received: [payload, sig, ct]
	State  EnvelopeState
}

// Tail is the end of the gapless part of a device's chain in a space. High is the
// greatest number that was ever stored, which is greater when damage made a gap;
// only [EnvelopeStore.Tails] gives it.
type Tail struct {
	Space  seal.SpaceID
	Device seal.ID
	Seq    uint64 // 0: the first one is missing
	ID     seal.ID
	High   uint64
}

// Place is where an envelope stands in its chain.
type Place struct {
	Space  seal.SpaceID
	Device seal.ID
	Seq    uint64
}

// Transactor runs functions in durable transactions. Concurrent calls share one
// commit (and one fsync); each function is undone alone when it returns an
// error. Write returns after the commit. Inside fn every store method that is
// given fn's context uses the transaction. OnRollback adds a function that runs,
// before anything else is written, whenever something that had run without error
// was undone because the shared commit failed.
type Transactor interface {
	Write(ctx context.Context, fn func(ctx context.Context) error) error
	OnRollback(func())
}

// Vault keeps values encrypted under the device's storage key. name is plain
// text and must not say anything secret.
type Vault interface {
	PutSecret(ctx context.Context, ws seal.ID, name string, value []byte) error
	Secret(ctx context.Context, ws seal.ID, name string) (value []byte, found bool, err error)
	Secrets(ctx context.Context, ws seal.ID, prefix string) (map[string][]byte, error)
	DeleteSecret(ctx context.Context, ws seal.ID, name string) error
}

// LogStore keeps the sealed entries of the membership log in the order in which
// they were added (parents first), and the blobs beside it.
type LogStore interface {
	AddEntry(ctx context.Context, ws, id seal.ID, sealed []byte) error // idempotent
	Entries(ctx context.Context, ws seal.ID, visit func(id seal.ID, sealed []byte) error) error
	PutBlob(ctx context.Context, ws, id seal.ID, data []byte) error // replaces
	Blob(ctx context.Context, ws, id seal.ID) (data []byte, found bool, err error)
	DeleteBlob(ctx context.Context, ws, id seal.ID) error
}

// EnvelopeStore keeps envelopes as received. Two envelopes with one seq (a fork)
// are both kept.
type EnvelopeStore interface {
	// AddEnvelopes inserts rows, ignoring those present, and moves the tails of
	// their chains over what has become gapless.
	AddEnvelopes(ctx context.Context, ws seal.ID, rows []EnvelopeRow) error
	// Envelopes lists a chain from a seq on, by seq, at most limit rows.
	// Damaged rows are reported (see Damage), deleted and left out.
	Envelopes(ctx context.Context, ws seal.ID, space seal.SpaceID, device seal.ID, from uint64, limit int) ([]EnvelopeRow, error)
	Envelope(ctx context.Context, ws, id seal.ID) (row EnvelopeRow, found bool, err error)
	Tails(ctx context.Context, ws seal.ID) ([]Tail, error)
	// EnvelopesIn lists the rows of a space that have the given state, oldest first.
	EnvelopesIn(ctx context.Context, ws seal.ID, space seal.SpaceID, state EnvelopeState, limit int) ([]EnvelopeRow, error)
}

// ArrivalStore lists the envelopes of many chains together.
type ArrivalStore interface {
	// Arrivals lists what stands in chains behind the given ends, without gaps in
	// any chain and in about the order in which it came here: what a message builds
	// on comes before it. Of a fork, the second envelope comes last. About limit
	// rows at most and, unless the first alone is larger, maxBytes; none only when
	// nothing is there. Damaged rows are reported, deleted and left out.
	Arrivals(ctx context.Context, ws seal.ID, ends []Tail, limit, maxBytes int) ([]EnvelopeRow, error)
}

// PlaceStore finds envelopes without reading them.
type PlaceStore interface {
	// Places tells where stored envelopes stand; ids that are not stored are left out.
	Places(ctx context.Context, ws seal.ID, ids []seal.ID) (map[seal.ID]Place, error)
}

// StateStore changes what became of stored envelopes.
type StateStore interface {
	SetEnvelopeState(ctx context.Context, ws seal.ID, ids []seal.ID, state EnvelopeState, reason string) error
	Quarantined(ctx context.Context, ws seal.ID) (map[seal.ID]string, error) // id → reason
}

// FenceStore finds what removals concern.
type FenceStore interface {
	// Rivals is the lowest number that two envelopes of a chain have, or 0.
	Rivals(ctx context.Context, ws seal.ID, space seal.SpaceID, device seal.ID) (uint64, error)
	// IDsAt names the envelopes that have one number of a chain.
	IDsAt(ctx context.Context, ws seal.ID, space seal.SpaceID, device seal.ID, seq uint64) ([]seal.ID, error)
	// ChainPart reads a part of a chain, and says with which number the next one
	// begins, or 0. Damaged rows are reported, deleted and left out.
	ChainPart(ctx context.Context, ws seal.ID, part ChainPart) (rows []EnvelopeRow, next uint64, err error)
	// HiddenIDs names the hidden envelopes of a space.
	HiddenIDs(ctx context.Context, ws seal.ID, space seal.SpaceID) ([]seal.ID, error)
}

// ChainPart is a part of a chain to be read: whole numbers, at least one.
type ChainPart struct {
	Space  seal.SpaceID
	Device seal.ID
	From   uint64 // the number that it begins with
	Down   bool   // from there to lower numbers
	Hidden bool   // only what is hidden
	Bytes  int    // about how much of it; one number may have more
	Rows   int    // at most about so many envelopes; 0: as many as there are
}

// PeerStore remembers what other devices acknowledged and where they were seen.
type PeerStore interface {
	PutAcks(ctx context.Context, ws, device seal.ID, tails []Tail) error
	Acks(ctx context.Context, ws seal.ID) (map[seal.ID][]Tail, error) // by acknowledging device
	// PutAddrs keeps where a device was reached: no addrs leaves the known ones,
	// and an earlier seenMs leaves the later one.
	PutAddrs(ctx context.Context, ws, device seal.ID, addrs []string, seenMs int64) error
	Addrs(ctx context.Context, ws seal.ID) (map[seal.ID]Seen, error)
}

// Seen is where and when a device was last reached.
type Seen struct {
	Addrs  []string
	SeenMs int64 // Unix milliseconds; 0: never
}

// Registry lists the workspaces of this data folder.
type Registry interface {
	AddWorkspace(ctx context.Context, ws seal.ID) error // idempotent
	// RemoveWorkspace deletes all rows of a workspace, those of its views included.
	RemoveWorkspace(ctx context.Context, ws seal.ID) error
	Workspaces(ctx context.Context) ([]seal.ID, error)
}

// Damage is one stored row whose content does not match its hash. The row is
// gone from the table; where the network has it, it is fetched again.
type Damage struct {
	Table  string
	Key    string // readable: which object
	Space  seal.SpaceID
	Device seal.ID
	Seq    uint64
}

// Scrubber checks every stored row against its hash.
type Scrubber interface {
	// Scrub reads all rows of a workspace, deletes the damaged ones (moving tails
	// back to before them) and reports each.
	Scrub(ctx context.Context, ws seal.ID) ([]Damage, error)
	// OnDamage adds a function that is told of damage found by ordinary reads.
	OnDamage(func(ws seal.ID, d Damage))
}

// Storage is all that a workspace keeps on disk.
type Storage interface {
	Transactor
	Vault
	LogStore
	EnvelopeStore
	ArrivalStore
	PlaceStore
	StateStore
	FenceStore
	PeerStore
	Registry
	Scrubber
}
