package api

import (
	"parvis/app/calls"
	"parvis/app/chat"
	"parvis/app/docs"
	"parvis/app/people"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Forward publishes the facts of the features as events, until Close. The
// workspaces themselves, the invitations and the status are described by package
// app, which publishes them.
func (e *Events) Forward(c *chat.Service, p *people.Service, w *workspace.Events) {
	forward(e, &c.MessageChanged, EventMessage, messageDTO)
	forward(e, &c.ChannelChanged, EventChannel, channelDTO)
	forward(e, &c.SomebodyTypes, EventTyping, typingDTO)
	forward(e, &c.Reload, EventReload, noticeDTO)
	forward(e, &p.PersonChanged, EventPerson, personDTO)
	forward(e, &p.SpaceRenamed, EventReload, func(s people.NamedSpace) Notice { return noticeDTO(s.Workspace) })
	forward(e, &w.Custody, EventCustody, custodyDTO)
}

// ForwardDocs publishes the facts of documents as events, until Close.
func (e *Events) ForwardDocs(d *docs.Service) {
	forward(e, &d.DocumentChanged, EventDoc, docDTO)
	forward(e, &d.ChangesArrived, EventChanges, docArrivalDTO)
	forward(e, &d.Reload, EventChanges, docReloadDTO)
	forward(e, &d.CursorMoved, EventCursor, docPresenceDTO)
	forward(e, &d.Mentioned, EventMention, docMentionedDTO)
}

// ForwardCalls publishes the facts of calls as events, until Close.
func (e *Events) ForwardCalls(c *calls.Service) {
	forward(e, &c.CallChanged, EventCall, callDTO)
	forward(e, &c.Rang, EventRing, ringDTO)
	forward(e, &c.StatsChanged, EventCallStats, callStatsDTO)
	forward(e, &c.Reacted, EventReaction, callReactionDTO)
	forward(e, &c.Guests, EventGuest, callGuestDTO)
	forward(e, &c.LinksChanged, EventCallLinks, callChannelDTO)
}

func noticeDTO(ws seal.ID) Notice { return Notice{Workspace: ws.String()} }

// custodyDTO: numbers that JSON readers cannot hold become the greatest they can.
func custodyDTO(c workspace.CustodyChanged) Custody {
	return Custody{
		Workspace: c.Workspace.String(), Space: c.Space.String(), Device: c.Device.String(),
		Held: number(c.Held), Delivered: number(c.Delivered), BySuperPeer: number(c.BySuperPeer),
	}
}

func number(n uint64) int64 { return int64(min(n, 1<<53)) }
