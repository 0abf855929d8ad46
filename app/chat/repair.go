package chat

import (
	"context"
	"fmt"
	"slices"

	"parvis/crdt/seal"
)

// contentOf opens a row. A damaged one is made again from its envelope, and the
// user is told by name what was damaged.
func (v *view) contentOf(ctx context.Context, row Row) (content, error) {
	if !row.Damaged {
		c, err := row.content()
		if err == nil {
			return c, nil
		}
	}
	restored, err := v.refold(ctx, row)
	where := v.nameOf(ctx, row.Channel)
	if err != nil {
		v.service.config.Log.Error("damaged message", "workspace", v.ws.Short(), "row", row.N, "id", row.ID.Short(), "err", err)
		v.trouble("A stored message in %s (%s) was damaged and could not be restored.", where, row.ID.Short())
		return content{}, err
	}
	v.trouble("A stored message in %s (%s) was damaged and was restored from its envelope.", where, row.ID.Short())
	return restored.content()
}

// refold makes a row again from its envelope and stores it.
func (v *view) refold(ctx context.Context, row Row) (Row, error) {
	opened, err := v.team.Reopen(ctx, row.ID)
	if err != nil {
		return Row{}, fmt.Errorf("open envelope again: %w", err)
	}
	body, err := Decode(opened.Body, opened.Space)
	if err != nil {
		return Row{}, err
	}
	person, _ := v.team.Self()
	restored, err := rowOf(opened, body, flagsOf(opened, body, person, v.joined()))
	if err != nil {
		return Row{}, err
	}
	home, ok := v.list.number(ctx, place{opened.Space, body.Channel})
	if !ok {
		return Row{}, fmt.Errorf("row %d belongs to a channel that is not here", row.N)
	}
	restored.N, restored.Channel, restored.State = row.N, home, row.State
	if row.State != RowOpen && row.State != RowBad {
		restored.State = RowComplete
	}
	err = v.storage().Write(ctx, func(ctx context.Context) error { return v.storage().RestoreRow(ctx, restored) })
	return restored, err
}

// nameOf is how a channel is called in a sentence.
func (v *view) nameOf(ctx context.Context, n int64) string {
	if row, ok := v.list.place(ctx, n); ok {
		if c, ok := v.list.channel(ctx, row.Channel); ok {
			return "“" + c.Name + "”"
		}
	}
	return "a conversation"
}

func (v *view) trouble(format string, args ...string) {
	values := make([]any, len(args))
	for i, arg := range args {
		values[i] = arg
	}
	v.service.Trouble.Publish(Trouble{Workspace: v.ws, Text: fmt.Sprintf(format, values...)})
}

// named finds the name of a channel whose row was damaged in the operations that
// made and renamed it.
func (v *view) named(ctx context.Context, row ChannelRow) (ChannelRow, error) {
	namings, err := v.storage().Namings(ctx, row.N)
	if err != nil {
		return row, err
	}
	posts := false
	if slices.ContainsFunc(namings, func(r Row) bool { return r.Flags&Hidden != 0 }) {
		if posts, err = v.storage().HasPosts(ctx, row.N); err != nil {
			return row, err
		}
	}
	return nameFrom(row, namings, posts), nil
}

// channelRows reads the channels, damaged ones restored.
func (v *view) channelRows(ctx context.Context) ([]ChannelRow, error) {
	rows, err := v.storage().ChannelRows(ctx, v.ws)
	if err != nil {
		return nil, err
	}
	for i, row := range rows {
		if !row.Damaged {
			continue
		}
		if rows[i], err = v.named(ctx, row); err != nil {
			return nil, err
		}
		v.trouble("The stored name of channel %s was damaged and was restored from the conversation.", rows[i].label())
		err := v.storage().Write(ctx, func(ctx context.Context) error {
			_, err := v.storage().PutChannel(ctx, rows[i])
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return rows, nil
}

// scrubPage is how many rows a scrub reads at a time.
const scrubPage = 256

// Scrub reads every row of a workspace and makes damaged ones again from their
// envelopes; each is reported by name. Reading a conversation repairs what it
// shows; a scrub also finds rows that damage has hidden.
func (s *Service) Scrub(ctx context.Context, ws seal.ID) error {
	v, err := s.view(ws)
	if err != nil {
		return err
	}
	for last := int64(0); ; {
		rows, err := v.storage().RowsAfter(ctx, last, scrubPage)
		if err != nil {
			return fmt.Errorf("scrub conversations: %w", err)
		}
		for _, row := range rows {
			last = row.N
			if row.Damaged && v.owns(ctx, row) {
				_, _ = v.contentOf(ctx, row) // reports what it finds
			}
		}
		if len(rows) < scrubPage {
			return nil
		}
	}
}

// owns reports whether a damaged row belongs to this workspace: by its channel,
// or where that is the damaged column, by its envelope.
func (v *view) owns(ctx context.Context, row Row) bool {
	if _, here := v.list.place(ctx, row.Channel); here {
		return true
	}
	_, err := v.team.Reopen(ctx, row.ID)
	return err == nil
}
