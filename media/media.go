package media

import (
	"encoding/hex"
	"log/slog"
	"net/netip"

	"parvis/crdt/call"
)

// ID names a participant: a device that is in the call.
type ID [32]byte

// String is a short form for logs.
func (id ID) String() string { return hex.EncodeToString(id[:4]) }

// Stream says what a frame belongs to. The numbers travel.
type Stream uint8

const (
	Audio  Stream = 1 // Opus, 48 kHz, 20 ms
	Video  Stream = 2 // VP8, the large layer of the camera
	Small  Stream = 3 // VP8, the small layer of the camera
	Screen Stream = 4 // VP8, the shared screen
)

// String is the stream's word in logs.
func (s Stream) String() string {
	switch s {
	case Audio:
		return "audio"
	case Video:
		return "video"
	case Small:
		return "small"
	case Screen:
		return "screen"
	}
	return "none"
}

const (
	// MaxFrame is the most bytes of one video frame, in both directions.
	MaxFrame = 1 << 20
	// MaxAudio is the most bytes of one audio frame: it must fit one packet.
	MaxAudio = 1100
)

// Frame is one encoded picture or 20 ms of sound.
type Frame struct {
	Stream Stream
	Key    bool   // video: decodable alone
	At     uint64 // µs, the sender's clock
	Data   []byte // Opus packet or VP8 frame
}

// SignalKind says what a signal is for. The numbers travel.
type SignalKind uint8

const (
	Offer     SignalKind = 1 // begins a connection, or replaces the one that was
	Answer    SignalKind = 2 // to the last offer
	Candidate SignalKind = 3 // an address at which the sender may be reached
	Bye       SignalKind = 4 // the sender has left
)

// Signal is one message of two participants about their connection.
type Signal struct {
	Kind        SignalKind
	SDP         string   // a session description, the line of a candidate, or which connection a bye is for (empty: any)
	Fingerprint [32]byte // offer and answer: SHA-256 of the certificate of the sender's end
}

// Config is what a Room needs. Send is required. No callback may block, and
// none may wait for the Room to close.
type Config struct {
	Self ID
	// Send takes a signal to a participant; signals of one participant must
	// arrive in the order given.
	Send func(to ID, s Signal)
	// Receive takes a frame; frames of one participant come one at a time. The
	// data belongs to the callback.
	Receive func(from ID, f Frame)
	// NeedKey asks the encoder of a stream for a key frame, at most twice a
	// second and stream.
	NeedKey func(s Stream)
	// Changed says that Stats has news: a state changed, or a second passed.
	Changed func()
	Log     *slog.Logger
	// Loopback allows loopback candidates: for several nodes on one machine.
	Loopback bool
	// Local tells whether an address is in a network of this machine; nil: by the
	// ranges that are private.
	Local func(netip.Addr) bool
	// Tunnel opens a UDP address on this machine behind which the participant
	// is reached some other way. It is used when no direct path is found within
	// 2 s, and closed with the connection. It may block for some seconds.
	Tunnel func(to ID) (addr netip.AddrPort, close func(), err error)
	// Frames seals and opens what goes through a forwarder. Without it this device can
	// forward, but neither send through another nor see what it carries.
	Frames *call.Frames
	// Tag stands for a participant in what travels through a forwarder, alike on all
	// devices of a call; nil: the first bytes of the id.
	Tag func(ID) [8]byte
}

// State is how far the connection to a participant is.
type State uint8

const (
	Waiting     State = iota // the other side has not offered yet
	Connecting               // offered or answered, no path yet
	Connected                // media flows
	Interrupted              // nothing arrives; it is being restarted
	Left                     // the participant said bye; Join starts anew, as does an offer from there
)

// String is the state's word for statistics.
func (s State) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Connecting:
		return "connecting"
	case Connected:
		return "connected"
	case Interrupted:
		return "interrupted"
	case Left:
		return "left"
	}
	return "unknown"
}
