package chat

import (
	"context"
	"fmt"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Hide implements [workspace.Hider]: hidden rows keep their place in the graph, so
// that what colleagues wrote after them stays complete, and are shown nowhere (rule
// T25).
func (v *view) Hide(ctx context.Context, batch []workspace.Opened) (workspace.Result, error) {
	f, err := v.writer(ctx)
	if err != nil {
		return workspace.Result{}, err
	}
	c := newChanges()
	c.reload = true
	person, _ := v.team.Self()
	for _, o := range batch {
		row, found, err := v.row(ctx, o.ID)
		if err != nil {
			return workspace.Result{}, err
		}
		if !found {
			continue // its body broke a rule
		}
		body, err := Decode(o.Body, o.Space)
		if err != nil {
			continue
		}
		judged, err := rowOf(o, body, flagsOf(o, body, person, v.joined()))
		if err != nil {
			return workspace.Result{}, err
		}
		judged.N, judged.Channel, judged.State = row.N, row.Channel, row.State
		if err := v.storage().RestoreRow(ctx, judged); err != nil {
			return workspace.Result{}, err
		}
		f.graph.judged(o.ID, o.Hidden)
		if t := f.numbered[row.Channel]; t != nil {
			c.rename(t)
		}
	}
	for t := range c.renames {
		t.veiled, t.heads = true, nil // read again, with the counts
		if _, err := f.tip(ctx, place{t.row.Space, t.row.Channel}); err != nil {
			return workspace.Result{}, err
		}
		c.channel(t)
	}
	if err := f.save(ctx, c); err != nil {
		return workspace.Result{}, err
	}
	pictures := v.pictures(c.channels)
	return workspace.Result{After: func() { v.tell(ctx, c, pictures) }}, nil
}

// judged remembers that a node is hidden, or not any more.
func (g *graph) judged(id seal.ID, hidden bool) {
	if e, ok := g.open[id]; ok {
		e.node.hidden = hidden
	}
	for _, nodes := range []map[seal.ID]node{g.young, g.old} {
		if n, ok := nodes[id]; ok {
			n.hidden = hidden
			nodes[id] = n
		}
	}
}

// veil notes a hidden node. It changes nothing but, perhaps, what its channel is
// called.
func (f *fold) veil(t *tip, e entry, c *changes) {
	if e.node.op == OpCreate || e.node.op == OpRename {
		t.veiled = true
		c.rename(t)
	}
}

// hasVeiled reports whether something that is hidden made a channel.
func (f *fold) hasVeiled(ctx context.Context, t *tip) (bool, error) {
	namings, err := f.v.storage().Namings(ctx, t.row.N)
	for _, row := range namings {
		if row.Flags&Hidden != 0 {
			return true, nil
		}
	}
	return false, err
}

// save writes what a batch changed, and the names of channels that have to be looked
// for again.
func (f *fold) save(ctx context.Context, c *changes) error {
	if err := c.save(ctx, f.v.storage()); err != nil {
		return err
	}
	for t := range c.renames {
		named, err := f.v.named(ctx, t.row)
		if err != nil {
			return err
		}
		if named == t.row {
			continue
		}
		t.row = named
		c.channel(t)
		if _, err := f.v.storage().PutChannel(ctx, t.row); err != nil {
			return fmt.Errorf("name channel: %w", err)
		}
	}
	return nil
}

// nameFrom is a channel as the operations that make and rename it say. What is hidden
// does not count; but a channel that others write in stays, under the name that it
// was made with.
func nameFrom(row ChannelRow, namings []Row, posts bool) ChannelRow {
	named := ChannelRow{N: row.N, Workspace: row.Workspace, Space: row.Space, Channel: row.Channel, Made: row.isGeneral()}
	made := false
	for _, r := range namings {
		made = made || r.Op == OpCreate && r.Flags&Hidden == 0
	}
	for _, r := range namings {
		rescued := r.Op == OpCreate && posts && !made
		if r.Flags&Hidden != 0 && !rescued || row.isGeneral() {
			continue
		}
		c, err := r.content()
		if err != nil {
			continue
		}
		named.Made = named.Made || r.Op == OpCreate
		if order(r.Lamport, r.ID, named.Lamport, named.NamedBy) > 0 {
			named.Name, named.Lamport, named.NamedBy = c.Text, r.Lamport, r.ID
		}
	}
	return named
}
