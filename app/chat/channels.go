package chat

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parvis/app/name"
	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// everything is the lamport of a mark at the end of a channel: all that had
// arrived counts as read, answers in threads included.
const everything = 1 << 62

// Channels lists the conversations that this device can read, space by space,
// the main one first and in each the general channel first.
func (s *Service) Channels(ctx context.Context, ws seal.ID) ([]Channel, error) {
	v, err := s.view(ws)
	if err != nil {
		return nil, err
	}
	return v.list.all(ctx)
}

// channel finds a channel of a workspace.
func (s *Service) channel(ctx context.Context, ws seal.ID, id ChannelID) (*view, ChannelRow, error) {
	v, err := s.view(ws)
	if err != nil {
		return nil, ChannelRow{}, err
	}
	row, err := v.list.find(ctx, id)
	return v, row, err
}

// SpaceOf is the space of a channel.
func (s *Service) SpaceOf(ctx context.Context, ws seal.ID, channel ChannelID) (seal.SpaceID, error) {
	_, row, err := s.channel(ctx, ws, channel)
	return row.Space, err
}

// CreateChannel makes a channel in a space; the zero space is the main one. The
// name must be free in its space.
func (s *Service) CreateChannel(ctx context.Context, ws seal.ID, space seal.SpaceID, text string) (Channel, error) {
	v, err := s.view(ws)
	if err != nil {
		return Channel{}, err
	}
	if space.IsZero() {
		space = v.mainSpace()
	}
	if _, ok := v.team.Space(space); !ok {
		return Channel{}, fmt.Errorf("space %s: %w", space, ErrNotFound)
	}
	title, err := v.freeName(ctx, space, text)
	if err != nil {
		return Channel{}, err
	}
	nonce := seal.ID(seal.Random(32))
	row := ChannelRow{Workspace: ws, Space: space, Channel: channelOf(space, nonce)}
	if _, err := v.append(ctx, row, Body{Op: OpCreate, Text: title, Target: &nonce}); err != nil {
		return Channel{}, err
	}
	channel, ok := v.list.channel(ctx, row.Channel)
	if !ok {
		return Channel{}, fmt.Errorf("new channel %s: %w", row.Channel, ErrNotFound)
	}
	return channel, nil
}

// RenameChannel gives a channel another name. General channels keep theirs.
func (s *Service) RenameChannel(ctx context.Context, ws seal.ID, channel ChannelID, text string) error {
	v, row, err := s.channel(ctx, ws, channel)
	if err != nil {
		return err
	}
	if channel == General(row.Space) {
		return fmt.Errorf("rename a general channel: %w", ErrInvalid)
	}
	title, err := v.freeName(ctx, row.Space, text)
	if err != nil {
		return err
	}
	_, err = v.append(ctx, row, Body{Op: OpRename, Text: title})
	return err
}

// RepeatChannels writes the channels of a space again whose names somebody who reads it
// now cannot open (rule T29).
func (s *Service) RepeatChannels(ctx context.Context, ws seal.ID, space seal.SpaceID) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	rows, err := v.channelRows(ctx)
	if err != nil {
		return fmt.Errorf("read channels: %w", err)
	}
	err = v.storage().Write(ctx, func(ctx context.Context) error {
		rows = slices.DeleteFunc(rows, func(row ChannelRow) bool {
			if row.Space != space || !row.Made || row.isGeneral() {
				return true
			}
			open, failed := v.team.OpenToAll(ctx, space, row.NamedBy)
			err = errors.Join(err, failed)
			return open
		})
		return err
	})
	for _, row := range rows {
		if err == nil {
			err = v.repeat(ctx, row)
		}
	}
	if err != nil {
		return fmt.Errorf("write the channels of %s again: %w", space.Short(), err)
	}
	return nil
}

// repeat makes a channel once more, with the nonce that it was made with.
func (v *view) repeat(ctx context.Context, row ChannelRow) error {
	namings, err := v.storage().Namings(ctx, row.N)
	if err != nil {
		return err
	}
	made := slices.IndexFunc(namings, func(r Row) bool { return r.Op == OpCreate })
	if made < 0 {
		return ErrNotFound
	}
	opened, err := v.team.Reopen(ctx, namings[made].ID)
	if err != nil {
		return err
	}
	first, err := Decode(opened.Body, opened.Space)
	if err != nil {
		return err
	}
	_, err = v.append(ctx, row, Body{Op: OpCreate, Text: row.Name, Target: first.Target})
	return err
}

// freeName cleans a name and checks that no channel of the space has it and that
// the own person may make channels.
func (v *view) freeName(ctx context.Context, space seal.SpaceID, text string) (string, error) {
	if v.team.Standing().Guest {
		return "", ErrGuest
	}
	title := name.Typed(text)
	if title == "" {
		return "", fmt.Errorf("channel name %.80q: %w", text, ErrName)
	}
	all, err := v.list.all(ctx)
	if err != nil {
		return "", err
	}
	for _, c := range all {
		if c.Space == space && strings.EqualFold(c.Name, title) {
			return "", fmt.Errorf("channel %s: %w", title, ErrExists)
		}
	}
	return title, nil
}

func (v *view) mainSpace() seal.SpaceID {
	for _, space := range v.team.Spaces() {
		if space.Kind == Main {
			return space.ID
		}
	}
	return seal.SpaceID{}
}

// OpenDirect returns the conversation of exactly these people and oneself,
// making its space on first use.
func (s *Service) OpenDirect(ctx context.Context, ws seal.ID, others []seal.ID) (Channel, error) {
	v, err := s.view(ws)
	if err != nil {
		return Channel{}, err
	}
	self, _ := v.team.Self()
	others = sorted(append(others[:len(others):len(others)], self))
	if len(others) < 2 {
		return Channel{}, ErrNobody
	}
	space, err := v.team.GroupSpace(ctx, others)
	if err != nil {
		return Channel{}, fmt.Errorf("open direct conversation: %w", err)
	}
	channel, ok := v.list.channel(ctx, General(space))
	if !ok {
		return Channel{}, fmt.Errorf("space %s: %w", space, ErrNotFound)
	}
	return channel, nil
}

// MarkRead remembers that everything up to a message was seen. At the last
// message of a channel that is all that has arrived, answers included. A mark
// never moves back.
func (s *Service) MarkRead(ctx context.Context, ws seal.ID, channel ChannelID, upTo seal.ID) error {
	v, place, err := s.channel(ctx, ws, channel)
	if err != nil {
		return err
	}
	row, err := v.message(ctx, place, upTo)
	if err != nil {
		return err
	}
	err = v.local(ctx, place, func(ctx context.Context, t *tip) (err error) {
		mark := Mark{N: t.arrived, Lamport: row.Lamport, ID: row.ID}
		later, err := v.storage().Posts(ctx, t.row.N, Cut{From: &Place{Lamport: row.Lamport, ID: row.ID}, After: true, Limit: 1})
		if err != nil {
			return err
		}
		if len(later) == 0 {
			mark.Lamport = everything
		} else if !row.Target.IsZero() || order(mark.Lamport, mark.ID, t.mark.Lamport, t.mark.ID) < 0 {
			return nil
		}
		if err := v.storage().PutMark(ctx, t.row.N, mark); err != nil {
			return err
		}
		t.mark, t.read = mark, nil
		t.unread, t.mentions, err = v.storage().Unread(ctx, t.row.N, mark)
		return err
	})
	if err == nil {
		v.tellRead(ctx, place)
	}
	return err
}

// SaveDraft keeps unsent text on this device, sealed; an empty text forgets it.
func (s *Service) SaveDraft(ctx context.Context, ws seal.ID, channel ChannelID, text string) error {
	if len(text) > MaxText {
		return ErrTooLong
	}
	if !utf8.ValidString(text) {
		return fmt.Errorf("draft: %w", ErrInvalid)
	}
	v, place, err := s.channel(ctx, ws, channel)
	if err != nil {
		return err
	}
	err = v.local(ctx, place, func(ctx context.Context, t *tip) error {
		return v.storage().PutDraft(ctx, t.row.N, text)
	})
	if err == nil {
		v.list.setDraft(channel, text)
		if e := s.config.Elsewhere; e != nil {
			e.Drafted(ws, place.Space, channel, text)
		}
	}
	return err
}

// local changes what this device alone remembers of a channel, and tells the
// channel after the commit.
func (v *view) local(ctx context.Context, row ChannelRow, change func(ctx context.Context, t *tip) error) error {
	var pictures []picture
	err := v.storage().Write(ctx, func(ctx context.Context) error {
		err := v.withTip(ctx, row, func(_ *fold, t *tip) error {
			if err := change(ctx, t); err != nil {
				return err
			}
			pictures = v.pictures(map[int64]*tip{t.row.N: t})
			return nil
		})
		if err != nil {
			v.Reset() // what the picture took from this transaction is undone
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("channel %s: %w", row.Channel, err)
	}
	v.tell(ctx, newChanges(), pictures)
	return nil
}

// withTip runs use with the writer's picture of a channel, inside a transaction.
func (v *view) withTip(ctx context.Context, row ChannelRow, use func(f *fold, t *tip) error) error {
	f, err := v.writer(ctx)
	if err != nil {
		return err
	}
	t, err := f.tip(ctx, place{row.Space, row.Channel})
	if err != nil {
		return err
	}
	return use(f, t)
}

// append writes one envelope: parents and place come from what the writer knows
// when its turn has come.
func (v *view) append(ctx context.Context, row ChannelRow, b Body) (workspace.Opened, error) {
	b.Channel = row.Channel
	opened, err := v.team.Append(ctx, row.Space, workspace.KindChat, func(ctx context.Context) (workspace.Draft, error) {
		var draft workspace.Draft
		err := v.withTip(ctx, row, func(f *fold, t *tip) (err error) {
			if b.Parents, b.Lamport, err = f.next(ctx, t); err != nil {
				return err
			}
			draft.Body, err = b.Encode()
			return err
		})
		return draft, err
	})
	if err != nil {
		return workspace.Opened{}, fmt.Errorf("write to channel %s: %w", row.Channel, err)
	}
	return opened, nil
}
