package mailbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"parvis/p2p"
	"parvis/p2p/wire"
)

const (
	publishTime = time.Minute     // for giving an access list, dialling included
	hearTime    = 5 * time.Second // for the opener to close after the verdict
)

// Dialler is an Opener that can connect first; *p2p.Node is one.
type Dialler interface {
	Opener
	Connect(ctx context.Context, to p2p.PeerID, addrs []string) error
}

// publication is the only message of the opener.
type publication struct {
	_     struct{} `cbor:",toarray"`
	V     uint
	Setup []byte // null without
	ACL   []byte
}

// verdict is the only message of the answerer. Stored is the counter of its
// list, with CodeStored and CodeOldCounter; otherwise 0.
type verdict struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Code   Code
	Stored uint64
}

func decodePublication(frame []byte) (publication, error) {
	m, err := wire.Decode[publication](frame)
	if err != nil {
		return publication{}, err
	}
	if m.V != 1 || m.ACL == nil || len(m.ACL) > MaxACL || m.Setup != nil && len(m.Setup) != SetupSecret {
		return publication{}, malformed("publication")
	}
	return m, nil
}

func decodeVerdict(frame []byte) (verdict, error) {
	m, err := wire.Decode[verdict](frame)
	if err != nil {
		return verdict{}, err
	}
	if m.V != 1 || m.Code > CodeFull {
		return verdict{}, malformed("verdict")
	}
	return m, nil
}

func (m verdict) err() error {
	switch m.Code {
	case CodeStored:
		return nil
	case CodeOldCounter:
		return &OldCounterError{Stored: m.Stored}
	case CodeNotAdmin:
		return ErrNotAdmin
	case CodeBadSetup:
		return ErrBadSetup
	case CodeFull:
		return ErrFull
	}
	return ErrMalformed
}

// LobbyHandler serves a protocol for strangers too; *p2p.Node is one.
type LobbyHandler interface {
	HandleLobby(id string, h p2p.Handler)
	Penalise(p p2p.PeerID, points int, reason string)
	Recheck()
	Log() *slog.Logger
}

// Lists is where a super-peer keeps access lists.
type Lists interface {
	// Publish stores a list that may be stored, durably before it says so. The
	// code CodeStored or CodeOldCounter comes with the counter of the list that is
	// stored then.
	Publish(ctx context.Context, from p2p.PeerID, setup, acl []byte) (code Code, stored uint64)
}

// ServeLists takes access lists, of strangers too while the node's lobby is open.
func ServeLists(node LobbyHandler, lists Lists) {
	node.HandleLobby(ListProtocol, func(ctx context.Context, s p2p.Stream) {
		ctx, cancel := context.WithTimeout(ctx, publishTime)
		defer cancel()
		defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
		code, err := serveList(ctx, s, lists)
		node.Recheck() // strangers may be members now, and members strangers
		switch {
		case err == nil && (code == CodeMalformed || code == CodeBadSetup):
			node.Penalise(s.Peer(), breach, "access list refused")
		case err == nil || errors.Is(err, io.EOF):
		case wire.IsFault(err):
			_ = s.Reset()
			node.Penalise(s.Peer(), breach, err.Error())
		default:
			_ = s.Reset()
			node.Log().Debug("take an access list", "peer", s.Peer().Short(), "err", err)
		}
	})
}

func serveList(ctx context.Context, s p2p.Stream, lists Lists) (Code, error) {
	frame, err := wire.NewReader(s, wire.FirstByte).ReadFrame(MaxACL + 64)
	if err != nil {
		return 0, err
	}
	m, err := decodePublication(frame)
	if err != nil {
		return 0, err
	}
	code, stored := lists.Publish(ctx, s.Peer(), m.Setup, m.ACL)
	if err := wire.Send(wire.NewWriter(s, wire.Idle), verdict{V: 1, Code: code, Stored: stored}); err != nil {
		return code, err
	}
	// Whoever leaves itself out is disconnected next: it shall hear the verdict first.
	_ = s.CloseWrite()
	_ = s.SetReadDeadline(time.Now().Add(hearTime))
	_, _ = s.Read(make([]byte, 1))
	return code, nil
}

// Publish gives an access list (made by SignACL) to a super-peer and returns nil
// once it is durable there. It connects when needed, so addrs may be nil for a
// connected one; the node's gate must take the super-peer for a member. setup is
// the set-up secret or nil. It takes at most a minute.
func Publish(ctx context.Context, node Dialler, superPeer p2p.PeerID, addrs []string, setup, acl []byte) error {
	ctx, cancel := context.WithTimeout(ctx, publishTime)
	defer cancel()
	if err := publish(ctx, node, superPeer, addrs, setup, acl); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("publish an access list: %w", err)
	}
	return nil
}

func publish(ctx context.Context, node Dialler, superPeer p2p.PeerID, addrs []string, setup, acl []byte) error {
	if len(acl) > MaxACL || setup != nil && len(setup) != SetupSecret {
		return errors.New("list or set-up secret of the wrong length")
	}
	if err := node.Connect(ctx, superPeer, addrs); err != nil {
		return err
	}
	s, err := node.Open(ctx, superPeer, ListProtocol)
	if err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = s.Reset() })()
	m, err := give(s, publication{V: 1, Setup: setup, ACL: acl})
	if err != nil {
		_ = s.Reset()
		if wire.IsFault(err) {
			node.Penalise(superPeer, breach, err.Error())
		}
		return err
	}
	_ = s.Close()
	return m.err()
}

func give(s p2p.Stream, m publication) (verdict, error) {
	if err := wire.Send(wire.NewWriter(s, wire.Idle), m); err != nil {
		return verdict{}, err
	}
	frame, err := wire.NewReader(s, wire.Idle).ReadFrame(maxVerdict)
	if err != nil {
		return verdict{}, unexpectedEnd(err)
	}
	return decodeVerdict(frame)
}

const maxVerdict = 64
