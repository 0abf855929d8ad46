package chat

import (
	"context"
	"fmt"
	"slices"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// add folds one envelope. It does nothing when the envelope has a row.
func (f *fold) add(ctx context.Context, o workspace.Opened, b Body, c *changes) error {
	if known, err := f.has(ctx, o.ID); err != nil || known {
		return err
	}
	t, err := f.tip(ctx, place{o.Space, b.Channel})
	if err != nil {
		return err
	}
	e := entry{id: o.ID, node: node{channel: t.row.N, lamport: b.Lamport, author: o.Person, op: b.Op, hidden: o.Hidden}, parents: b.Parents}
	if b.Target != nil && b.Op != OpCreate {
		e.target = *b.Target
	}
	v, needs, err := f.graph.judge(ctx, &e)
	if err != nil {
		return err
	}
	awaited := len(f.graph.waiting[o.ID]) > 0
	if o.LateMs, err = f.late(ctx, t, o, b); err != nil {
		return err
	}
	row, err := rowOf(o, b, f.flags(t, o, b))
	if err != nil {
		return err
	}
	row.Channel, row.State = t.row.N, v.state
	woken, err := f.graph.settle(ctx, v, needs)
	if err != nil {
		return err
	}
	f.put(row)
	if v.state == RowBad {
		c.bad[o.ID] = v.reason
	} else if err := f.show(ctx, t, row, b.Text, v, awaited, c); err != nil {
		return err
	}
	for _, v := range woken {
		if err := f.woken(ctx, v, c); err != nil {
			return err
		}
	}
	return nil
}

// late is how old an envelope was if it would be missed: it stands before what was
// read here, on a device that could have had it (rule T27). Else 0.
func (f *fold) late(ctx context.Context, t *tip, o workspace.Opened, b Body) (int64, error) {
	if o.LateMs == 0 || o.Own || t.mark == (Mark{}) || o.HintMs < f.v.team.Standing().DeviceMs {
		return 0, nil
	}
	if t.read == nil {
		top, err := f.v.markPlace(ctx, t)
		if err != nil {
			return 0, fmt.Errorf("what was read: %w", err)
		}
		t.read = &top
	}
	if order(b.Lamport, o.ID, t.read.Lamport, t.read.ID) > 0 {
		return 0, nil
	}
	return o.LateMs, nil
}

// show notes what a new row that is not bad changes.
func (f *fold) show(ctx context.Context, t *tip, row Row, text string, v verdict, awaited bool, c *changes) error {
	if v.entry.node.hidden {
		f.veil(t, v.entry, c)
		return nil
	}
	c.channel(t)
	if t.veiled && !t.row.Made {
		c.rename(t)
	}
	switch row.Op {
	case OpPost:
		if order(row.Lamport, row.ID, t.last.Lamport, t.last.ID) > 0 {
			t.last = Last{row.Lamport, row.ID, row.SentMs}
		}
		if row.Flags&Counts != 0 {
			t.unread++
		}
		if row.Flags&MentionsMe != 0 {
			t.mentions++
		}
		if awaited {
			c.touch(row.ID)
		} else {
			c.post(row)
		}
		if !row.Target.IsZero() {
			c.touch(row.Target)
		}
	case OpEdit, OpDelete, OpReact:
		c.touch(row.Target)
	case OpPin, OpCreate, OpRename:
	}
	if v.state == RowComplete {
		return f.complete(ctx, t, v.entry, text)
	}
	return nil
}

// complete notes what a node changes once everything before it is here: only
// then is it built upon, and only then does it name its channel.
func (f *fold) complete(ctx context.Context, t *tip, e entry, text string) error {
	t.complete(e)
	if e.node.op != OpCreate && e.node.op != OpRename || t.row.Channel == General(t.row.Space) {
		return nil
	}
	changed := e.node.op == OpCreate && !t.row.Made
	t.row.Made = t.row.Made || e.node.op == OpCreate
	if order(e.node.lamport, e.id, t.row.Lamport, t.row.NamedBy) > 0 {
		t.row.Name, t.row.Lamport, t.row.NamedBy = text, e.node.lamport, e.id
		changed = true
	}
	if !changed {
		return nil
	}
	if _, err := f.v.storage().PutChannel(ctx, t.row); err != nil {
		return fmt.Errorf("name channel: %w", err)
	}
	return nil
}

// woken notes the verdict on a node that had waited.
func (f *fold) woken(ctx context.Context, v verdict, c *changes) error {
	t := f.numbered[v.entry.node.channel]
	if t == nil {
		return fmt.Errorf("row %d belongs to no channel", v.entry.row)
	}
	if _, err := f.tip(ctx, place{t.row.Space, t.row.Channel}); err != nil {
		return err
	}
	if row, ok := f.batch.byID[v.entry.id]; ok {
		row.State = v.state
		c.judged(v)
	} else {
		c.settled(v)
	}
	if v.entry.node.hidden {
		f.veil(t, v.entry, c)
		return nil
	}
	c.channel(t)
	if v.entry.node.op == OpPost {
		c.touch(v.entry.id)
	} else if !v.entry.target.IsZero() {
		c.touch(v.entry.target)
	}
	if v.state == RowBad {
		c.recount(t)
		if t.veiled {
			c.rename(t)
		}
		return nil
	}
	row, found, err := Row{}, false, error(nil)
	if op := v.entry.node.op; op == OpCreate || op == OpRename {
		if row, found, err = f.row(ctx, v.entry.id); err != nil {
			return err
		}
	}
	text := ""
	if found {
		if content, err := row.content(); err == nil {
			text = content.Text
		}
	}
	return f.complete(ctx, t, v.entry, text)
}

// flags says what a new row counts for: nothing, when it was read on another device.
func (f *fold) flags(t *tip, o workspace.Opened, b Body) Flags {
	person, _ := f.v.team.Self()
	flags := flagsOf(o, b, person, f.v.joined())
	if flags&Counts != 0 && f.v.readElsewhere(t, o, b) {
		return 0
	}
	return flags
}

// flagsOf: messages of others count, those from before one joined do not.
func flagsOf(o workspace.Opened, b Body, self seal.ID, joinedMs int64) Flags {
	if o.Hidden {
		return Hidden
	}
	if b.Op != OpPost || o.Person == self || o.HintMs < joinedMs {
		return 0
	}
	if slices.Contains(b.Mentions, self) {
		return Counts | MentionsMe
	}
	return Counts
}
