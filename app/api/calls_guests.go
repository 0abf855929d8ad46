package api

import (
	"context"

	"parvis/app/calls"
	"parvis/crdt/seal"
)

// GuestService has the meeting links of channels, and the guests of the own call.
type GuestService interface {
	Links(ctx context.Context, ws seal.ID, channel calls.ChannelID) ([]calls.Link, error)
	MakeLink(ctx context.Context, ws seal.ID, channel calls.ChannelID) (calls.Link, error)
	RevokeLink(ctx context.Context, ws seal.ID, channel calls.ChannelID, id calls.LinkID) error
	Admit(ctx context.Context, guest seal.ID) error
	Remove(ctx context.Context, guest seal.ID) error
}

// CallKnock is a guest who waits to be let into the call of this device.
type CallKnock struct {
	Guest string `json:"guest"`
	Name  string `json:"name"` // as the guest calls itself: it proves nothing
	At    int64  `json:"at"`
}

// CallGuest names a guest of the call of this device.
type CallGuest struct {
	Guest string `json:"guest"`
}

// CallGuestNews says that something happened with a guest of the call of this device.
type CallGuestNews struct {
	Workspace string `json:"workspace"`
	ID        string `json:"id"`
	Guest     string `json:"guest"`
	Name      string `json:"name"`
	What      string `json:"what"` // knocks, admitted, removed (or refused), left
}

// CallChannel names the channel of meeting links.
type CallChannel struct {
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
}

// CallLink is a meeting link of a channel: with it people without Parvis may ask to come into
// its calls, from a browser.
type CallLink struct {
	ID        string `json:"id"`
	Channel   string `json:"channel"`
	By        string `json:"by"`        // person id
	Made      int64  `json:"made"`      // that person's clock: a label
	URL       string `json:"url"`       // empty: no super-peer that receives guests is reached now
	Revocable bool   `json:"revocable"` // by oneself
}

// CallLinkRef names a meeting link.
type CallLinkRef struct {
	Workspace string `json:"workspace"`
	Channel   string `json:"channel"`
	ID        string `json:"id"`
}

// Links returns the valid meeting links of a channel, the oldest first.
func (c *Calls) Links(q CallChannel) ([]CallLink, error) {
	return run(c.edge, "Calls.Links", func(ctx context.Context) ([]CallLink, error) {
		var ids parser
		ws, channel := ids.id(q.Workspace), ids.channel(q.Channel)
		if ids.err != nil {
			return nil, ids.err
		}
		found, err := c.guests.Links(ctx, ws, calls.ChannelID(channel))
		return translateAll(found, callLinkDTO), err
	})
}

// MakeLink makes a meeting link of a channel.
func (c *Calls) MakeLink(q CallChannel) (CallLink, error) {
	return run(c.edge, "Calls.MakeLink", func(ctx context.Context) (CallLink, error) {
		var ids parser
		ws, channel := ids.id(q.Workspace), ids.channel(q.Channel)
		if ids.err != nil {
			return CallLink{}, ids.err
		}
		made, err := c.guests.MakeLink(ctx, ws, calls.ChannelID(channel))
		return callLinkDTO(made), err
	})
}

// RevokeLink lets nobody in any more by a meeting link.
func (c *Calls) RevokeLink(r CallLinkRef) error {
	return act(c.edge, "Calls.RevokeLink", func(ctx context.Context) error {
		var ids parser
		ws, channel := ids.id(r.Workspace), ids.channel(r.Channel)
		id, err := calls.ParseLinkID(r.ID)
		if err != nil {
			ids.fail("meeting link", r.ID)
		}
		if ids.err != nil {
			return ids.err
		}
		return c.guests.RevokeLink(ctx, ws, calls.ChannelID(channel), id)
	})
}

// Admit lets a guest into the call of this device.
func (c *Calls) Admit(g CallGuest) error {
	return act(c.edge, "Calls.Admit", func(ctx context.Context) error {
		var ids parser
		guest := ids.id(g.Guest)
		if ids.err != nil {
			return ids.err
		}
		return c.guests.Admit(ctx, guest)
	})
}

// Remove refuses a guest who waits, or sends one out of the call of this device, for all in it.
func (c *Calls) Remove(g CallGuest) error {
	return act(c.edge, "Calls.Remove", func(ctx context.Context) error {
		var ids parser
		guest := ids.id(g.Guest)
		if ids.err != nil {
			return ids.err
		}
		return c.guests.Remove(ctx, guest)
	})
}

func callLinkDTO(l calls.Link) CallLink {
	return CallLink{ID: l.ID.String(), Channel: l.Channel.String(), By: optionalID(l.By), Made: clamp(l.MadeMs), URL: l.URL, Revocable: l.Revocable}
}

func callKnockDTO(k calls.Knock) CallKnock {
	return CallKnock{Guest: k.Guest.String(), Name: k.Name, At: clamp(k.AtMs)}
}

func callGuestDTO(e calls.GuestEvent) CallGuestNews {
	return CallGuestNews{Workspace: e.Workspace.String(), ID: calls.IDText(e.ID), Guest: e.Guest.String(), Name: e.Name, What: string(e.What)}
}

func callChannelDTO(l calls.LinksChanged) CallChannel {
	return CallChannel{Workspace: l.Workspace.String(), Channel: l.Channel.String()}
}

// guestMeanings are the errors about guests and meeting links.
func guestMeanings() []Meaning {
	return []Meaning{
		{calls.ErrNoGuest, CodeNotFound, "This guest is not there any more."},
		{calls.ErrGuests, CodeRefused, "There are already as many guests in this call as it can have. Remove one first."},
		{calls.ErrNoLink, CodeNotFound, "This meeting link is not valid any more. Reload the list."},
		{calls.ErrLinks, CodeRefused, "This channel has as many meeting links as it can have. Revoke one first."},
		{calls.ErrNotYours, CodeRefused, "Only the person who made this link, or somebody who moderates the channel, can revoke it. Ask one of them."},
		{calls.ErrNoDoor, CodeRefused, "Guests come in through a super-peer with a public address, and none that receives guests is connected. Ask an owner of the workspace to set one up with --guests."},
	}
}
