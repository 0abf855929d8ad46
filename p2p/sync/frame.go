package sync

import (
	"errors"
	"fmt"
)

// Protocol is the protocol id.
const Protocol = "/parvis/sync/1"

// Version is the version of the frames, the first number of [Hello].
const Version = 1

// ErrVersion reports a peer that speaks another version.
var ErrVersion = errors.New("unknown version")

// Frame is one message of the protocol: [Hello], [HaveDelta] and [Links] go from
// sink to source, [Objects], [Addrs], [Live] and [Bye] from source to sink.
type Frame interface{ kind() kind }

// kind is the first element of every frame.
type kind uint

const (
	kindHello kind = iota + 1
	kindHave
	kindLinks
	kindObjects
	kindAddrs
	kindLive
	kindBye
)

// Hello begins a stream, and later a new round on it: everything the sink holds.
// Its feeds are numbered from 0 in the order given.
type Hello struct {
	Workspace [32]byte
	Heads     [][32]byte
	Feeds     []Position
	Links     [][32]byte // as in [Links]
}

// HaveDelta says what the sink stored since it last spoke. Fresh feeds get the
// next free numbers.
type HaveDelta struct {
	Handled uint64     // windows of this stream that were dealt with, since it began
	Heads   [][32]byte // empty: unchanged
	Known   []Known
	Fresh   []Position
}

// Known is the new position of a feed that has a number.
type Known struct {
	Index uint64
	Seq   uint64
	ID    [32]byte
}

// Links names the devices from which the sink receives over other streams.
type Links struct{ Devices [][32]byte }

// Objects is one window.
type Objects struct{ Batch }

// Addrs says where the source saw members. It is also the source's first frame,
// by which the sink knows that it was accepted.
type Addrs struct{ Peers []PeerAddrs }

// Live is a hint that is never stored.
type Live struct{ Body []byte }

// Bye is the source's last frame: why it will not go on.
type Bye struct{ Code Code }

// Code is a reason for which a source ends a stream.
type Code uint

// The reasons for which a source ends a stream.
const (
	CodeVersion   Code = 1 // it does not speak this version
	CodeUnknown   Code = 2 // it has no such workspace, or we are not known as a member there
	CodeTooMany   Code = 3 // more than 4096 feeds
	CodeTooOften  Code = 4 // more than one round in 5 s
	CodeMalformed Code = 5
	CodeClosing   Code = 6
)

func (c Code) String() string {
	switch c {
	case CodeVersion:
		return "other version"
	case CodeUnknown:
		return "not a member there"
	case CodeTooMany:
		return "too many feeds"
	case CodeTooOften:
		return "too many rounds"
	case CodeMalformed:
		return "malformed"
	case CodeClosing:
		return "closing"
	}
	return fmt.Sprintf("code %d", uint(c))
}

func (Hello) kind() kind     { return kindHello }
func (HaveDelta) kind() kind { return kindHave }
func (Links) kind() kind     { return kindLinks }
func (Objects) kind() kind   { return kindObjects }
func (Addrs) kind() kind     { return kindAddrs }
func (Live) kind() kind      { return kindLive }
func (Bye) kind() kind       { return kindBye }
