// Package guest carries /parvis/guest/1 (SPEC.md W110 to W118): members open the room of a
// meeting link at a super-peer, which carries bytes between them and guests that come to it
// with a browser. What is said is sealed between the two ends and not looked at here.
package guest

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"parvis/p2p/wire"
)

// Protocol is the id of the protocol, with its major version. A super-peer that lets no
// guests in does not speak it.
const Protocol = "/parvis/guest/1"

const (
	// MaxData is the size of what is said at once, in bytes.
	MaxData = 65 << 10
	// MaxKnock is the most that a guest says at once before a member has admitted it.
	MaxKnock = 1 << 10

	version  = 1
	maxOpen  = 128
	maxReady = 2 << 10
	maxURL   = 256
	maxSTUN  = 4
	maxFrame = MaxData + 128
	breach   = 10 // points for a broken rule (protocol 2.18)
)

// Room names a meeting link. It tells nothing of it.
type Room [16]byte

// Seat is one line of a guest, named by the super-peer.
type Seat [16]byte

// Member is one stream of a member, named by the super-peer: all that guests are told.
type Member [16]byte

// Ticket is what a member opens a room with.
type Ticket struct {
	Workspace [32]byte // whose access list the member is in
	Room      Room
}

// Offer is how guests reach a super-peer.
type Offer struct {
	URL  string   // https, without a slash at the end
	STUN []string // where both sides of a connection learn their addresses; may be empty
}

// Kind says what a message of a member's stream is for. The numbers travel.
type Kind uint8

// The kinds of messages. The first three come from the super-peer, the others from the
// member; Said comes from both.
const (
	Came  Kind = 1 // a guest is there
	Gone  Kind = 2 // its line has ended
	Said  Kind = 3 // Data is from it, or for it
	Admit Kind = 4 // it may have what the super-peer has for guests that were let in
	Drop  Kind = 5 // its line is to end
)

// Event is what happens in a room.
type Event struct {
	Kind Kind
	Seat Seat
	Data []byte
}

// Why a super-peer does not open a room. Any other error of [Open] means that the
// connection failed.
var (
	ErrStranger = errors.New("not in the access list of the super-peer")
	ErrTaken    = errors.New("another workspace has this room")
	ErrFull     = errors.New("the super-peer opens no more rooms")
	ErrOften    = errors.New("came too often")
)

const (
	codeOpen = iota
	codeStranger
	codeTaken
	codeFull
	codeOften
	codes
)

// refusals are the errors of the codes.
var refusals = [codes]error{nil, ErrStranger, ErrTaken, ErrFull, ErrOften}

// open is the first message of a member. A room of zeros opens none: it asks for the offer.
type open struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Workspace [32]byte
	Room      Room
}

// ready is the answer to it.
type ready struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Code uint
	URL  string
	STUN []string
}

// message is what both say from then on.
type message struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Kind uint
	Seat Seat
	Data []byte
}

func malformed(what string) error { return fmt.Errorf("%w: %s", wire.ErrMalformed, what) }

func decodeOpen(frame []byte) (Ticket, error) {
	o, err := wire.Decode[open](frame)
	if err == nil && o.V != version {
		err = malformed("version of a room's opening")
	}
	return Ticket{o.Workspace, o.Room}, err
}

// readyOn is the message that says a refusal, or gives the offer.
func readyOn(refusal error, o Offer) ready {
	if refusal == nil {
		return ready{V: version, URL: o.URL, STUN: append([]string{}, o.STUN...)}
	}
	for code, known := range refusals {
		if known == refusal {
			return ready{V: version, Code: uint(code), STUN: []string{}}
		}
	}
	return ready{V: version, Code: codeFull, STUN: []string{}}
}

// decodeReady takes codes that it does not know for a lack of room.
func decodeReady(frame []byte) (o Offer, refusal, err error) {
	r, err := wire.Decode[ready](frame)
	switch {
	case err != nil:
		return Offer{}, nil, err
	case r.V != version:
		return Offer{}, nil, malformed("version of an offer")
	case r.Code >= codes:
		return Offer{}, ErrFull, nil
	case r.Code != codeOpen:
		return Offer{}, refusals[r.Code], nil
	}
	o = Offer{r.URL, r.STUN}
	return o, nil, o.check()
}

// check holds what must be right in an offer: it is put into links that people click, and
// handed to what connects.
func (o Offer) check() error {
	web := strings.HasPrefix(o.URL, "https://") || strings.HasPrefix(o.URL, "http://")
	if !web || len(o.URL) > maxURL || strings.HasSuffix(o.URL, "/") || !plain(o.URL) || strings.ContainsAny(o.URL, "#?@\\") {
		return malformed("address for guests")
	}
	if len(o.STUN) > maxSTUN {
		return malformed("too many STUN servers")
	}
	for _, one := range o.STUN {
		if !strings.HasPrefix(one, "stun:") || len(one) > maxURL || !plain(one) {
			return malformed("address of a STUN server")
		}
	}
	return nil
}

// plain reports whether a text has visible ASCII only.
func plain(text string) bool {
	return utf8.ValidString(text) && strings.IndexFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// decodeMessage reads a message of a member, or of a super-peer.
func decodeMessage(frame []byte, fromMember bool) (Event, error) {
	m, err := wire.Decode[message](frame)
	if err != nil {
		return Event{}, err
	}
	kind := Kind(min(m.Kind, 0xff))
	known := kind == Said || fromMember && (kind == Admit || kind == Drop) || !fromMember && (kind == Came || kind == Gone)
	switch {
	case m.V != version, !known:
		return Event{}, malformed("kind or version of a guest's message")
	case m.Seat == Seat{}:
		return Event{}, malformed("a guest's message without a guest")
	case len(m.Data) > MaxData:
		return Event{}, fmt.Errorf("%w: a guest's message", wire.ErrTooLarge)
	case (len(m.Data) == 0) == (kind == Said):
		return Event{}, malformed("a guest's message without data, or with data out of place")
	}
	return Event{kind, m.Seat, m.Data}, nil
}

func (e Event) message() message {
	data := e.Data
	if data == nil {
		data = []byte{} // never null
	}
	return message{V: version, Kind: uint(e.Kind), Seat: e.Seat, Data: data}
}
