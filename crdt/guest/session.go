package guest

import (
	"errors"

	"parvis/crdt/seal"
)

// Limits of a message in bytes (V25).
const (
	MaxText = 64 << 10
	// MaxSealed is the most that a message is once it is sealed.
	MaxSealed = MaxText + 128
)

// ErrReplay reports a message that is not newer than all before.
var ErrReplay = errors.New("message came before")

// Type says what a message is for.
type Type uint

// The types of messages. Who does not know one skips it.
const (
	Hello     Type = 1 + iota // member: Text is its name, Mark its device. The first after Admitted
	Offer                     // member: a session description and the certificate's fingerprint
	Reply                     // guest: likewise, to the offer
	Ice                       // the line of a candidate
	Bye                       // the media connection has ended; Text names it by its user fragment, or is empty
	Status                    // Text is a name, empty: as before; Flags what is sent
	Gone                      // member: this device has left the call
	Removed                   // member: the guest must go
	Ended                     // member: the call is over
	Asks                      // member: wants to make the recording Mark; zero: asks no more
	Consent                   // guest: Flags 1 agrees to the recording Mark, 0 refuses it
	Other                     // member: another guest was let in: Mark is its id, Text its name, Flags what it sends
	OtherGone                 // member: it is there no more
	Relay                     // between guests, carried by a member: Mark is whom it is for, or from
)

// Flags of a Status, those of the hints of a call.
const (
	Muted  uint = 1
	Camera uint = 2
	Screen uint = 4
	Hand   uint = 8
)

// Message is one of a session.
type Message struct {
	Type  Type
	Text  string
	Mark  [32]byte
	Flags uint
}

type message struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	Type  uint
	Text  string
	Mark  seal.ID
	Flags uint
}

// check holds what must be right in a message itself (V25).
func (m Message) check() error {
	named := m.Mark != [32]byte{}
	bad := false
	switch m.Type {
	case 0:
		bad = true
	case Hello, Offer, Reply:
		bad = m.Text == "" || !named || m.Flags != 0
	case Ice:
		bad = m.Text == "" || named || m.Flags != 0
	case Bye:
		bad = named || m.Flags != 0
	case Status:
		bad = named
	case Gone, Removed, Ended:
		bad = m.Text != "" || named || m.Flags != 0
	case Asks:
		bad = m.Text != "" || m.Flags != 0
	case Consent:
		bad = m.Text != "" || !named || m.Flags > 1
	case Other:
		bad = m.Text == "" || !named
	case OtherGone:
		bad = m.Text != "" || !named || m.Flags != 0
	case Relay:
		bad = m.Text == "" || !named || m.Flags != 0
	}
	if bad || len(m.Text) > MaxText {
		return fault("guest message: fields missing or out of place")
	}
	return nil
}

// Session is the line between one guest and one member, for the whole call: a line that
// broke and is there again goes on with the same, because its numbers must never repeat.
// Not safe for concurrent use.
type Session struct {
	room        Room
	sends       seal.AESKey
	takes       seal.AESKey
	sent, taken uint64
}

// String hides the keys, so that no log line can show them.
func (s *Session) String() string { return "guest-session(hidden)" }

// GoString hides the keys from %#v too.
func (s *Session) GoString() string { return s.String() }

// Member is the session of a member with a guest; own is made for the call.
func (l Link) Member(own seal.ExchangeKey, guest Public) (*Session, error) {
	up, down, err := l.agree(own, guest, guest, own.Public())
	if err != nil {
		return nil, err
	}
	return &Session{room: l.Room, sends: down, takes: up}, nil
}

// Guest is the session of a guest with a member.
func (l Link) Guest(own seal.ExchangeKey, member Public) (*Session, error) {
	up, down, err := l.agree(own, member, own.Public(), member)
	if err != nil {
		return nil, err
	}
	return &Session{room: l.Room, sends: up, takes: down}, nil
}

// agree derives the keys of both directions (V24).
func (l Link) agree(own seal.ExchangeKey, other, guest, member Public) (up, down seal.AESKey, err error) {
	secret, err := own.Shared(other)
	if err != nil {
		return up, down, fault("guest session: %v", err)
	}
	salt := seal.Hash(labelSession, guest[:], member[:], l.up[:], l.down[:])
	up = seal.AESKey(seal.KDF(secret[:], salt[:], labelSession+"/up"))
	down = seal.AESKey(seal.KDF(secret[:], salt[:], labelSession+"/down"))
	return up, down, nil
}

// Seal encrypts a message. It fails when the message breaks V25.
func (s *Session) Seal(m Message) ([]byte, error) {
	if err := m.check(); err != nil {
		return nil, err
	}
	plain, err := seal.Encode(message{V: version, Type: uint(m.Type), Text: m.Text, Mark: m.Mark, Flags: m.Flags})
	if err != nil {
		return nil, err
	}
	s.sent++
	return append([]byte{kindSession}, s.sends.SealAt(s.sent, plain, s.room[:])...), nil
}

// Open reads a message of the other end; each opens once, and none that is older (V26).
func (s *Session) Open(data []byte) (Message, error) {
	if len(data) > MaxSealed || len(data) == 0 || data[0] != kindSession {
		return Message{}, fault("no message of a guest's session")
	}
	n, plain, err := s.takes.OpenAt(data[1:], s.room[:])
	if err != nil {
		return Message{}, fault("guest message: not sealed with the key of the session")
	}
	if n <= s.taken {
		return Message{}, ErrReplay
	}
	s.taken = n // also of what is not understood
	raw, err := seal.Decode[message](plain)
	if err != nil || raw.V != version {
		return Message{}, fault("guest message: made by a newer version, or malformed")
	}
	m := Message{Type(raw.Type), raw.Text, raw.Mark, raw.Flags}
	return m, m.check()
}
