package chat

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"parvis/crdt/seal"
)

// Bounds of what a fold reads at its start and keeps.
const (
	firstNodes = 2048 // newest nodes read into the graph
	tipWindow  = 256  // rows of a channel in which its heads are looked for
	maxHeads   = 64   // heads remembered per channel
)

// fold is the writer's picture of one workspace: the graph, and the heads and
// counts of its channels. It lives from the first write to the next rollback and
// is touched only inside transactions, of which there is one at a time.
type fold struct {
	v        *view
	graph    *graph
	channels map[place]*tip
	numbered map[int64]*tip // the same by ChannelRow.N
	batch    batch
}

// place names a channel inside a workspace.
type place struct {
	space   seal.SpaceID
	channel ChannelID
}

// tip is the writer's picture of one channel. heads is nil until it was read.
type tip struct {
	row      ChannelRow
	heads    map[seal.ID]uint64 // complete nodes that no complete node follows, with their lamports
	mark     Mark
	arrived  int64
	last     Last
	unread   int
	mentions int
	veiled   bool  // what made it, or named it, is hidden
	read     *Last // the last place that was read here; nil until it was asked for
}

// openFold reads the picture from the store.
func openFold(ctx context.Context, v *view) (*fold, error) {
	f := &fold{v: v, channels: map[place]*tip{}, numbered: map[int64]*tip{}}
	f.batch.clear()
	f.graph = newGraph(v.room, f.loadNode)
	rows, err := v.channelRows(ctx)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		f.keep(&tip{row: row})
	}
	newest, err := v.storage().NewestRows(ctx, v.ws, firstNodes+1)
	if err != nil {
		return nil, err
	}
	f.graph.whole = len(newest) <= firstNodes
	for _, row := range newest {
		if c, err := row.content(); err == nil && row.State != RowOpen {
			f.graph.remember(row.ID, nodeOf(row, c))
		} else if err != nil {
			f.graph.whole = false
		}
	}
	waiting, err := v.storage().WaitingRows(ctx, v.ws)
	if err != nil {
		return nil, err
	}
	return f, f.reopen(ctx, waiting, newChanges())
}

func (f *fold) keep(t *tip) {
	f.channels[place{t.row.Space, t.row.Channel}] = t
	f.numbered[t.row.N] = t
}

func nodeOf(row Row, c content) node {
	return node{
		channel: row.Channel, lamport: row.Lamport, author: c.Author, op: row.Op, state: row.State, hidden: row.Flags&Hidden != 0,
	}
}

// loadNode is how the graph reads a node that it has forgotten.
func (f *fold) loadNode(ctx context.Context, id seal.ID) (node, bool, error) {
	row, found, err := f.row(ctx, id)
	if err != nil || !found {
		return node{}, false, err
	}
	c, err := row.content()
	if err != nil {
		return node{}, false, nil // damaged: as if it were not here; repaired when shown
	}
	return nodeOf(row, c), true, nil
}

// has reports whether an envelope has a row, be it damaged.
func (f *fold) has(ctx context.Context, id seal.ID) (bool, error) {
	if _, ok := f.graph.remembered(id); ok || f.graph.whole {
		return ok, nil
	}
	_, found, err := f.row(ctx, id)
	return found, err
}

// tip finds or makes the picture of a channel.
func (f *fold) tip(ctx context.Context, p place) (*tip, error) {
	t, ok := f.channels[p]
	if !ok {
		row := ChannelRow{Workspace: f.v.ws, Space: p.space, Channel: p.channel, Made: p.channel == General(p.space)}
		n, err := f.v.storage().PutChannel(ctx, row)
		if err != nil {
			return nil, fmt.Errorf("add channel: %w", err)
		}
		row.N = n
		t = &tip{row: row}
		f.keep(t)
	}
	if t.heads == nil {
		if err := f.readTip(ctx, t); err != nil {
			return nil, fmt.Errorf("read the end of channel %s: %w", p.channel, err)
		}
	}
	return t, nil
}

// readTip reads heads, mark and counts of a channel.
func (f *fold) readTip(ctx context.Context, t *tip) error {
	arrived, rows, err := f.v.storage().Tip(ctx, t.row.N, tipWindow)
	if err != nil {
		return err
	}
	heads := map[seal.ID]uint64{}
	followed := map[seal.ID]bool{}
	for _, row := range rows { // children come before their parents
		c, err := row.content()
		if err != nil || row.State != RowComplete || row.Flags&Hidden != 0 {
			continue
		}
		if !followed[row.ID] && len(heads) < maxHeads {
			heads[row.ID] = row.Lamport
		}
		for _, p := range c.Parents {
			followed[p] = true
		}
	}
	if t.mark, err = f.v.storage().Mark(ctx, t.row.N); err != nil {
		return err
	}
	if t.last, err = f.v.storage().LastPost(ctx, t.row.N); err != nil {
		return err
	}
	t.heads, t.arrived = heads, arrived
	if !t.row.Made && !t.veiled {
		if t.veiled, err = f.hasVeiled(ctx, t); err != nil {
			return err
		}
	}
	t.unread, t.mentions, err = f.v.storage().Unread(ctx, t.row.N, t.mark)
	return err
}

// next are the parents and the place of a new message (rules T21 and T28).
func (f *fold) next(ctx context.Context, t *tip) (parents []seal.ID, lamport uint64, err error) {
	heads := slices.Collect(maps.Keys(t.heads))
	slices.SortFunc(heads, func(a, b seal.ID) int { return order(t.heads[b], b, t.heads[a], a) })
	if len(heads) == 0 {
		return nil, 1, nil
	}
	lamport = 1 + t.heads[heads[0]]
	if space, _ := f.v.team.Space(t.row.Space); space.FromJoin {
		heads, err = f.openHeads(ctx, t.row.Space, heads)
	}
	return sorted(heads[:min(len(heads), MaxParents)]), lamport, err
}

// openHeads keeps of heads, the greatest first, those that everybody can open who reads
// the space now, and what they are about; none when the greatest is not among them.
func (f *fold) openHeads(ctx context.Context, space seal.SpaceID, heads []seal.ID) (open []seal.ID, err error) {
	for i, id := range heads {
		all, err := f.openToAll(ctx, space, id)
		if err != nil || !all && i == 0 {
			return nil, err
		}
		if all {
			open = append(open, id)
		}
		if len(open) == MaxParents {
			break
		}
	}
	return open, nil
}

func (f *fold) openToAll(ctx context.Context, space seal.SpaceID, id seal.ID) (bool, error) {
	row, found, err := f.row(ctx, id)
	if err != nil || !found {
		return false, err
	}
	all, err := f.v.team.OpenToAll(ctx, space, id)
	if err != nil || !all || row.Target.IsZero() {
		return all, err
	}
	return f.v.team.OpenToAll(ctx, space, row.Target)
}

// complete moves the heads over a node that has become complete.
func (t *tip) complete(e entry) {
	for _, p := range e.parents {
		delete(t.heads, p)
	}
	t.heads[e.id] = e.node.lamport
	if len(t.heads) <= maxHeads {
		return
	}
	lowest, at := e.id, e.node.lamport
	for id, lamport := range t.heads {
		if order(lamport, id, at, lowest) < 0 {
			lowest, at = id, lamport
		}
	}
	delete(t.heads, lowest)
}

// order compares places: lamport, then id.
func order(lamport uint64, id seal.ID, other uint64, otherID seal.ID) int {
	switch {
	case lamport < other:
		return -1
	case lamport > other:
		return 1
	}
	return id.Compare(otherID)
}
