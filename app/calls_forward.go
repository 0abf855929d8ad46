package app

import (
	"context"

	"parvis/app/calls"
	"parvis/crdt/seal"
	"parvis/media"
	"parvis/p2p"
	"parvis/p2p/forward"
)

// callCarriers are the super-peers that carry calls.
type callCarriers struct{ app *App }

// Offering implements [calls.Carriers].
func (c callCarriers) Offering(ws seal.ID) []seal.ID { return c.app.speaking(ws, forward.Protocol) }

// speaking are the hosts of the super-peers of a workspace that are connected and speak a protocol.
func (a *App) speaking(ws seal.ID, protocol string) (hosts []seal.ID) {
	n := a.connected()
	w, err := a.manager.Get(ws)
	if n == nil || err != nil || w.State() == nil {
		return nil
	}
	for _, host := range w.State().Relays() {
		id, err := p2p.PeerIDOf(host)
		if err == nil && n.node.Connected(id) && n.node.Speaks(id, protocol) {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// Enter implements [calls.Carriers].
func (c callCarriers) Enter(ctx context.Context, host seal.ID, b calls.Booking, take func(media.Signal)) (calls.Visit, error) {
	n := c.app.connected()
	if n == nil {
		return nil, errNoNetwork
	}
	id, err := p2p.PeerIDOf(host)
	if err != nil {
		return nil, err
	}
	ticket := forward.Ticket{Workspace: b.Workspace, Room: b.Room, Tag: b.Tag}
	visit, err := forward.Enter(ctx, n.node, id, ticket, func(s forward.Signal) {
		take(media.Signal{Kind: media.SignalKind(s.Kind), SDP: s.Text, Fingerprint: s.Fingerprint})
	})
	if err != nil {
		return nil, err
	}
	return callVisit{visit}, nil
}

// callVisit shows a place at a super-peer to calls.
type callVisit struct{ *forward.Visit }

// Send implements [calls.Visit].
func (v callVisit) Send(s media.Signal) {
	v.Visit.Send(forward.Signal{Kind: forward.Kind(s.Kind), Text: s.SDP, Fingerprint: s.Fingerprint})
}
