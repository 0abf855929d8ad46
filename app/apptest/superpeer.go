package apptest

import (
	"context"
	"log/slog"
	"os"
	"testing"

	"parvis/app/api"
	"parvis/app/superpeer"
)

// SuperPeer is one running super-peer on loopback.
type SuperPeer struct {
	*superpeer.SuperPeer
	Config superpeer.Config
	t      testing.TB
}

// NewSuperPeer starts a super-peer in a new folder. It is closed at the end of the
// test.
func NewSuperPeer(t testing.TB, options ...func(*superpeer.Config)) *SuperPeer {
	t.Helper()
	config := superpeer.Config{Data: t.TempDir(), Listen: []string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}}
	if os.Getenv("PARVIS_TEST_LOG") != "" {
		config.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	for _, option := range options {
		option(&config)
	}
	s := &SuperPeer{Config: config, t: t}
	s.Start()
	t.Cleanup(s.Stop)
	return s
}

// Start opens the folder again, on the ports of the last run.
func (s *SuperPeer) Start() {
	s.t.Helper()
	s.SuperPeer = superpeer.New(s.Config)
	if err := s.SuperPeer.Start(context.Background()); err != nil {
		s.t.Fatalf("start super-peer: %v", err)
	}
	s.Config.Listen = s.Addrs()
}

// Stop closes the super-peer; stopping twice is allowed.
func (s *SuperPeer) Stop() {
	s.t.Helper()
	if s.SuperPeer == nil {
		return
	}
	if err := s.Close(); err != nil {
		s.t.Errorf("close super-peer: %v", err)
	}
	s.SuperPeer = nil
}

// Attach makes a super-peer one of a workspace, whose owner uses n.
func (n *Node) Attach(ws string, s *SuperPeer) {
	n.t.Helper()
	if _, err := n.API().SuperPeers.Add(api.NewSuperPeer{Workspace: ws, Code: s.Setup()}); err != nil {
		n.t.Fatalf("add super-peer: %v", err)
	}
}

// Workspace is a workspace as the node shows it now.
func (n *Node) Workspace(ws string) api.Workspace {
	n.t.Helper()
	list, err := n.API().Workspaces.List()
	if err != nil {
		n.t.Fatalf("list workspaces: %v", err)
	}
	for _, w := range list {
		if w.ID == ws {
			return w
		}
	}
	return api.Workspace{}
}

// Up waits until a node is connected to so many super-peers.
func (n *Node) Up(ws string, count int) {
	n.t.Helper()
	n.Until("super-peers are connected", func() bool { return n.Workspace(ws).SuperPeersUp == count })
}
