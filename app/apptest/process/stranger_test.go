package process

import (
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"parvis/app/cli/clitest"
	"parvis/p2p"
	"parvis/p2p/join"
	"parvis/p2p/key"
	"parvis/p2p/p2ptest"
	"parvis/p2p/sync"
)

// peerAddrs are a node's addresses as its ready line tells them, without the peer.
func peerAddrs(n *clitest.Node) []string {
	var addrs []string
	for _, a := range n.Ready.Addrs {
		addr, _, _ := strings.Cut(a, "/p2p/")
		addrs = append(addrs, addr)
	}
	return addrs
}

// listenTo writes to a protocol and returns all that comes back.
func listenTo(ctx context.Context, s *p2ptest.Node, to p2p.PeerID, protocol string, say []byte) []byte {
	stream, err := s.Open(ctx, to, protocol)
	if err != nil {
		return nil
	}
	defer stream.Close()
	_ = stream.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = stream.Write(say)
	_ = stream.CloseWrite()
	answer, _ := io.ReadAll(stream)
	return answer
}

// TestAStrangerGetsNothing: who dials without an invitation hears nothing on any
// protocol; while an invitation is open, nothing but the refusal of the door.
func TestAStrangerGetsNothing(t *testing.T) {
	ana, ben := pair(t)
	say(t, ana, "not for strangers")
	agree(t, []*clitest.Node{ana, ben}, nil)
	lonely := start(t) // has a workspace and never invited anybody
	found(t, lonely, "Alone", "Dora")

	hello := []byte{5, 0x82, 1, 0x41, 7, 0}
	for _, target := range []struct {
		name string
		node *clitest.Node
		door bool
	}{{"without any invitation", lonely, false}, {"while an invitation is valid", ana, true}} {
		t.Run(target.name, func(t *testing.T) {
			stranger := p2ptest.Start(t)
			id := p2p.PeerID(target.node.Ready.Peer)
			stranger.Gate.Allow(id)
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			err := stranger.Connect(ctx, id, peerAddrs(target.node))
			if connected := err == nil; connected != target.door {
				t.Errorf("connected: %v (%v), want %v", connected, err, target.door)
			}
			for _, protocol := range []string{sync.Protocol, key.Protocol, "/meshsub/1.2.0", "/meshsub/1.1.0", "/ipfs/ping/1.0.0", "/ipfs/kad/1.0.0", "/libp2p/circuit/relay/0.2.0/hop"} {
				if answer := listenTo(ctx, stranger, id, protocol, hello); len(answer) > 0 && protocol != "/ipfs/ping/1.0.0" {
					t.Errorf("%s answered %x", protocol, answer)
				}
			}
			answer := listenTo(ctx, stranger, id, join.Protocol, hello)
			if !target.door && len(answer) > 0 || len(answer) > 32 {
				t.Errorf("%s answered %x", join.Protocol, answer)
			}
			for _, p := range clitest.Run[status](t, target.node, "status").Peers {
				if p.Peer == string(stranger.ID()) {
					t.Error("the stranger is listed among the peers")
				}
			}
		})
	}
	say(t, ben, "the node is well")
	agree(t, []*clitest.Node{ana, ben}, []string{"not for strangers", "the node is well"})
}
