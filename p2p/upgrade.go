package p2p

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// errStillRelayed reports that no direct connection came about.
var errStillRelayed = errors.New("still relayed")

// Upgrade tries to reach a peer that is connected through a relay directly, at
// these addresses and those known already, and by punching holes (W64). It
// returns nil once there is a direct connection.
func (n *Node) Upgrade(ctx context.Context, to PeerID, addrs []string) error {
	err := n.upgrade(ctx, to, addrs)
	if err != nil {
		n.log.Debug("no direct connection", "peer", to.Short(), "err", err)
	}
	return err
}

func (n *Node) upgrade(ctx context.Context, to PeerID, addrs []string) error {
	run := n.host.Load()
	if run == nil {
		return ErrNotStarted
	}
	pid, err := to.decode()
	if err != nil {
		return err
	}
	n.clearBackOff(run, pid)
	direct := peer.AddrInfo{ID: pid, Addrs: parseAddrs(addrs)}
	if err = run.Connect(network.WithForceDirectDial(ctx, "upgrade"), direct); err == nil {
		return nil
	}
	if !n.punch(run, pid) {
		return fmt.Errorf("upgrade %s: %w", to.Short(), err)
	}
	if err := n.presence.awaitDirect(ctx, run, pid); err != nil {
		return fmt.Errorf("upgrade %s: %w", to.Short(), err)
	}
	return nil
}

// startPunching answers and makes attempts at hole punching, until the node
// closes. libp2p's own option would make them at a new relayed connection only.
func (n *Node) startPunching(run *hosted) error {
	if n.cfg.Isolated {
		return nil
	}
	h, ok := run.Host.(interface{ IDService() identify.IDService })
	if !ok {
		return errors.New("hole punching: the host does not identify")
	}
	s, err := holepunch.NewService(run.Host, h.IDService(), func() []ma.Multiaddr { return n.outside(run) }, holepunch.WithMetricsTracer(&n.punches))
	if err != nil {
		return fmt.Errorf("hole punching: %w", err)
	}
	run.punching = s
	n.wg.Go(func() {
		<-run.ctx.Done()
		_ = s.Close()
	})
	return nil
}

// outside are the public addresses of this node: its own, and those under which
// a single peer outside sees a port that it listens on.
func (n *Node) outside(run *hosted) []ma.Multiaddr {
	all := ownAddrs(run.Host)
	for _, s := range n.presence.sightings() {
		if m, err := ma.NewMultiaddr(s.Addr); err == nil && s.listens {
			all = append(all, m)
		}
	}
	return slices.DeleteFunc(ma.Unique(all), func(m ma.Multiaddr) bool { return !manet.IsPublicAddr(m) })
}

// punch lets the side to which a relayed connection came in try to punch holes,
// as the protocol wants it; false when there is nothing to try. An attempt that
// goes on already is not repeated.
func (n *Node) punch(run *hosted, pid peer.ID) bool {
	_, relayed := n.presence.split(pid)
	inbound := slices.ContainsFunc(relayed, func(c network.Conn) bool { return c.Stat().Direction == network.DirInbound })
	// The service knows its first address when it has registered its protocol.
	ready := run.punching != nil && slices.Contains(run.Mux().Protocols(), holepunch.Protocol)
	if !inbound || !ready || !n.begin(run) {
		return false
	}
	go func() {
		defer n.wg.Done()
		done := make(chan error, 1)
		go func() { done <- run.punching.DirectConnect(pid) }()
		select {
		case err := <-done:
			n.log.Debug("punched holes", "peer", textOf(pid).Short(), "err", err)
		case <-run.ctx.Done(): // which ends the attempt too, but not at once
		}
	}()
	return true
}

// awaitDirect waits until a peer has a direct connection.
func (p *presence) awaitDirect(ctx context.Context, run *hosted, pid peer.ID) error {
	for {
		p.mu.Lock()
		changed := p.changed
		p.mu.Unlock()
		switch direct, relayed := p.split(pid); {
		case direct > 0:
			return nil
		case len(relayed) == 0:
			return errStillRelayed // it is gone
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return errStillRelayed
		case <-run.ctx.Done():
			return ErrNotStarted
		}
	}
}
