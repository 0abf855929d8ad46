package chat

import (
	"context"
	"fmt"
	"slices"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Elsewhere is this person's other devices: they are told what was read and written
// here, and know what was read there.
type Elsewhere interface {
	// Read says that everything up to a place was read here.
	Read(ws seal.ID, space seal.SpaceID, channel ChannelID, lamport uint64, id seal.ID)
	// Drafted says that unsent text was changed here.
	Drafted(ws seal.ID, space seal.SpaceID, channel ChannelID, text string)
	// ReadUpTo is the last place that was read on another device, and how much of the
	// space's chains that device had then.
	ReadUpTo(ws seal.ID, space seal.SpaceID, channel ChannelID) (ReadThere, bool)
}

// ReadThere is a mark of another device.
type ReadThere struct {
	Lamport uint64
	ID      seal.ID
	// Had reports whether the device had an envelope when it set the mark.
	Had func(device seal.ID, seq uint64) bool
}

// covers reports whether a message at a place was read there.
func (r ReadThere) covers(lamport uint64, id, device seal.ID, seq uint64) bool {
	return order(lamport, id, r.Lamport, r.ID) <= 0 && r.Had(device, seq)
}

// readElsewhere reports whether a message that arrives was read on another device.
func (v *view) readElsewhere(t *tip, o workspace.Opened, b Body) bool {
	e := v.service.config.Elsewhere
	if e == nil {
		return false
	}
	there, ok := e.ReadUpTo(v.ws, t.row.Space, t.row.Channel)
	return ok && there.covers(b.Lamport, o.ID, o.Device, o.Seq)
}

// maxReadThere is how many unread messages are looked at one by one.
const maxReadThere = 4096

// ReadElsewhere applies what another device has read: what that device had, up to its
// mark, counts as read here too (rule T26). It never makes anything unread.
func (s *Service) ReadElsewhere(ctx context.Context, ws seal.ID, space seal.SpaceID, channel ChannelID, there ReadThere) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	if known, err := v.readHere(ctx, place{space, channel}, there); err != nil || known {
		return err
	}
	row := ChannelRow{Workspace: ws, Space: space, Channel: channel}
	return v.local(ctx, row, func(ctx context.Context, t *tip) error { return v.readThere(ctx, t, there) })
}

// readHere reports whether a mark of another device says nothing new.
func (v *view) readHere(ctx context.Context, p place, there ReadThere) (bool, error) {
	n, ok := v.list.number(ctx, p)
	if !ok {
		return false, nil
	}
	mark, err := v.storage().Mark(ctx, n)
	if err != nil {
		return false, err
	}
	own, err := v.markPlace(ctx, &tip{row: ChannelRow{N: n}, mark: mark})
	if err != nil || order(there.Lamport, there.ID, own.Lamport, own.ID) > 0 {
		return false, err
	}
	rows, err := v.storage().UnreadRows(ctx, n, mark, Mark{Lamport: there.Lamport, ID: there.ID}, 1)
	return len(rows) == 0, err
}

func (v *view) readThere(ctx context.Context, t *tip, there ReadThere) error {
	upTo := Mark{Lamport: there.Lamport, ID: there.ID}
	rows, err := v.storage().UnreadRows(ctx, t.row.N, t.mark, upTo, maxReadThere)
	if err != nil {
		return err
	}
	left := slices.DeleteFunc(slices.Clone(rows), func(row Row) bool {
		c, err := row.content()
		return err == nil && there.covers(row.Lamport, row.ID, c.Device, c.Seq)
	})
	own, err := v.markPlace(ctx, t)
	if err != nil {
		return err
	}
	if len(left) == 0 && order(there.Lamport, there.ID, own.Lamport, own.ID) >= 0 {
		upTo.N = t.arrived
		if err := v.storage().PutMark(ctx, t.row.N, upTo); err != nil {
			return err
		}
		t.mark, t.read = upTo, nil
	} else {
		for _, row := range rows {
			if slices.ContainsFunc(left, func(l Row) bool { return l.N == row.N }) || row.Damaged {
				continue
			}
			row.Flags = 0
			if err := v.storage().RestoreRow(ctx, row); err != nil {
				return err
			}
		}
	}
	t.unread, t.mentions, err = v.storage().Unread(ctx, t.row.N, t.mark)
	return err
}

// markPlace is the last place that this device's own mark says was read.
func (v *view) markPlace(ctx context.Context, t *tip) (Last, error) {
	if t.mark.Lamport < everything {
		return Last{Lamport: t.mark.Lamport, ID: t.mark.ID}, nil
	}
	return v.storage().TopOf(ctx, t.row.N, t.mark.N)
}

// tellRead tells the other devices how far a channel was read here.
func (v *view) tellRead(ctx context.Context, row ChannelRow) {
	e := v.service.config.Elsewhere
	if e == nil {
		return
	}
	n, ok := v.list.number(ctx, place{row.Space, row.Channel})
	if !ok {
		return
	}
	mark, err := v.storage().Mark(ctx, n)
	if err != nil {
		return
	}
	last, err := v.markPlace(ctx, &tip{row: ChannelRow{N: n}, mark: mark})
	if err == nil && !last.ID.IsZero() {
		e.Read(v.ws, row.Space, row.Channel, last.Lamport, last.ID)
	}
}

// DraftElsewhere applies unsent text that another device keeps.
func (s *Service) DraftElsewhere(ctx context.Context, ws seal.ID, space seal.SpaceID, channel ChannelID, text string) error {
	if len(text) > MaxText {
		return ErrTooLong
	}
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	row := ChannelRow{Workspace: ws, Space: space, Channel: channel}
	err = v.local(ctx, row, func(ctx context.Context, t *tip) error { return v.storage().PutDraft(ctx, t.row.N, text) })
	if err != nil {
		return fmt.Errorf("draft of another device: %w", err)
	}
	v.list.setDraft(channel, text)
	if c, ok := v.list.channel(ctx, channel); ok {
		s.ChannelChanged.Publish(c)
	}
	return nil
}

// Kept is what this device alone remembers of a channel.
type Kept struct {
	Space   seal.SpaceID
	Channel ChannelID
	Read    Last // zero: nothing
	Draft   string
}

// Kept lists what this device alone remembers of its channels.
func (s *Service) Kept(ctx context.Context, ws seal.ID) ([]Kept, error) {
	v, err := s.view(ws)
	if err != nil {
		return nil, err
	}
	rows, err := v.storage().ChannelRows(ctx, ws)
	if err != nil {
		return nil, fmt.Errorf("read channels: %w", err)
	}
	var all []Kept
	for _, row := range rows {
		k := Kept{Space: row.Space, Channel: row.Channel}
		mark, err := v.storage().Mark(ctx, row.N)
		if err != nil {
			return nil, err
		}
		if k.Read, err = v.markPlace(ctx, &tip{row: row, mark: mark}); err != nil {
			return nil, err
		}
		if k.Draft, err = v.storage().Draft(ctx, row.N); err != nil {
			return nil, err
		}
		if !k.Read.ID.IsZero() || k.Draft != "" {
			all = append(all, k)
		}
	}
	return all, nil
}
