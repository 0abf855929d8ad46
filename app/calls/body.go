package calls

import (
	"errors"
	"fmt"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// Op says what a record tells of a call (rule L2).
type Op uint

// The operations.
const (
	OpStart  Op = 0
	OpJoin   Op = 1
	OpEnd    Op = 2
	OpLink   Op = 3 // a meeting link was made (rule L60); in place of a call: its secret
	OpRevoke Op = 4
)

const (
	version   = 1
	maxUplink = 10_000_000 // kbit/s
)

// The flags of a hint (rule L8).
const (
	flagMuted     = 1
	flagCamera    = 2
	flagScreen    = 4
	flagHand      = 8
	flagLeft      = 16
	flagRecording = 32
	flagDeclined  = 64
	flagNoPage    = 128
	flagsState    = flagMuted | flagCamera | flagScreen | flagHand | flagRecording | flagNoPage
)

// errNewer reports a body of a later version (rule L1).
var errNewer = errors.New("made by a newer version of Parvis")

// Body is the content of a call envelope (rule L1).
type Body struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Op      Op
	Call    call.ID
	Channel ChannelID
}

// Encode writes a body.
func (b Body) Encode() ([]byte, error) {
	b.V = version
	return seal.Encode(b)
}

// Decode reads and checks a body.
func Decode(data []byte) (Body, error) {
	b, err := seal.Decode[Body](data)
	if err != nil {
		if newer(data) {
			return Body{}, errNewer
		}
		return Body{}, err
	}
	switch {
	case b.V > version || b.Op > OpRevoke:
		return Body{}, errNewer
	case b.V != version:
		return Body{}, fmt.Errorf("version %d does not exist", b.V)
	case b.Call == call.ID{}, b.Channel == ChannelID{}:
		return Body{}, errors.New("it names no call or no channel")
	}
	return b, nil
}

// newer reports whether data is an array with a version that only a later program
// knows.
func newer(data []byte) bool {
	elements, err := seal.Elements(data)
	if err != nil || len(elements) < 2 {
		return false
	}
	v, err := seal.Decode[uint](elements[0])
	return err == nil && v > version
}

// hint travels over the open streams while a device is in a call (rule L8).
type hint struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Call   call.ID
	Flags  uint
	Uplink uint   // kbit/s
	Since  uint64 // the clock of the device when it joined, Unix milliseconds
}

func decodeHint(data []byte) (hint, error) {
	h, err := seal.Decode[hint](data)
	switch {
	case err != nil:
		return hint{}, err
	case h.V != version, h.Call == call.ID{}, h.Since == 0:
		return hint{}, errors.New("not a hint about a call")
	}
	h.Uplink = min(h.Uplink, maxUplink)
	return h, nil
}

func (s State) flags() (flags uint) {
	for flag, on := range map[uint]bool{
		flagMuted: s.Muted, flagCamera: s.Camera, flagScreen: s.Screen, flagHand: s.Hand, flagRecording: s.Recording,
	} {
		if on {
			flags |= flag
		}
	}
	return flags
}

func stateOf(flags uint) State {
	return State{
		Muted: flags&flagMuted != 0, Camera: flags&flagCamera != 0, Screen: flags&flagScreen != 0,
		Hand: flags&flagHand != 0, Recording: flags&flagRecording != 0,
	}
}
