package app

import (
	"context"

	"parvis/app/calls"
	crypto "parvis/crdt/guest"
	"parvis/crdt/seal"
	"parvis/p2p"
	"parvis/p2p/guest"
)

// callDoors are the super-peers at which guests of calls come in.
type callDoors struct{ app *App }

// Receiving implements [calls.Doors]. Guests may be anywhere: an isolated device meets none.
func (c callDoors) Receiving(ws seal.ID) []seal.ID {
	if n := c.app.connected(); n == nil || n.isolated {
		return nil
	}
	return c.app.speaking(ws, guest.Protocol)
}

// Ask implements [calls.Doors].
func (c callDoors) Ask(ctx context.Context, ws, host seal.ID) (calls.Reception, error) {
	n := c.app.connected()
	if n == nil {
		return calls.Reception{}, errNoNetwork
	}
	id, err := p2p.PeerIDOf(host)
	if err != nil {
		return calls.Reception{}, err
	}
	offer, err := guest.Ask(ctx, n.node, id, ws)
	return reception(offer), err
}

// Open implements [calls.Doors].
func (c callDoors) Open(ctx context.Context, ws, host seal.ID, room crypto.Room, take func(calls.SeatEvent)) (calls.Door, error) {
	n := c.app.connected()
	if n == nil {
		return nil, errNoNetwork
	}
	id, err := p2p.PeerIDOf(host)
	if err != nil {
		return nil, err
	}
	door, err := guest.Open(ctx, n.node, id, guest.Ticket{Workspace: ws, Room: guest.Room(room)}, func(e guest.Event) {
		take(calls.SeatEvent{Seat: calls.Seat(e.Seat), Kind: seatKind(e.Kind), Data: e.Data})
	})
	if err != nil {
		return nil, err
	}
	return callDoor{door}, nil
}

func reception(o guest.Offer) calls.Reception { return calls.Reception{URL: o.URL, STUN: o.STUN} }

// seatKind is what calls say for an event; zero: nothing that concerns them.
func seatKind(k guest.Kind) calls.SeatKind {
	switch k {
	case guest.Came:
		return calls.SeatCame
	case guest.Gone:
		return calls.SeatGone
	case guest.Said:
		return calls.SeatSaid
	}
	return 0
}

// callDoor shows a door at a super-peer to calls.
type callDoor struct{ *guest.Door }

// Reception implements [calls.Door].
func (d callDoor) Reception() calls.Reception { return reception(d.Offer()) }

// Send implements [calls.Seats].
func (d callDoor) Send(s calls.Seat, data []byte) { d.Door.Send(guest.Seat(s), data) }

// Admit implements [calls.Seats].
func (d callDoor) Admit(s calls.Seat) { d.Door.Admit(guest.Seat(s)) }

// Drop implements [calls.Seats].
func (d callDoor) Drop(s calls.Seat) { d.Door.Drop(guest.Seat(s)) }
