package chat

import (
	"context"

	"parvis/crdt/seal"
)

// RowState says whether a row takes part in the conversation. The values differ
// in many bits, because this is the one column that its row's seal does not
// cover.
type RowState int64

// The states of a row.
const (
	RowComplete RowState = 0x33cc_0f55 // everything before it is here, and it keeps the rules
	RowOpen     RowState = 0x550f_cc33 // something before it is missing: shown, not built upon
	RowBad      RowState = 0x0f33_55cc // breaks a rule: kept, not shown
)

// Flags are facts about a row that counting needs.
type Flags int64

// The flags of a row.
const (
	Counts     Flags = 1 // a message of somebody else, sent since one joined
	MentionsMe Flags = 2
	Hidden     Flags = 4 // beyond the fences of a removal: has its place and is not shown
)

// Row is one chat envelope as it lies in the store. It is added once; only its
// state changes. The store seals Content and binds it to the other fields.
type Row struct {
	N       int64 // order of arrival here
	Channel int64 // ChannelRow.N
	Lamport uint64
	ID      seal.ID
	Op      Op
	Target  seal.ID // zero for none
	Flags   Flags
	SentMs  int64
	State   RowState
	Content []byte
	Damaged bool // Content could not be opened and is empty
}

// ChannelRow is one channel of one space. Made is false while only messages of
// it are known, not its creation.
type ChannelRow struct {
	N         int64
	Workspace seal.ID
	Space     seal.SpaceID
	Channel   ChannelID
	Made      bool
	Name      string
	Lamport   uint64  // of the operation that gave the name, 0 for none
	NamedBy   seal.ID // its envelope
	Damaged   bool    // the row's seal does not hold
}

// isGeneral reports whether the channel exists without anybody making it.
func (c ChannelRow) isGeneral() bool { return c.Channel == General(c.Space) }

// label names the channel in a sentence.
func (c ChannelRow) label() string {
	if c.Name == "" {
		return c.Channel.String()[:8]
	}
	return "“" + c.Name + "”"
}

// Mark is how far this device's person has read a channel: everything that had
// arrived as number N or before and stands at (Lamport, ID) or before.
type Mark struct {
	N       int64
	Lamport uint64
	ID      seal.ID // the last message read
}

// Last is where the last message of a channel stands and when it was sent.
type Last struct {
	Lamport uint64
	ID      seal.ID
	SentMs  int64
}

// Cut is a part of a channel's messages: those before or after a place, or of
// one thread. Rows come in order; Newest counts from the end.
type Cut struct {
	Thread seal.ID // zero: messages that answer none
	From   *Place  // nil: from the end
	After  bool    // the rows after From instead of those before it
	Limit  int
}

// Replies counts the answers to a message.
type Replies struct {
	Count  int
	LastMs int64
}

// RowStore keeps the rows.
type RowStore interface {
	// AddRows adds the rows of envelopes that have none, in this order, and gives
	// each its number.
	AddRows(ctx context.Context, rows []*Row) error
	// Rows lists the rows that some of these envelopes have, in no order.
	Rows(ctx context.Context, ids []seal.ID) ([]Row, error)
	// NewestRows lists the latest arrivals of a workspace, newest first.
	NewestRows(ctx context.Context, ws seal.ID, limit int) ([]Row, error)
	SetRowState(ctx context.Context, rows []int64, state RowState) error
	// RestoreRow writes the content of a damaged row again.
	RestoreRow(ctx context.Context, r Row) error
}

// PageStore reads conversations.
type PageStore interface {
	// Posts lists messages that are not bad, in order.
	Posts(ctx context.Context, channel int64, cut Cut) ([]Row, error)
	// Changes lists the edits, deletions and reactions of messages, not the bad ones.
	Changes(ctx context.Context, targets []seal.ID) ([]Row, error)
	Replies(ctx context.Context, roots []seal.ID) (map[seal.ID]Replies, error)
	// Namings lists the complete rows that make or rename a channel, hidden ones too.
	Namings(ctx context.Context, channel int64) ([]Row, error)
	// HasPosts reports whether a channel has a message that is shown.
	HasPosts(ctx context.Context, channel int64) (bool, error)
}

// WaitingStore reads what waits for messages that are missing.
type WaitingStore interface {
	// WaitingRows lists the numbers of the rows of a workspace in state RowOpen, by
	// their place: parents come before their children.
	WaitingRows(ctx context.Context, ws seal.ID) ([]int64, error)
	// NumberedRows reads rows, in the order of the numbers.
	NumberedRows(ctx context.Context, numbers []int64) ([]Row, error)
}

// ChannelStore keeps the channels and what this device remembers of them.
type ChannelStore interface {
	ChannelRows(ctx context.Context, ws seal.ID) ([]ChannelRow, error)
	// PutChannel adds or changes a channel and returns its number.
	PutChannel(ctx context.Context, c ChannelRow) (int64, error)
	// Tip is the end of a channel: the number of the latest arrival, and at most
	// limit rows that are not bad, last in order first.
	Tip(ctx context.Context, channel int64, limit int) (arrived int64, rows []Row, err error)
	// LastPost is the last message in order, answers included; zero for none.
	LastPost(ctx context.Context, channel int64) (Last, error)
}

// UnreadStore tells what marks leave unread.
type UnreadStore interface {
	// Unread counts, up to a few thousand, what a mark leaves unread.
	Unread(ctx context.Context, channel int64, mark Mark) (unread, mentions int, err error)
	// UnreadRows lists what a mark leaves unread up to a place.
	UnreadRows(ctx context.Context, channel int64, mark Mark, upTo Mark, limit int) ([]Row, error)
	// TopOf is the greatest place among the messages that arrived up to a number.
	TopOf(ctx context.Context, channel, n int64) (Last, error)
}

// LocalStore keeps what never leaves this device.
type LocalStore interface {
	Mark(ctx context.Context, channel int64) (Mark, error)
	PutMark(ctx context.Context, channel int64, mark Mark) error
	Draft(ctx context.Context, channel int64) (string, error)
	PutDraft(ctx context.Context, channel int64, text string) error // empty: none
	Write(ctx context.Context, fn func(ctx context.Context) error) error
}

// ScrubStore reads everything once.
type ScrubStore interface {
	// RowsAfter lists rows of all workspaces by number.
	RowsAfter(ctx context.Context, n int64, limit int) ([]Row, error)
}

// Storage is all that chat keeps on disk.
type Storage interface {
	RowStore
	PageStore
	WaitingStore
	ChannelStore
	UnreadStore
	LocalStore
	ScrubStore
}
