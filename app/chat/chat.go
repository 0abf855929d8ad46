// Package chat keeps the conversations of a workspace: channels, messages,
// threads, reactions, what was read and who is writing. It folds the opened
// envelopes of kind chat into rows (see SPEC.md) and never changes a row after
// that: what a message looks like now is computed from the rows about it, so
// that replicas with the same envelopes show the same, whatever the order of
// arrival was.
package chat

import (
	"encoding/hex"
	"errors"
	"fmt"

	"parvis/crdt/seal"
)

// What callers tell apart.
var (
	// ErrNotFound reports an unknown workspace, channel or message.
	ErrNotFound = errors.New("no such conversation or message")
	// ErrInvalid reports a text, name, emoji or list that the rules exclude; the four
	// below it match it.
	ErrInvalid = errors.New("not a valid message")
	// ErrName reports a channel name without visible characters.
	ErrName = fmt.Errorf("not a channel name: %w", ErrInvalid)
	// ErrEmoji reports a reaction that is no emoji.
	ErrEmoji = fmt.Errorf("not an emoji: %w", ErrInvalid)
	// ErrNobody reports a conversation with oneself alone.
	ErrNobody = fmt.Errorf("a conversation needs somebody else: %w", ErrInvalid)
	// ErrEmpty reports a message without content.
	ErrEmpty = fmt.Errorf("the message is empty: %w", ErrInvalid)
	// ErrTooLong reports a text of more than [MaxText] bytes.
	ErrTooLong = errors.New("the text is too long")
	// ErrExists reports a channel name that is taken in its space.
	ErrExists = errors.New("a channel of this name exists")
	// ErrGuest reports an act that guests may not do.
	ErrGuest = errors.New("guests may not do this")
	// ErrRefused reports an act that only the author or an admin may do.
	ErrRefused = errors.New("only the author may change a message")
)

// ChannelID names a channel: the first half of a hash that covers its space.
type ChannelID [16]byte

// String returns lower-case hexadecimal.
func (c ChannelID) String() string { return hex.EncodeToString(c[:]) }

// ParseChannelID reads what String wrote.
func ParseChannelID(text string) (ChannelID, error) {
	var c ChannelID
	if len(text) != 2*len(c) {
		return c, fmt.Errorf("channel id of %d characters: %w", len(text), ErrNotFound)
	}
	if _, err := hex.Decode(c[:], []byte(text)); err != nil {
		return ChannelID{}, fmt.Errorf("channel id %q: %w", text, ErrNotFound)
	}
	return c, nil
}

// General is the channel that every main, private and group space has without
// anybody making it. In a group space it is the direct conversation.
func General(space seal.SpaceID) ChannelID {
	return half(seal.Hash("parvis1/channel/general", space[:]))
}

// channelOf is the id of the channel made in space with a nonce (rule T9). It
// covers the space, so that no channel can pretend to be one of another space.
func channelOf(space seal.SpaceID, nonce seal.ID) ChannelID {
	return half(seal.Hash("parvis1/channel", space[:], nonce[:]))
}

func half(id seal.ID) ChannelID { return ChannelID(id[:16]) }

// State says how safe a message is.
type State string

// The states of a message.
const (
	Local     State = "local"     // only on this device
	Held      State = "held"      // at least one other device has it
	Delivered State = "delivered" // all active devices have it
)

// Place is where a message stands. Lamport, then ID, is its order.
type Place struct {
	Workspace seal.ID
	Space     seal.SpaceID
	Channel   ChannelID
	ID        seal.ID
	Lamport   uint64
}

// Order sorts lexicographically like the conversation does.
func (p Place) Order() string { return fmt.Sprintf("%016x%s", p.Lamport, p.ID) }

// Origin is who wrote a message, and where in whose chain it stands.
type Origin struct {
	Author seal.ID // person
	Name   string  // of the author, as known now
	Device seal.ID
	Seq    uint64
	SentMs int64 // the author's clock: a label
	LateMs int64 // how old it was when it came too late to be seen in its place (rule T27), else 0
}

// Thread is the conversation below a message.
type Thread struct {
	Root        seal.ID // the message that this one answers, or zero
	Replies     int
	LastReplyMs int64
}

// Reaction is one emoji and the people who chose it, sorted by id.
type Reaction struct {
	Emoji  string
	People []seal.ID
}

// Custody is what other devices and super-peers acknowledged.
type Custody struct {
	State       State
	HeldBy      int  // super-peers are counted too
	BySuperPeer bool // one of them is a super-peer
}

// Message is one message as it stands now. A deleted one has no text.
type Message struct {
	Place
	Origin
	Thread
	Custody
	Text        string
	EditedMs    int64
	Deleted     bool
	Provisional bool // messages before it are missing here
	Mentions    []seal.ID
	Reactions   []Reaction
}

// Channel is one conversation as this device sees it.
type Channel struct {
	Workspace seal.ID
	Space     seal.SpaceID
	ID        ChannelID
	Name      string // "general", the given name, or the other people's names
	Direct    bool
	People    []seal.ID // of the space; none means everybody
	Unread    int       // messages and missed calls
	Mentions  int
	ReadUpTo  seal.ID
	LastMs    int64
	Draft     string

	MissedCalls int // of a direct conversation, that were not seen
}

// Query asks for one page, oldest first. Before and Around name messages; with
// neither it is the end of the conversation. With Thread it is the root and its
// answers. Limit is 1 to 500.
type Query struct {
	Thread, Before, Around seal.ID
	Limit                  int
}

// Page is a part of a conversation; More says that older messages exist.
type Page struct {
	Messages []Message
	More     bool
}

// Post is the content of a new message; with Thread it answers that message.
type Post struct {
	Text     string
	Thread   seal.ID
	Mentions []seal.ID
}

// Sent names a message that is stored on this device.
type Sent struct {
	ID  seal.ID
	Seq uint64
}

// Typing says that somebody writes in a channel right now; it holds for
// [TypingMs].
type Typing struct {
	Workspace seal.ID
	Channel   ChannelID
	Person    seal.ID
}

// TypingMs is how long a typing hint holds, in milliseconds.
const TypingMs = 5_000

// MaxPage is the greatest number of messages in a page.
const MaxPage = 500
