package app

import (
	"context"
	"errors"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/verify"
)

// verifier answers members who want to compare codes.
type verifier struct{ *network }

// Ready implements [verify.Host].
func (v verifier) Ready(ctx context.Context, from p2p.PeerID, ws [32]byte) (func(context.Context, *verify.Talk) error, error) {
	key, err := from.PublicKey()
	if err != nil {
		return nil, err
	}
	converse, err := v.manager.AnswerVerify(ctx, key, seal.ID(ws))
	switch {
	case errors.Is(err, workspace.ErrComparing):
		return nil, fmt.Errorf("%w: %w", verify.ErrBusy, err)
	case errors.Is(err, workspace.ErrResting):
		return nil, fmt.Errorf("%w: %w", verify.ErrResting, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", verify.ErrRefused, err)
	}
	return func(ctx context.Context, talk *verify.Talk) error { return converse(ctx, talk) }, nil
}

// Compare implements [workspace.Network].
func (n *network) Compare(ctx context.Context, peer, ws seal.ID, converse func(context.Context, workspace.Talk) error) error {
	id, err := p2p.PeerIDOf(peer)
	if err != nil {
		return err
	}
	if !n.node.Speaks(id, verify.Protocol) {
		return fmt.Errorf("%w: it does not speak the protocol", workspace.ErrNoVerify)
	}
	err = verify.Dial(ctx, n.node, id, ws, func(ctx context.Context, talk *verify.Talk) error { return converse(ctx, talk) })
	switch {
	case errors.Is(err, verify.ErrBusy):
		return fmt.Errorf("%w: %w", workspace.ErrComparing, err)
	case errors.Is(err, verify.ErrResting):
		return fmt.Errorf("%w: %w", workspace.ErrResting, err)
	case errors.Is(err, verify.ErrRefused):
		return fmt.Errorf("%w: %w", workspace.ErrNoVerify, err)
	case err != nil && !errors.Is(err, workspace.ErrCodes):
		return fmt.Errorf("%w: %w", workspace.ErrAway, err) // the connection broke
	}
	return err
}
