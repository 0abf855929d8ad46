// Package join carries a newcomer through /parvis/join/1: one stream on which a
// stranger shows a request made from an invitation, may talk with the answerer
// about short codes, is refused or receives the workspace, and hands in its
// Join entry (SPEC.md W30 to W39).
//
// The contents are opaque here: whoever calls Serve and Dial makes, checks and
// stores them. This package keeps the order, the sizes and the times.
package join

import (
	"context"

	"parvis/p2p"
)

// The ids of the protocols, with their major versions. They differ in what the
// contents are.
const (
	Protocol       = "/parvis/join/1"   // a person joins with an invitation
	LinkProtocol   = "/parvis/link/1"   // a person adds a device
	ReturnProtocol = "/parvis/return/1" // a person comes back with a paper key
)

// The codes of a refusal.
const (
	CodeExpired = "expired" // the invitation ended
	CodeUsed    = "used"    // all its uses are taken
	CodeRevoked = "revoked" // somebody withdrew it
	CodeUnknown = "unknown" // this device does not know it, perhaps not yet
	CodeRefused = "refused" // no, without a reason
	CodeVersion = "version" // the answerer does not speak this version of the request
	CodeWait    = "wait"    // not now; trying again later may help
)

// Refusal is the answer "no". As the error of an Answerer it is sent to the
// joiner, as the error of Dial it came from there.
type Refusal struct{ Code string }

// Error implements error.
func (r *Refusal) Error() string { return "join refused: " + r.Code }

// PeerAddrs says where a device may be found.
type PeerAddrs struct {
	Peer  p2p.PeerID
	Addrs []string
}

// Welcome is what a joiner is given. Each element is at most MaxPart bytes, all
// of them together at most MaxWelcome.
type Welcome struct {
	Box     []byte      // the sealed InviteBox
	Entries [][]byte    // the sealed log, parents first
	Blobs   [][]byte    // blobs beside the log, such as the newest wraps
	Grant   []byte      // keys for the joiner alone (mode 0)
	Addrs   []PeerAddrs // the address book
}

// Talk is the exchange of opaque messages of at most MaxTalk bytes between
// request and welcome. Not safe for concurrent use. A ctx that ends, ends the
// whole stream.
type Talk interface {
	Send(ctx context.Context, message []byte) error
	// Receive returns the next message of the other side. At the joiner it
	// fails with ErrTalkOver when the welcome comes, and with *Refusal. When ctx
	// ends, nothing is lost: the message comes to whoever reads next.
	Receive(ctx context.Context) ([]byte, error)
}

// Answerer answers joiners. An error that is a *Refusal is sent as it is; one
// that wraps ErrMalformed closes the stream and costs 10 points; any other is
// logged and sent as CodeWait.
type Answerer interface {
	// Request checks a request and returns what the joiner needs.
	Request(ctx context.Context, from p2p.PeerID, request []byte) (Welcome, error)
	// Joined stores the joiner's sealed Join entry before it returns nil. It is
	// not called when the joiner has nothing to hand in (mode 0).
	Joined(ctx context.Context, from p2p.PeerID, entry []byte) error
}

// Converser is an Answerer that talks before it answers; Converse is then called
// instead of Request.
type Converser interface {
	Converse(ctx context.Context, from p2p.PeerID, request []byte, talk Talk) (Welcome, error)
}
