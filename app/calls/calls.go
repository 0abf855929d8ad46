// Package calls knows which calls go on in the channels of a workspace, who takes
// part, and carries the one call that this device is in (SPEC.md). What was started
// and ended travels in envelopes of kind call, who is there by live hints, and how
// two devices connect by signals between them alone.
package calls

import (
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// What callers tell apart.
var (
	// ErrNotFound reports an unknown workspace, channel or call.
	ErrNotFound = errors.New("no such call")
	// ErrEnded reports a call that nobody is in any more.
	ErrEnded = errors.New("the call is over")
	// ErrBusy reports that this device is in another call.
	ErrBusy = errors.New("in another call")
	// ErrNotIn reports that this device is in no call, or not in this one.
	ErrNotIn = errors.New("not in this call")
	// ErrNoCall reports that there is no call to leave; it matches ErrNotIn.
	ErrNoCall = fmt.Errorf("in no call: %w", ErrNotIn)
	// ErrFull reports a call with as many participants as there may be.
	ErrFull = errors.New("the call is full")
	// ErrInvalid reports a value that no call has.
	ErrInvalid = errors.New("not valid for a call")
	// ErrNoGuest reports a guest who is not there (any more).
	ErrNoGuest = errors.New("no such guest")
	// ErrGuests reports a call with as many guests as there may be.
	ErrGuests = errors.New("as many guests as a call can have")
	// ErrNoLink reports a meeting link that is not valid (any more).
	ErrNoLink = errors.New("no such meeting link")
	// ErrLinks reports a channel with as many meeting links as it may have.
	ErrLinks = errors.New("as many meeting links as a channel can have")
	// ErrNotYours reports a meeting link that only others may revoke.
	ErrNotYours = errors.New("only who made a meeting link, or moderates the channel, revokes it")
	// ErrNoDoor reports a workspace without a reachable super-peer that receives guests.
	ErrNoDoor = errors.New("no super-peer that receives guests is reached")
	// ErrMalformed reports a signal that nobody honest sends.
	ErrMalformed = errors.New("call signal is forged")
	// ErrRefused reports a signal that is not for the call of this device.
	ErrRefused = errors.New("call signal refused")
)

// Limits and times (rules L9, L10, L17 to L19).
const (
	MaxParticipants = 64 // of one call
	MaxCalls        = 16 // that go on in one workspace
	HintEvery       = 2 * time.Second
	GoneAfter       = 6 * time.Second
	RingFor         = 45 * time.Second
	MaxRings        = 6 // of one person in a minute
)

// ChannelID names the conversation that a call belongs to.
type ChannelID [16]byte

// String returns 32 lower-case hexadecimal digits.
func (id ChannelID) String() string { return hex.EncodeToString(id[:]) }

// IDText writes the id of a call as 32 lower-case hexadecimal digits.
func IDText(id call.ID) string { return hex.EncodeToString(id[:]) }

// ParseID reads what [IDText] writes and nothing else.
func ParseID(text string) (call.ID, error) {
	id, err := seal.ParseSpaceID(text) // of the same form
	if err != nil {
		return call.ID{}, fmt.Errorf("call %.40q: %w", text, ErrNotFound)
	}
	return call.ID(id), nil
}

// Call is one call as this device sees it now. It goes on while Participants is not
// empty.
type Call struct {
	Workspace    seal.ID
	Space        seal.SpaceID
	Channel      ChannelID
	ID           call.ID
	Direct       bool      // in a direct conversation
	By           seal.ID   // the person who started it
	StartedMs    int64     // the starter's clock: a label
	EndedMs      int64     // 0: nobody has said so
	People       []seal.ID // who was in it, by id
	Participants []Participant
	Lost         []Lost    // of the own call: who was not heard any more
	Declined     []seal.ID // people who do not want to join, as heard since the start of this program
	Lobby        []Knock   // guests who wait to be let in; known while this device takes part
	Standing
}

// Standing is how a call stands for this device.
type Standing struct {
	Ringing bool    // here, now
	Missed  bool    // it was for this person, who was not there
	Here    bool    // this device takes part
	Rejoin  bool    // it goes on, and this device was in it until the program or its page ended
	MovedTo call.ID // this device went over to that call by itself; zero: it did not
}

// Lost is a participant of the own call who is gone without a goodbye.
type Lost struct {
	Device, Person seal.ID
	AtMs           int64 // when it was heard last, by the clock of this device
}

// Participant is a device that takes part in a call.
type Participant struct {
	Device, Person seal.ID
	State
	UplinkKbps int // as the device itself has measured; 0: not known
	Self       bool
	NoPage     bool // nothing captures and plays there

	Asks    bool   // to record the call, or records it
	Answer  Answer // of this device to it
	Consent Answer // to the recording that this device asks for

	Guest bool   // a browser that somebody let in, and no device: Device is its id, Person too
	Name  string // of a guest, as it calls itself
}

// State is what a participant does. All false: is there, heard and not seen.
type State struct {
	Muted, Camera, Screen, Hand, Recording bool
}

// Ring says that a call rings on this device, or has stopped to.
type Ring struct {
	Workspace seal.ID
	Channel   ChannelID
	ID        call.ID
	By        seal.ID
	Ringing   bool
	Stopped   Stop // why, when it does not ring any more
}

// Stop says why ringing stopped.
type Stop string

// Why ringing stops (rule L18).
const (
	Joined   Stop = "joined"   // this person is in the call
	Declined Stop = "declined" // on one of this person's devices
	Ended    Stop = "ended"    // nobody is in it any more
	Unheard  Stop = "unheard"  // it has rung long enough
)

// Trouble is a damaged row, named for the user.
type Trouble struct {
	Workspace seal.ID
	Text      string // one sentence
}
