package api

import (
	"context"

	"parvis/app/chat"
	"parvis/crdt/seal"
)

// ChannelService lists and makes conversations.
type ChannelService interface {
	Channels(ctx context.Context, ws seal.ID) ([]chat.Channel, error)
	// CreateChannel makes a channel in a space; the zero space is the main one.
	CreateChannel(ctx context.Context, ws seal.ID, space seal.SpaceID, name string) (chat.Channel, error)
	OpenDirect(ctx context.Context, ws seal.ID, others []seal.ID) (chat.Channel, error)
	MarkRead(ctx context.Context, ws seal.ID, channel chat.ChannelID, upTo seal.ID) error
	SaveDraft(ctx context.Context, ws seal.ID, channel chat.ChannelID, text string) error
}

// MessageService reads and writes messages.
type MessageService interface {
	Messages(ctx context.Context, ws seal.ID, channel chat.ChannelID, query chat.Query) (chat.Page, error)
	Send(ctx context.Context, ws seal.ID, channel chat.ChannelID, post chat.Post) (chat.Sent, error)
	Typing(ctx context.Context, ws seal.ID, channel chat.ChannelID) error
}

// ChangeService changes messages and names.
type ChangeService interface {
	Edit(ctx context.Context, ws seal.ID, channel chat.ChannelID, message seal.ID, text string) error
	Delete(ctx context.Context, ws seal.ID, channel chat.ChannelID, message seal.ID) error
	React(ctx context.Context, ws seal.ID, channel chat.ChannelID, message seal.ID, emoji string, remove bool) error
	RenameChannel(ctx context.Context, ws seal.ID, channel chat.ChannelID, name string) error
}

// Chat is the bound struct for conversations.
type Chat struct {
	edge     *edge
	channels ChannelService
	messages MessageService
	changes  ChangeService
}

// Channels lists the conversations of a workspace.
func (c *Chat) Channels(workspace string) ([]Channel, error) {
	return run(c.edge, "Chat.Channels", func(ctx context.Context) ([]Channel, error) {
		var ids parser
		ws := ids.id(workspace)
		if ids.err != nil {
			return nil, ids.err
		}
		found, err := c.channels.Channels(ctx, ws)
		return translateAll(found, channelDTO), err
	})
}

// CreateChannel makes a channel.
func (c *Chat) CreateChannel(n NewChannel) (Channel, error) {
	return run(c.edge, "Chat.CreateChannel", func(ctx context.Context) (Channel, error) {
		var ids parser
		ws, space := ids.id(n.Workspace), ids.optionalSpace(n.Space)
		if ids.err != nil {
			return Channel{}, ids.err
		}
		made, err := c.channels.CreateChannel(ctx, ws, space, n.Name)
		return channelDTO(made), err
	})
}

// RenameChannel gives a channel another name.
func (c *Chat) RenameChannel(n ChannelName) error {
	return act(c.edge, "Chat.RenameChannel", func(ctx context.Context) error {
		var ids parser
		ws, channel := ids.id(n.Workspace), ids.channel(n.Channel)
		if ids.err != nil {
			return ids.err
		}
		return c.changes.RenameChannel(ctx, ws, channel, n.Name)
	})
}

// OpenDirect opens the conversation with some people.
func (c *Chat) OpenDirect(d Direct) (Channel, error) {
	return run(c.edge, "Chat.OpenDirect", func(ctx context.Context) (Channel, error) {
		var ids parser
		ws, others := ids.id(d.Workspace), ids.all(d.People)
		if ids.err != nil {
			return Channel{}, ids.err
		}
		made, err := c.channels.OpenDirect(ctx, ws, others)
		return channelDTO(made), err
	})
}

// Messages returns one page of a conversation.
func (c *Chat) Messages(q MessageQuery) (MessagePage, error) {
	return run(c.edge, "Chat.Messages", func(ctx context.Context) (MessagePage, error) {
		var ids parser
		ws, channel, query := ids.id(q.Workspace), ids.channel(q.Channel), ids.query(q)
		if ids.err != nil {
			return MessagePage{}, ids.err
		}
		page, err := c.messages.Messages(ctx, ws, channel, query)
		return MessagePage{Messages: translateAll(page.Messages, messageDTO), More: page.More}, err
	})
}

// Send posts a message. It returns once the message is stored here.
func (c *Chat) Send(n NewMessage) (SentMessage, error) {
	return run(c.edge, "Chat.Send", func(ctx context.Context) (SentMessage, error) {
		var ids parser
		ws, channel := ids.id(n.Workspace), ids.channel(n.Channel)
		post := chat.Post{Text: n.Text, Thread: ids.optional(n.Thread), Mentions: ids.all(n.Mentions)}
		if ids.err != nil {
			return SentMessage{}, ids.err
		}
		sent, err := c.messages.Send(ctx, ws, channel, post)
		return SentMessage{ID: sent.ID.String(), Seq: int64(sent.Seq)}, err
	})
}

// Edit replaces the text of one's own message.
func (c *Chat) Edit(m MessageChange) error {
	return act(c.edge, "Chat.Edit", func(ctx context.Context) error {
		var ids parser
		ws, channel, message := ids.id(m.Workspace), ids.channel(m.Channel), ids.id(m.ID)
		if ids.err != nil {
			return ids.err
		}
		return c.changes.Edit(ctx, ws, channel, message, m.Text)
	})
}

// Delete takes a message back.
func (c *Chat) Delete(m MessageChange) error {
	return act(c.edge, "Chat.Delete", func(ctx context.Context) error {
		var ids parser
		ws, channel, message := ids.id(m.Workspace), ids.channel(m.Channel), ids.id(m.ID)
		if ids.err != nil {
			return ids.err
		}
		return c.changes.Delete(ctx, ws, channel, message)
	})
}

// React adds or removes one's reaction.
func (c *Chat) React(m MessageChange) error {
	return act(c.edge, "Chat.React", func(ctx context.Context) error {
		var ids parser
		ws, channel, message := ids.id(m.Workspace), ids.channel(m.Channel), ids.id(m.ID)
		if ids.err != nil {
			return ids.err
		}
		return c.changes.React(ctx, ws, channel, message, m.Text, m.Remove)
	})
}

// MarkRead remembers that everything up to a message was seen.
func (c *Chat) MarkRead(r ReadMark) error {
	return act(c.edge, "Chat.MarkRead", func(ctx context.Context) error {
		var ids parser
		ws, channel, message := ids.id(r.Workspace), ids.channel(r.Channel), ids.id(r.Message)
		if ids.err != nil {
			return ids.err
		}
		return c.channels.MarkRead(ctx, ws, channel, message)
	})
}

// SaveDraft keeps unsent text; an empty text forgets it.
func (c *Chat) SaveDraft(d Draft) error {
	return act(c.edge, "Chat.SaveDraft", func(ctx context.Context) error {
		var ids parser
		ws, channel := ids.id(d.Workspace), ids.channel(d.Channel)
		if ids.err != nil {
			return ids.err
		}
		return c.channels.SaveDraft(ctx, ws, channel, d.Text)
	})
}

// Typing tells the others that one writes in a channel; the person is oneself.
func (c *Chat) Typing(t Typing) error {
	return act(c.edge, "Chat.Typing", func(ctx context.Context) error {
		var ids parser
		ws, channel := ids.id(t.Workspace), ids.channel(t.Channel)
		if ids.err != nil {
			return ids.err
		}
		return c.messages.Typing(ctx, ws, channel)
	})
}
