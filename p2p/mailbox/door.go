package mailbox

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"parvis/p2p"
	"parvis/p2p/wire"
)

// MaxDoorBox bounds the sealed box behind a door, in bytes (X34).
const MaxDoorBox = 8 << 10

// KnockLabel is what the signature of a knock begins with, and a zero byte.
const KnockLabel = "parvis1/door/inv"

const (
	maxDoorCounter = 1<<63 - 1
	knockDigest    = "parvis1/door"
	doorName       = "parvis1/invbox"
)

// Door is what members leave for whoever holds an open invitation: its box, under a
// name that is a hash to the super-peer (X34).
type Door struct {
	Name    [32]byte
	Counter uint64 // of the box; a higher one replaces
	Expires int64  // Unix milliseconds
	Box     []byte // sealed; empty says that the invitation is over
}

// What a super-peer answers to a knock.
var (
	// ErrNoDoor reports an invitation that the super-peer does not know, or not yet.
	ErrNoDoor = errors.New("the super-peer does not know this invitation")
	// ErrDoorEnded reports an invitation that was used up or revoked, or has expired.
	ErrDoorEnded = errors.New("this invitation is over")
	// ErrDoorCrowded reports that too many came in with this invitation and are not
	// in the access list yet, or that the super-peer has no room.
	ErrDoorCrowded = errors.New("too many wait behind this invitation")
)

// The codes of an answer to a knock (X36).
const (
	doorOpen uint = iota
	doorUnknown
	doorEnded
	doorCrowded
)

// leave puts a door; it stands here beside the other messages of /parvis/box/1.
type leave struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Kind    kind
	Name    [32]byte
	Counter uint64
	Expires int64
	Box     []byte
}

func (m leave) head() head { return head{m.V, m.Kind} }

func (m leave) check() error {
	if m.Box == nil || len(m.Box) > MaxDoorBox || m.Counter > maxDoorCounter {
		return malformed("door")
	}
	return nil
}

// knock is the only message of the opener. That the two peers are in what is signed
// keeps it from being good for anybody else or anywhere else.
type knock struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Workspace [32]byte
	InvPK     [32]byte
	Sig       []byte
}

// opened is the only message of the answerer. Box is empty unless Code is doorOpen.
type opened struct {
	_    struct{} `cbor:",toarray"`
	V    uint
	Code uint
	Box  []byte
}

func decodeKnock(frame []byte) (knock, error) {
	m, err := wire.Decode[knock](frame)
	if err != nil {
		return knock{}, err
	}
	if m.V != 1 || len(m.Sig) != ed25519.SignatureSize {
		return knock{}, malformed("knock")
	}
	return m, nil
}

func decodeOpened(frame []byte) (opened, error) {
	m, err := wire.Decode[opened](frame)
	if err != nil {
		return opened{}, err
	}
	if m.V != 1 || m.Code > doorCrowded || m.Box == nil || len(m.Box) > MaxDoorBox || (m.Code == doorOpen) != (len(m.Box) > 0) {
		return opened{}, malformed("answer to a knock")
	}
	return m, nil
}

func (m opened) err() error {
	switch m.Code {
	case doorOpen:
		return nil
	case doorUnknown:
		return ErrNoDoor
	case doorEnded:
		return ErrDoorEnded
	}
	return ErrDoorCrowded
}

// digest is what the key of the invitation signs in a knock at a super-peer.
func (m knock) digest(superPeer, from [32]byte) [32]byte {
	return hashOf(knockDigest, m.Workspace[:], m.InvPK[:], superPeer[:], from[:])
}

// verify reports whether a peer holds the invitation that it names.
func (m knock) verify(superPeer, from [32]byte) bool {
	digest := m.digest(superPeer, from)
	return ed25519.Verify(m.InvPK[:], append(append([]byte(KnockLabel), 0), digest[:]...), m.Sig)
}

// doorOf is the name of the door of an invitation.
func (m knock) door() [32]byte { return hashOf(doorName, m.InvPK[:]) }

// hashOf is H of protocol 2.1.
func hashOf(label string, parts ...[]byte) [32]byte {
	message := append([]byte(label), 0)
	for _, part := range parts {
		message = append(binary.BigEndian.AppendUint32(message, uint32(len(part))), part...)
	}
	return sha256.Sum256(message)
}

// Leave puts a door, or with an empty box closes it, and returns nil once that is
// durable. A door that the super-peer has with the same or a higher counter, or
// closed, stays as it is.
func (c *Client) Leave(ctx context.Context, d Door) error {
	m := leave{V: 1, Kind: kindLeave, Name: d.Name, Counter: d.Counter, Expires: d.Expires, Box: append([]byte{}, d.Box...)}
	if err := m.check(); err != nil {
		return fmt.Errorf("leave a door at a super-peer: a box of %d bytes", len(d.Box))
	}
	err := c.call(ctx, func(s *session) error {
		if err := wire.Write(s.w, m); err != nil {
			return err
		}
		_, err := answer[done](s, kindDone)
		return err
	})
	if err != nil {
		return fmt.Errorf("leave a door at a super-peer: %w", err)
	}
	return nil
}

// Knocker is a Dialler that can say who it is; *p2p.Node is one.
type Knocker interface {
	Dialler
	ID() p2p.PeerID
}

// Knock shows a super-peer an invitation, by a signature of its key over the digest
// under [KnockLabel], and returns the box behind its door. Then the super-peer takes
// this peer for a device of the workspace, for a while (X37). It connects when
// needed; the node's gate must take the super-peer for a member. It takes at most a
// minute.
func Knock(ctx context.Context, node Knocker, superPeer p2p.PeerID, addrs []string, ws, invPK [32]byte, sign func(digest [32]byte) []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	box, err := knockAt(ctx, node, superPeer, addrs, knock{V: 1, Workspace: ws, InvPK: invPK}, sign)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, fmt.Errorf("knock at a super-peer: %w", err)
	}
	return box, nil
}

func knockAt(ctx context.Context, node Knocker, superPeer p2p.PeerID, addrs []string, m knock, sign func([32]byte) []byte) ([]byte, error) {
	there, err := superPeer.PublicKey()
	if err != nil {
		return nil, err
	}
	here, err := node.ID().PublicKey()
	if err != nil {
		return nil, err
	}
	m.Sig = sign(m.digest(there, here))
	if err := node.Connect(ctx, superPeer, addrs); err != nil {
		return nil, err
	}
	s, err := node.Open(ctx, superPeer, DoorProtocol)
	if err != nil {
		return nil, err
	}
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	got, err := ask(s, m)
	if err != nil {
		_ = s.Reset()
		if wire.IsFault(err) {
			node.Penalise(superPeer, breach, err.Error())
		}
		return nil, err
	}
	_ = s.Close()
	return got.Box, got.err()
}

func ask(s p2p.Stream, m knock) (opened, error) {
	if err := wire.Send(wire.NewWriter(s, wire.Idle), m); err != nil {
		return opened{}, err
	}
	frame, err := wire.NewReader(s, wire.Idle).ReadFrame(maxOpened)
	if err != nil {
		return opened{}, unexpectedEnd(err)
	}
	return decodeOpened(frame)
}

// Limits of frames in bytes.
const (
	maxKnock  = 256
	maxOpened = MaxDoorBox + 64
)
