package app

import (
	"context"
	"errors"

	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/join"
)

// linker answers the devices that the own person adds.
type linker struct{ *network }

// Request implements [join.Answerer].
func (l linker) Request(ctx context.Context, from p2p.PeerID, request []byte) (join.Welcome, error) {
	return l.Converse(ctx, from, request, nil)
}

// Converse implements [join.Converser].
func (l linker) Converse(ctx context.Context, from p2p.PeerID, request []byte, talk join.Talk) (join.Welcome, error) {
	key, err := from.PublicKey()
	if err != nil {
		return join.Welcome{}, err
	}
	w, err := l.manager.AnswerLink(ctx, key, request, talk)
	if err != nil {
		return join.Welcome{}, refused(err)
	}
	return join.Welcome{Grant: w.Grant, Entries: w.Entries, Blobs: w.Blobs, Addrs: toAddrs(w.Addrs)}, nil
}

// Joined implements [join.Answerer]. A device hands nothing in: its entry is written
// by the device that adds it.
func (linker) Joined(context.Context, p2p.PeerID, []byte) error { return join.ErrMalformed }

// returner answers devices with which people come back.
type returner struct{ *network }

// Request implements [join.Answerer].
func (r returner) Request(ctx context.Context, from p2p.PeerID, request []byte) (join.Welcome, error) {
	key, err := from.PublicKey()
	if err != nil {
		return join.Welcome{}, err
	}
	w, err := r.manager.AnswerReturn(ctx, key, request)
	if err != nil {
		return join.Welcome{}, refused(err)
	}
	return join.Welcome{Grant: w.Grant, Entries: w.Entries, Blobs: w.Blobs, Addrs: toAddrs(w.Addrs)}, nil
}

// Joined implements [join.Answerer].
func (r returner) Joined(ctx context.Context, from p2p.PeerID, entry []byte) error {
	key, err := from.PublicKey()
	if err != nil {
		return err
	}
	return refused(r.manager.Returned(ctx, key, entry))
}

// Converse hides the one of the network: nothing is talked about.
func (r returner) Converse(ctx context.Context, from p2p.PeerID, request []byte, _ join.Talk) (join.Welcome, error) {
	return r.Request(ctx, from, request)
}

// Link runs the protocol that adds this device to the person of another one, or brings
// the own person back.
func (n *network) Link(ctx context.Context, peer seal.ID, addrs []string, knock workspace.Knock) error {
	id, err := p2p.PeerIDOf(peer)
	if err != nil {
		return err
	}
	var converse func(ctx context.Context, talk join.Talk) error
	if knock.Converse != nil {
		converse = func(ctx context.Context, talk join.Talk) error { return knock.Converse(ctx, talk) }
	}
	protocol := join.LinkProtocol
	if knock.Return {
		protocol = join.ReturnProtocol
	}
	err = join.DialOn(ctx, n.node, protocol, id, addrs, knock.Request, converse, func(w join.Welcome) ([]byte, error) {
		return knock.Accept(workspace.Welcome{Grant: w.Grant, Entries: w.Entries, Blobs: w.Blobs, Addrs: fromAddrs(w.Addrs)})
	})
	var refusal *join.Refusal
	if errors.As(err, &refusal) && (refusal.Code != join.CodeRefused || !errors.Is(err, workspace.ErrCodes)) {
		return &workspace.Refusal{Code: refusal.Code}
	}
	return err
}
