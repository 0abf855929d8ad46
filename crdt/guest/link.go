// Package guest is what members of a call and the page of a guest say to each other through
// a super-peer that can read none of it (SPEC-guest.md V20 to V28): the secret of a meeting
// link, the knock at the door of a call and the answer to it, and the messages of the line
// between one member and one guest.
package guest

import (
	"encoding/base64"
	"encoding/hex"
	"errors"

	"parvis/crdt/seal"
)

const (
	labelCheck   = "parvis1/guest/check"
	labelRoom    = "parvis1/guest/room"
	labelUp      = "parvis1/guest/up"
	labelDown    = "parvis1/guest/down"
	labelID      = "parvis1/guest/id"
	labelSession = "parvis1/guest/session"
)

const (
	linkVersion = 1
	checkSize   = 2
	linkSize    = 1 + len(Secret{}) + checkSize
)

// Path is where a super-peer has the page of guests, below its address.
const Path = "/meet"

// ErrLink reports a text that is not the end of a meeting link.
var ErrLink = errors.New("not a meeting link")

// ErrNewLink reports a meeting link that a newer version has made.
var ErrNewLink = errors.New("a meeting link of a newer version")

// Secret is that of a meeting link. Who has it may knock.
type Secret [16]byte

// Room names a meeting link to super-peers, which learn nothing else of it.
type Room [16]byte

// NewSecret makes one.
func NewSecret() (s Secret) {
	copy(s[:], seal.Random(len(s)))
	return s
}

// String hides the secret, so that no log line can show it.
func (s Secret) String() string { return "meeting-secret(hidden)" }

// GoString hides the secret from %#v too.
func (s Secret) GoString() string { return s.String() }

// Fragment is what stands behind # in the link (V20).
func (s Secret) Fragment() string {
	raw := append([]byte{linkVersion}, s[:]...)
	return base64.RawURLEncoding.EncodeToString(append(raw, s.check()...))
}

// check finds a link that was cut or mistyped. It tells nothing: who sees it sees the secret.
func (s Secret) check() []byte {
	sum := seal.Hash(labelCheck, s[:])
	return sum[:checkSize]
}

// ParseFragment reads what [Secret.Fragment] writes and nothing else.
func ParseFragment(text string) (s Secret, err error) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) == 0 {
		return Secret{}, ErrLink
	}
	if raw[0] > linkVersion {
		return Secret{}, ErrNewLink
	}
	if len(raw) != linkSize {
		return Secret{}, ErrLink
	}
	copy(s[:], raw[1:])
	if s.Fragment() != text {
		return Secret{}, ErrLink
	}
	return s, nil
}

// URL is the meeting link at a super-peer with the address base.
func (s Secret) URL(base string) string { return base + Path + "#" + s.Fragment() }

// Link is what is derived from the secret of a meeting link (V21).
type Link struct {
	Room     Room
	up, down seal.AESKey
}

// Link derives the keys.
func (s Secret) Link() Link {
	room := seal.KDF(s[:], nil, labelRoom)
	return Link{Room(room[:]), seal.AESKey(seal.KDF(s[:], nil, labelUp)), seal.AESKey(seal.KDF(s[:], nil, labelDown))}
}

// String hides the keys, so that no log line can show them.
func (l Link) String() string { return "meeting-link(hidden)" }

// GoString hides the keys from %#v too.
func (l Link) GoString() string { return l.String() }

// Public is a public key of a guest, or of a member's device for one call.
type Public = [seal.ExchangePublicSize]byte

// mark is how many leading bytes of the id of a guest are zero. Ids of devices are keys,
// none of which begins so: a guest is known by its id and smaller than every device.
const mark = 4

// IDOf names a guest by its key (V22).
func IDOf(p Public) seal.ID {
	id := seal.Hash(labelID, p[:])
	clear(id[:mark])
	return id
}

// Is tells the id of a guest from that of a device.
func Is(id seal.ID) bool { return [mark]byte(id[:mark]) == [mark]byte{} && !id.IsZero() }

// Short is the first part of the id of a guest that is its own, for logs and screens.
func Short(id seal.ID) string { return hex.EncodeToString(id[mark : mark+4]) }
