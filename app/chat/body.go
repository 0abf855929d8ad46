package chat

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parvis/app/name"
	"parvis/crdt/seal"
)

// Op says what a body does (rule T2).
type Op uint

// The operations.
const (
	OpPost   Op = 0
	OpEdit   Op = 1
	OpDelete Op = 2
	OpReact  Op = 3
	OpPin    Op = 4
	OpCreate Op = 5
	OpRename Op = 6
)

// Limits of a body (rules T3 to T8).
const (
	MaxText     = 16 * 1024 // bytes of a post or an edit
	MaxParents  = 8
	MaxRefs     = 16
	MaxMentions = 64
	MaxEmoji    = 64      // bytes of a reaction
	maxLamport  = 1 << 53 // exact in every language
	maxFirst    = 1 << 40 // of a message that names no others: room to count on from it
	version     = 1
	takeBack    = "-" // in front of an emoji, or alone for a pin
)

// errNewer reports a body of a later version (rule T1, T2).
var errNewer = errors.New("made by a newer version of Parvis")

// Body is the content of a chat envelope (protocol 2.9, rule T1).
type Body struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	Channel  ChannelID
	Op       Op
	Parents  []seal.ID // heads of the channel that the author saw, ascending
	Lamport  uint64    // 1 + the greatest of the parents
	Text     string
	Refs     []FileRef
	Target   *seal.ID  // message, thread root, or the nonce of a new channel
	Mentions []seal.ID // people, ascending
}

// Encode writes a body.
func (b Body) Encode() ([]byte, error) {
	b.V = version
	return seal.Encode(b)
}

// Decode reads and checks a body that arrived in a space. It knows nothing of
// other messages: what depends on them is checked when they are known.
func Decode(data []byte, space seal.SpaceID) (Body, error) {
	b, err := seal.Decode[Body](data)
	if err != nil {
		if newer(data) {
			return Body{}, errNewer
		}
		return Body{}, err
	}
	if b.V > version || b.Op > OpRename {
		return Body{}, errNewer
	}
	if b.V != version {
		return Body{}, fmt.Errorf("version %d does not exist", b.V)
	}
	for _, check := range []func(Body) error{checkGraph, checkText, checkTarget, checkLists} {
		if err := check(b); err != nil {
			return Body{}, err
		}
	}
	if b.Op == OpCreate && b.Channel != channelOf(space, *b.Target) {
		return Body{}, errors.New("the new channel's id does not belong to this space")
	}
	return b, nil
}

// newer reports whether data is an array whose version or operation is one that
// only a later program knows.
func newer(data []byte) bool {
	elements, err := seal.Elements(data)
	if err != nil || len(elements) < 3 {
		return false
	}
	v, err := seal.Decode[uint](elements[0])
	return err == nil && v > version
}

// checkGraph is rules T3 and T4.
func checkGraph(b Body) error {
	switch {
	case len(b.Parents) > MaxParents:
		return fmt.Errorf("%d parents", len(b.Parents))
	case !ascending(b.Parents):
		return errors.New("parents are not in ascending order")
	case len(b.Parents) == 0 && (b.Lamport == 0 || b.Lamport > maxFirst):
		return fmt.Errorf("lamport %d without parents", b.Lamport)
	case len(b.Parents) > 0 && b.Lamport < 2, b.Lamport > maxLamport:
		return fmt.Errorf("lamport %d with %d parents", b.Lamport, len(b.Parents))
	}
	return nil
}

// checkText is rules T5, T10 and T11.
func checkText(b Body) error {
	if len(b.Text) > MaxText {
		return fmt.Errorf("text of %d bytes", len(b.Text))
	}
	switch b.Op {
	case OpPost, OpEdit:
		if b.Text == "" && len(b.Refs) == 0 {
			return errors.New("a message without content")
		}
	case OpReact:
		if !isEmoji(strings.TrimPrefix(b.Text, takeBack)) {
			return errors.New("a reaction that is no emoji")
		}
	case OpCreate, OpRename:
		if b.Text == "" || name.Clean(b.Text) != b.Text {
			return errors.New("a channel name that is not clean")
		}
	case OpPin:
		if b.Text != "" && b.Text != takeBack {
			return errors.New("a pin with text")
		}
	case OpDelete:
		if b.Text != "" {
			return errors.New("a deletion with text")
		}
	}
	return nil
}

// checkTarget is rule T7.
func checkTarget(b Body) error {
	switch b.Op {
	case OpEdit, OpDelete, OpReact, OpPin, OpCreate:
		if b.Target == nil {
			return errors.New("the target is missing")
		}
	case OpRename:
		if b.Target != nil {
			return errors.New("a new name with a target")
		}
	}
	return nil
}

// checkLists is rules T6 and T8.
func checkLists(b Body) error {
	content := b.Op == OpPost || b.Op == OpEdit
	switch {
	case len(b.Refs) > MaxRefs:
		return fmt.Errorf("%d files", len(b.Refs))
	case len(b.Mentions) > MaxMentions:
		return fmt.Errorf("%d mentions", len(b.Mentions))
	case !ascending(b.Mentions):
		return errors.New("mentions are not in ascending order")
	case !content && len(b.Refs)+len(b.Mentions) > 0:
		return errors.New("files or mentions outside of a message")
	}
	for _, ref := range b.Refs {
		if err := ref.Check(); err != nil {
			return err
		}
	}
	return nil
}

// ascending reports whether ids are sorted and different.
func ascending(ids []seal.ID) bool {
	for i := 1; i < len(ids); i++ {
		if ids[i-1].Compare(ids[i]) >= 0 {
			return false
		}
	}
	return true
}

// sorted returns the different ids in ascending order.
func sorted(ids []seal.ID) []seal.ID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, seal.ID.Compare)
	return slices.Compact(ids)
}

// isEmoji accepts what can stand on a small button: a short text without white
// space, letters of a sentence or control characters. It does not know the list
// of emoji, which grows every year.
func isEmoji(text string) bool {
	if text == "" || len(text) > MaxEmoji || !utf8.ValidString(text) || strings.HasPrefix(text, takeBack) {
		return false
	}
	for _, r := range text {
		joins := r == '\u200d' || unicode.Is(unicode.Variation_Selector, r) || (r >= 0xe0020 && r <= 0xe007f)
		if !joins && (unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return false
		}
	}
	return name.Clean(text) != "" || strings.ContainsFunc(text, unicode.IsPrint)
}
