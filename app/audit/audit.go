// Package audit shows the membership log of a workspace to people: who did what to
// whom, whether it counts, and proofs of forks. It writes the log as one JSON file
// that anybody verifies without a node, and verifies such files (SPEC.md).
package audit

import "errors"

// What callers tell apart.
var (
	// ErrNotFound reports an unknown workspace.
	ErrNotFound = errors.New("no such workspace")
	// ErrGuest reports that guests cannot export the log.
	ErrGuest = errors.New("guests cannot export the log")
	// ErrTooLarge reports a log that does not fit into one file.
	ErrTooLarge = errors.New("the log is too large for one file")
)

// Line is one entry of the log as people read it. Ids are hexadecimal digits.
type Line struct {
	N       int    `json:"n"` // place in the log, from 1
	Entry   string `json:"entry"`
	ClockMs int64  `json:"authorClockMs"` // Unix milliseconds, the author's clock: a label only
	By      Author `json:"by"`
	Did     Act    `json:"did"`
	Kept    bool   `json:"kept"`
	Void    *Void  `json:"notKept,omitempty"`
	Fork    string `json:"fork,omitempty"` // the device's other entry for this place of its chain
	Text    string `json:"text"`
}

// Author is who wrote an entry: the role is that before the entry.
type Author struct {
	Person string `json:"person"`
	Device string `json:"device"`
	Number int    `json:"deviceNumber"` // in the person, from 0; -1: the recovery key
	Role   string `json:"role"`
}

// The kinds of acts.
const (
	Founded           = "founded"
	Admitted          = "admitted"
	AddedDevice       = "added-device"
	RemovedDevice     = "removed-device"
	SetRole           = "set-role"
	RemovedPerson     = "removed-person"
	Invited           = "invited"
	WithdrewInvite    = "withdrew-invitation"
	MadeSpace         = "made-space"
	ChangedSpace      = "changed-space"
	MadeKey           = "made-key"
	RenewedDeviceKey  = "renewed-device-key"
	SetPolicy         = "set-policy"
	Deposed           = "deposed"
	LeftTheTeam       = "left"
	HandedOver        = "handed-over"
	ChangedSuperPeers = "changed-super-peers"
	Acknowledged      = "acknowledged"
	Joined            = "joined"
	Confirmed         = "confirmed"
)

// Act is what an entry does. Which fields are set depends on What (SPEC.md).
type Act struct {
	What    string   `json:"what"`
	Person  string   `json:"person,omitempty"` // whom it is about
	Device  string   `json:"device,omitempty"`
	Number  int      `json:"number,omitempty"`
	Role    string   `json:"role,omitempty"`
	Was     string   `json:"was,omitempty"` // the role before
	Space   string   `json:"space,omitempty"`
	Kind    string   `json:"kind,omitempty"` // of the space; codes, instant; or left: who is removed had left
	Invite  string   `json:"invitation,omitempty"`
	Count   int      `json:"count,omitempty"`
	Access  []Given  `json:"access,omitempty"`
	History string   `json:"history,omitempty"`
	Closed  string   `json:"closed,omitempty"` // yes, no
	Added   []string `json:"added,omitempty"`
	Removed []string `json:"removed,omitempty"`
}

// Given is access to a space that a person got; none takes it away.
type Given struct {
	Person string `json:"person"`
	Access string `json:"access"`
}

// Void says why an entry does not count: somebody of higher rank took authority
// away without having seen it.
type Void struct {
	By     int    `json:"because"`          // line of the revocation
	RestOn int    `json:"restsOn"`          // line that the revocation hit: this one, or one that it rests on
	Text   string `json:"text"`             // the reason in words
	Person string `json:"person,omitempty"` // who revoked
}

// Routine tells whether an act changes nothing that people decide: keys and
// acknowledgements.
func (a Act) Routine() bool {
	switch a.What {
	case MadeKey, RenewedDeviceKey, Acknowledged:
		return true
	case MadeSpace:
		return a.Kind == "self"
	}
	return false
}

// About reports whether a line was written by a person or is about one.
func (l Line) About(person string) bool {
	if l.By.Person == person || l.Did.Person == person {
		return true
	}
	for _, g := range l.Did.Access {
		if g.Person == person {
			return true
		}
	}
	if l.Did.What == SetPolicy {
		for _, trustee := range l.Did.Added {
			if trustee == person {
				return true
			}
		}
	}
	return false
}

// Fork is proof that a device wrote two entries for one place of its chain.
type Fork struct {
	Person string `json:"person"`
	Device string `json:"device"`
	First  int    `json:"first"` // lines
	Second int    `json:"second"`
}

// Person is one person at the end of the log.
type Person struct {
	ID       string   `json:"id"`
	Role     string   `json:"role"` // the former one of who left or was removed
	Status   string   `json:"status"`
	Verified bool     `json:"codesCompared"`
	Devices  []Device `json:"devices"`
}

// Device is one device of a person at the end of the log.
type Device struct {
	ID     string `json:"id"`
	Number int    `json:"number"`
	Active bool   `json:"active"`
}
