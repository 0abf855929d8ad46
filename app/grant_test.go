package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/key"
	"parvis/p2p/p2ptest"
)

// A key request that no honest device sends costs who sent it points; one that cannot be
// answered costs nothing (p2p W44).
func TestABadKeyRequestIsABreach(t *testing.T) {
	nodes := p2ptest.Connected(t, 2)
	n := &network{manager: &workspace.Manager{}}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	good, err := member.NewKeyRequest(seal.NewSignKey([32]byte{1}), seal.ID{1}, seal.SpaceID{2}, seal.ID{3}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := n.grant(ctx, nodes[0].ID(), good); err == nil || errors.Is(err, key.ErrMalformed) {
		t.Errorf("a request for what is not here: %v", err)
	}
	if _, err := n.grant(ctx, nodes[0].ID(), good[1:]); !errors.Is(err, key.ErrMalformed) {
		t.Errorf("a malformed request: %v", err)
	}
	gone := make(chan struct{}, 1)
	nodes[1].OnPeer(func(_ p2p.PeerID, connected bool) {
		if !connected {
			gone <- struct{}{}
		}
	})
	key.Serve(nodes[1].Node, n.grant)
	for range 12 {
		if _, err := key.Ask(ctx, nodes[0].Node, nodes[1].ID(), good); !errors.Is(err, key.ErrRefused) {
			t.Fatalf("got %v", err)
		}
	}
	for range 10 {
		if _, err := key.Ask(ctx, nodes[0].Node, nodes[1].ID(), good[1:]); err == nil || errors.Is(err, key.ErrRefused) {
			t.Fatalf("got %v", err)
		}
	}
	<-gone
}
