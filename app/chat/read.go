package chat

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parvis/crdt/seal"
)

// Messages returns one page of a conversation, oldest first.
func (s *Service) Messages(ctx context.Context, ws seal.ID, channel ChannelID, q Query) (Page, error) {
	if q.Limit < 1 || q.Limit > MaxPage {
		return Page{}, fmt.Errorf("a page of %d messages: %w", q.Limit, ErrInvalid)
	}
	v, row, err := s.channel(ctx, ws, channel)
	if err != nil {
		return Page{}, err
	}
	if row.N == 0 {
		return Page{}, nil
	}
	rows, more, err := v.cut(ctx, row, q)
	if err != nil {
		return Page{}, fmt.Errorf("read channel %s: %w", channel, err)
	}
	messages, err := v.dress(ctx, rows)
	return Page{Messages: messages, More: more}, err
}

// cut reads the rows of a page and whether older ones exist.
func (v *view) cut(ctx context.Context, row ChannelRow, q Query) (rows []Row, more bool, err error) {
	var from *Place
	var later []Row
	limit := q.Limit
	if middle := q.Around; !middle.IsZero() {
		around, err := v.message(ctx, row, middle)
		if err != nil {
			return nil, false, err
		}
		from = &Place{Lamport: around.Lamport, ID: around.ID}
		later, err = v.storage().Posts(ctx, row.N, Cut{Thread: q.Thread, From: from, After: true, Limit: limit / 2})
		if err != nil {
			return nil, false, err
		}
		later = append([]Row{around}, later...)
		limit -= len(later)
	} else if !q.Before.IsZero() {
		before, err := v.message(ctx, row, q.Before)
		if err != nil {
			return nil, false, err
		}
		from = &Place{Lamport: before.Lamport, ID: before.ID}
	}
	rows, err = v.storage().Posts(ctx, row.N, Cut{Thread: q.Thread, From: from, Limit: limit + 1})
	if err != nil {
		return nil, false, err
	}
	if more = len(rows) > limit; more {
		rows = rows[1:]
	}
	if !more && !q.Thread.IsZero() && q.Before != q.Thread && q.Around != q.Thread {
		root, err := v.message(ctx, row, q.Thread)
		if err != nil {
			return nil, false, err
		}
		rows = append([]Row{root}, rows...)
	}
	return append(rows, later...), more, nil
}

// byID reads messages as they stand now, leaving out what is no message.
func (v *view) byID(ctx context.Context, ids []seal.ID) ([]Message, error) {
	found, err := v.storage().Rows(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows := slices.DeleteFunc(found, func(row Row) bool { return row.Op != OpPost || row.State == RowBad })
	slices.SortFunc(rows, func(a, b Row) int { return a.ID.Compare(b.ID) })
	return v.dress(ctx, rows)
}

// row reads the row of one envelope.
func (v *view) row(ctx context.Context, id seal.ID) (row Row, found bool, err error) {
	rows, err := v.storage().Rows(ctx, []seal.ID{id})
	if err != nil || len(rows) == 0 {
		return Row{}, false, err
	}
	return rows[0], true, nil
}

// dress turns rows of posts into messages as they stand now (rules T15 to T18).
// A row that cannot be read and cannot be repaired is left out and reported.
func (v *view) dress(ctx context.Context, rows []Row) ([]Message, error) {
	if len(rows) == 0 {
		return nil, nil
	}
	ids := make([]seal.ID, len(rows))
	for i, row := range rows {
		ids[i] = row.ID
	}
	changed, err := v.storage().Changes(ctx, ids)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(changed, func(a, b Row) int { return order(a.Lamport, a.ID, b.Lamport, b.ID) })
	about := map[seal.ID][]Row{}
	for _, row := range changed {
		about[row.Target] = append(about[row.Target], row)
	}
	replies, err := v.storage().Replies(ctx, ids)
	if err != nil {
		return nil, err
	}
	messages := make([]Message, 0, len(rows))
	for _, row := range rows {
		m, err := v.render(ctx, row)
		if err != nil {
			continue // reported by render
		}
		m.Replies, m.LastReplyMs = replies[row.ID].Count, replies[row.ID].LastMs
		v.change(ctx, &m, about[row.ID])
		messages = append(messages, m)
	}
	return messages, nil
}

// render makes the message of a row, without what others said about it.
func (v *view) render(ctx context.Context, row Row) (Message, error) {
	c, err := v.contentOf(ctx, row)
	if err != nil {
		return Message{}, err
	}
	place, ok := v.list.place(ctx, row.Channel)
	if !ok {
		return Message{}, fmt.Errorf("row %d belongs to no channel: %w", row.N, ErrNotFound)
	}
	m := Message{
		Place:  Place{Workspace: v.ws, Space: place.Space, Channel: place.Channel, ID: row.ID, Lamport: row.Lamport},
		Origin: Origin{Author: c.Author, Device: c.Device, Seq: c.Seq, SentMs: row.SentMs, LateMs: c.LateMs},
		Thread: Thread{Root: row.Target}, Text: c.Text, Mentions: c.Mentions, Provisional: row.State == RowOpen,
		Deleted: row.Flags&Hidden != 0, // it is shown where others answered it
	}
	m.Name = v.service.config.People.Name(v.ws, c.Author)
	m.Custody = v.custody(place.Space, c)
	return m, nil
}

// custody says who else holds a message. Of somebody else's at least its author.
func (v *view) custody(space seal.SpaceID, c content) Custody {
	holders, all := v.team.Custody(space, c.Device, c.Seq)
	_, device := v.team.Self()
	bySuperPeer := v.team.HeldBySuperPeer(space, c.Device, c.Seq)
	switch {
	case all:
		return Custody{Delivered, holders, bySuperPeer}
	case holders > 0 || c.Device != device:
		return Custody{Held, holders, bySuperPeer}
	}
	return Custody{State: Local}
}

// change applies edits, deletions and reactions, which come in order, to a
// message. Each counts only if its author may do it, so that the result is the
// same before and after the rules could be checked on arrival.
func (v *view) change(ctx context.Context, m *Message, rows []Row) {
	reactions := reactions{}
	for _, row := range rows {
		c, err := v.contentOf(ctx, row)
		if err != nil {
			continue // reported by contentOf
		}
		switch row.Op {
		case OpEdit:
			if c.Author == m.Author {
				m.Text, m.Mentions, m.EditedMs = c.Text, c.Mentions, row.SentMs
			}
		case OpDelete:
			m.Deleted = m.Deleted || v.mayDelete(m.Space, m.Author, c.Author)
		case OpReact:
			reactions.set(strings.TrimPrefix(c.Text, takeBack), c.Author, !strings.HasPrefix(c.Text, takeBack))
		case OpPost, OpPin, OpCreate, OpRename:
		}
	}
	m.Reactions = reactions.list()
	if m.Deleted {
		m.Text, m.Mentions, m.Reactions, m.EditedMs = "", nil, nil, 0
	}
}

// reactions are the choices of everybody, in the order of the first choice.
type reactions []*choice

type choice struct {
	emoji  string
	people map[seal.ID]bool // false: taken back
}

// set is rule T17: the last word of a person about an emoji counts.
func (r *reactions) set(emoji string, person seal.ID, chosen bool) {
	for _, c := range *r {
		if c.emoji == emoji {
			c.people[person] = chosen
			return
		}
	}
	*r = append(*r, &choice{emoji, map[seal.ID]bool{person: chosen}})
}

func (r reactions) list() []Reaction {
	var all []Reaction
	for _, c := range r {
		var people []seal.ID
		for person, chosen := range c.people {
			if chosen {
				people = append(people, person)
			}
		}
		if len(people) > 0 {
			all = append(all, Reaction{Emoji: c.emoji, People: sorted(people)})
		}
	}
	return all
}
