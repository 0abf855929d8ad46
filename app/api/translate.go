package api

import (
	"parvis/app/chat"
	"parvis/app/people"
	"parvis/crdt/seal"
)

// translateAll translates a list; an empty one is [] in JSON, never null.
func translateAll[T, D any](all []T, dto func(T) D) []D {
	out := make([]D, len(all))
	for i, v := range all {
		out[i] = dto(v)
	}
	return out
}

// list makes an empty list [] in JSON.
func list[T any](all []T, err error) ([]T, error) {
	if all == nil {
		all = []T{}
	}
	return all, err
}

// optionalID is empty for the zero id.
func optionalID(id seal.ID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func personDTO(p people.Person) Person {
	return Person{
		Workspace: p.Workspace.String(), ID: p.ID.String(), Name: p.Name, Role: string(p.Role), State: string(p.State),
		Online: p.Online, LastSeen: p.LastSeenMs, Devices: p.Devices, InvitedBy: optionalID(p.InvitedBy), Self: p.Self,
		AdmittedBy: optionalID(p.AdmittedBy), VerifiedAt: p.VerifiedMs, VerifiedBy: translateAll(p.VerifiedBy, seal.ID.String),
		First: p.First, Below: p.Below,
	}
}

func channelDTO(c chat.Channel) Channel {
	kind := "channel"
	if c.Direct {
		kind = "direct"
	}
	return Channel{
		Workspace: c.Workspace.String(), ID: c.ID.String(), Space: c.Space.String(), Name: c.Name, Kind: kind,
		People: translateAll(c.People, seal.ID.String), Unread: c.Unread, Mentions: c.Mentions,
		ReadUpTo: optionalID(c.ReadUpTo), Last: c.LastMs, Draft: c.Draft, MissedCalls: c.MissedCalls,
	}
}

func messageDTO(m chat.Message) Message {
	return Message{
		Workspace: m.Workspace.String(), Space: m.Space.String(), Channel: m.Channel.String(), ID: m.ID.String(),
		Seq: int64(m.Seq), Device: m.Device.String(), Order: m.Order(), Author: m.Author.String(), AuthorName: m.Name,
		Text: m.Text, Sent: m.SentMs, Edited: m.EditedMs, Deleted: m.Deleted,
		Thread: optionalID(m.Root), Replies: m.Replies, LastReply: m.LastReplyMs,
		Mentions: translateAll(m.Mentions, seal.ID.String), Reactions: translateAll(m.Reactions, reactionDTO),
		State: string(m.State), HeldBy: m.HeldBy, BySuperPeer: m.BySuperPeer, Late: m.LateMs > 0, Provisional: m.Provisional,
	}
}

func reactionDTO(r chat.Reaction) Reaction {
	return Reaction{Emoji: r.Emoji, People: translateAll(r.People, seal.ID.String)}
}

func typingDTO(t chat.Typing) Typing {
	return Typing{Workspace: t.Workspace.String(), Channel: t.Channel.String(), Person: t.Person.String()}
}

func statusDTO(s Status) Status {
	s.Addrs, _ = list(s.Addrs, nil)
	s.Problems, _ = list(s.Problems, nil)
	s.Workspaces, _ = list(s.Workspaces, nil)
	s.Peers, _ = list(s.Peers, nil)
	if s.Recovery != nil {
		s.Recovery.Returning, _ = list(s.Recovery.Returning, nil)
	}
	return s
}
