package app

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"parvis/app/calls"
	"parvis/app/chat"
	"parvis/crdt/call"
	"parvis/crdt/seal"
	"parvis/media"
	"parvis/p2p"
	"parvis/p2p/signal"
	"parvis/p2p/tunnel"
	"parvis/p2p/wire"
)

// callChannels shows the conversations to calls.
type callChannels struct{ chat *chat.Service }

// SpaceOf implements [calls.Channels].
func (c callChannels) SpaceOf(ctx context.Context, ws seal.ID, channel calls.ChannelID) (seal.SpaceID, bool, error) {
	space, err := c.chat.SpaceOf(ctx, ws, chat.ChannelID(channel))
	if errors.Is(err, chat.ErrNotFound) {
		return seal.SpaceID{}, false, nil
	}
	return space, err == nil, err
}

// callPost brings the signals of a call to devices.
type callPost struct{ app *App }

var errNoNetwork = errors.New("the network is not open")

// Deliver implements [calls.Post].
func (c callPost) Deliver(ctx context.Context, peer seal.ID, raw []byte) error {
	n := c.app.connected()
	if n == nil {
		return errNoNetwork
	}
	id, err := p2p.PeerIDOf(peer)
	if err != nil {
		return err
	}
	err = signal.Send(ctx, n.node, id, raw)
	if errors.Is(err, signal.ErrRefused) {
		return fmt.Errorf("%w: %w", calls.ErrRefused, err)
	}
	return err
}

// callTunnels brings the packets of calls to devices that only p2p reaches.
type callTunnels struct{ app *App }

// Open implements [calls.Tunnels].
func (c callTunnels) Open(peer seal.ID, id call.ID) (netip.AddrPort, func(), error) {
	n := c.app.connected()
	if n == nil {
		return netip.AddrPort{}, nil, errNoNetwork
	}
	to, err := p2p.PeerIDOf(peer)
	if err != nil {
		return netip.AddrPort{}, nil, err
	}
	return n.tunnels.Open(to, tunnel.Call(id))
}

// takeSignals lets the signals of calls in, and the tunnels of their participants. Who signed is in the signal: it may come
// from any peer.
func (a *App) takeSignals(n *network) {
	signal.Serve(n.node, func(_ p2p.PeerID, raw []byte) error {
		err := a.calls.Signal(raw)
		if errors.Is(err, calls.ErrMalformed) {
			return fmt.Errorf("%w: %w", wire.ErrMalformed, err)
		}
		return err
	})
	n.tunnels.Serve(func(from p2p.PeerID, id tunnel.Call) bool {
		peer, err := from.PublicKey()
		return err == nil && a.calls.TakesPart(peer, call.ID(id))
	})
}

// rooms opens the connections of calls. A node that listens on this machine alone is
// reached there alone.
func (a *App) rooms() func(media.Config) (calls.Room, error) {
	loopback := len(a.config.Listen) > 0
	for _, addr := range a.config.Listen {
		loopback = loopback && (strings.HasPrefix(addr, "/ip4/127.") || strings.HasPrefix(addr, "/ip6/::1/"))
	}
	return func(c media.Config) (calls.Room, error) {
		c.Loopback, c.Local = loopback, a.local
		if a.config.Rooms != nil {
			return a.config.Rooms(c)
		}
		room, err := media.NewRoom(c)
		if err != nil {
			return nil, err // never a nil room in an interface
		}
		return room, nil
	}
}

// local tells whether an address is in a network of this computer.
func (a *App) local(ip netip.Addr) bool {
	n := a.connected()
	return n != nil && n.node.Local(ip)
}
