package chat

import (
	"context"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"parvis/crdt/seal"
)

// Send posts a message and returns once it is stored on this device.
func (s *Service) Send(ctx context.Context, ws seal.ID, channel ChannelID, post Post) (Sent, error) {
	text, err := cleanText(post.Text)
	if err != nil {
		return Sent{}, err
	}
	body := Body{Op: OpPost, Text: text, Mentions: sorted(post.Mentions)}
	if len(body.Mentions) > MaxMentions {
		return Sent{}, fmt.Errorf("%d mentions: %w", len(body.Mentions), ErrInvalid)
	}
	v, row, err := s.channel(ctx, ws, channel)
	if err != nil {
		return Sent{}, err
	}
	if !post.Thread.IsZero() {
		root, err := v.message(ctx, row, post.Thread)
		if err != nil {
			return Sent{}, err
		}
		body.Target = &root.ID
		if !root.Target.IsZero() { // an answer to an answer stays in the thread
			body.Target = &root.Target
		}
	}
	opened, err := v.append(ctx, row, body)
	return Sent{ID: opened.ID, Seq: opened.Seq}, err
}

// Edit replaces the text of one's own message.
func (s *Service) Edit(ctx context.Context, ws seal.ID, channel ChannelID, message seal.ID, text string) error {
	text, err := cleanText(text)
	if err != nil {
		return err
	}
	v, row, err := s.channel(ctx, ws, channel)
	if err != nil {
		return err
	}
	m, err := v.shownMessage(ctx, row, message)
	if err != nil {
		return err
	}
	if self, _ := v.team.Self(); m.Author != self {
		return ErrRefused
	}
	_, err = v.append(ctx, row, Body{Op: OpEdit, Text: text, Target: &message, Mentions: m.Mentions})
	return err
}

// Delete takes a message back: one's own, or as an admin of its space any.
func (s *Service) Delete(ctx context.Context, ws seal.ID, channel ChannelID, message seal.ID) error {
	v, row, err := s.channel(ctx, ws, channel)
	if err != nil {
		return err
	}
	m, err := v.shownMessage(ctx, row, message)
	if err != nil {
		return err
	}
	if self, _ := v.team.Self(); !v.mayDelete(row.Space, m.Author, self) {
		return ErrRefused
	}
	_, err = v.append(ctx, row, Body{Op: OpDelete, Target: &message})
	return err
}

// mayDelete is rule T16.
func (v *view) mayDelete(space seal.SpaceID, author, by seal.ID) bool {
	return author == by || v.team.Moderates(space, by)
}

// React adds one's reaction to a message or takes it back.
func (s *Service) React(ctx context.Context, ws seal.ID, channel ChannelID, message seal.ID, emoji string, remove bool) error {
	if !isEmoji(emoji) || strings.ContainsFunc(emoji, unicode.IsLetter) {
		return fmt.Errorf("reaction %.80q: %w", emoji, ErrEmoji)
	}
	v, row, err := s.channel(ctx, ws, channel)
	if err != nil {
		return err
	}
	if _, err := v.visible(ctx, row, message); err != nil {
		return err
	}
	if remove {
		emoji = takeBack + emoji
	}
	_, err = v.append(ctx, row, Body{Op: OpReact, Text: emoji, Target: &message})
	return err
}

// message finds the row of a message of a channel.
func (v *view) message(ctx context.Context, row ChannelRow, id seal.ID) (Row, error) {
	found, ok, err := v.row(ctx, id)
	if err != nil {
		return Row{}, err
	}
	if !ok || row.N == 0 || found.Channel != row.N || found.Op != OpPost || found.State == RowBad {
		return Row{}, fmt.Errorf("message %s: %w", id.Short(), ErrNotFound)
	}
	return found, nil
}

// visible finds the row of a message that is not hidden.
func (v *view) visible(ctx context.Context, row ChannelRow, id seal.ID) (Row, error) {
	found, err := v.message(ctx, row, id)
	if err == nil && found.Flags&Hidden != 0 {
		err = fmt.Errorf("message %s: %w", id.Short(), ErrNotFound)
	}
	return found, err
}

// shownMessage finds a message as it stands now; a deleted one is not found.
func (v *view) shownMessage(ctx context.Context, row ChannelRow, id seal.ID) (Message, error) {
	found, err := v.visible(ctx, row, id)
	if err != nil {
		return Message{}, err
	}
	messages, err := v.dress(ctx, []Row{found})
	if err != nil {
		return Message{}, err
	}
	if len(messages) == 0 || messages[0].Deleted {
		return Message{}, fmt.Errorf("message %s: %w", id.Short(), ErrNotFound)
	}
	return messages[0], nil
}

// cleanText checks a text that a person wrote.
func cleanText(text string) (string, error) {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	switch {
	case len(text) > MaxText:
		return "", fmt.Errorf("%d bytes: %w", len(text), ErrTooLong)
	case !utf8.ValidString(text), strings.TrimSpace(text) == "":
		return "", ErrEmpty
	}
	return text, nil
}
