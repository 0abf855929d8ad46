package chat

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// view folds the chat envelopes of one workspace into rows.
type view struct {
	service *Service
	team    Team
	ws      seal.ID
	list    *list

	fold    *fold         // the writer's; nil until the next write reads it
	version atomic.Uint64 // of the channel pictures handed to list
	telling sync.Mutex    // facts are computed and told by one goroutine at a time
	typing  typing
	reloads reloads
	sweeps  sweeps
	room    int // nodes that may wait in memory
}

func newView(s *Service, team Team) *view {
	v := &view{service: s, team: team, ws: team.ID(), room: maxOpen, sweeps: sweeps{quiet: sweepQuiet}}
	v.list = newList(v)
	return v
}

func (v *view) storage() Storage { return v.service.config.Store }

func (v *view) joined() int64 { return v.team.Standing().JoinedMs }

// writer is the writer's picture, read anew after a rollback.
func (v *view) writer(ctx context.Context) (*fold, error) {
	if v.fold != nil {
		return v.fold, nil
	}
	f, err := openFold(ctx, v)
	if err != nil {
		return nil, fmt.Errorf("read conversations: %w", err)
	}
	v.fold = f
	return f, nil
}

// Apply implements [workspace.View].
func (v *view) Apply(ctx context.Context, batch []workspace.Opened) (workspace.Result, error) {
	f, err := v.writer(ctx)
	if err != nil {
		return workspace.Result{}, err
	}
	c := newChanges()
	arrivals := decodeAll(batch, c)
	if err := f.readAhead(ctx, mentioned(arrivals)); err != nil {
		return workspace.Result{}, fmt.Errorf("read ahead: %w", err)
	}
	for i, a := range arrivals {
		if err := f.add(ctx, a.Opened, a.body, c); err != nil {
			return workspace.Result{}, fmt.Errorf("fold %s: %w", a.ID.Short(), err)
		}
		if i == len(arrivals)-1 || f.full() {
			if err := f.flush(ctx); err != nil {
				return workspace.Result{}, fmt.Errorf("add messages: %w", err)
			}
		}
	}
	f.batch.clear()
	if err := f.save(ctx, c); err != nil {
		return workspace.Result{}, err
	}
	pictures, crowded := v.pictures(c.channels), f.graph.crowded
	return workspace.Result{Bad: c.bad, After: func() {
		v.tell(ctx, c, pictures)
		if crowded {
			v.sweeps.soon(v.sweep)
		}
	}}, nil
}

// arrival is an envelope with its body.
type arrival struct {
	workspace.Opened
	body Body
}

// decodeAll reads the bodies of a batch, leaving out what cannot be read.
func decodeAll(batch []workspace.Opened, c *changes) []arrival {
	arrivals := make([]arrival, 0, len(batch))
	for _, o := range batch {
		body, err := Decode(o.Body, o.Space)
		if err != nil {
			c.bad[o.ID] = err.Error()
			continue
		}
		if o.LateMs > 0 {
			c.late++
		}
		arrivals = append(arrivals, arrival{o, body})
	}
	return arrivals
}

// mentioned are the envelopes of a batch and those that they name.
func mentioned(arrivals []arrival) []seal.ID {
	ids := make([]seal.ID, 0, 3*len(arrivals))
	for _, a := range arrivals {
		ids = append(append(ids, a.ID), a.body.Parents...)
		if a.body.Target != nil && a.body.Op != OpCreate {
			ids = append(ids, *a.body.Target)
		}
	}
	return ids
}

// Reset implements [workspace.View].
func (v *view) Reset() { v.fold = nil }

// picture is a channel as it stands after a commit.
type picture struct {
	row              ChannelRow
	unread, mentions int
	lastMs           int64
	readUpTo         seal.ID
	version          uint64
}

// pictures copies the writer's channels for the readers.
func (v *view) pictures(tips map[int64]*tip) []picture {
	if len(tips) == 0 {
		return nil
	}
	version := v.version.Add(1)
	pictures := make([]picture, 0, len(tips))
	for _, t := range tips {
		pictures = append(pictures, picture{
			row: t.row, unread: t.unread, mentions: t.mentions, lastMs: t.last.SentMs, readUpTo: t.mark.ID, version: version,
		})
	}
	slices.SortFunc(pictures, func(a, b picture) int { return int(a.row.N - b.row.N) })
	return pictures
}

// tell publishes what a committed batch changed: each new message once, each
// changed message once, each channel once.
func (v *view) tell(ctx context.Context, c *changes, pictures []picture) {
	v.telling.Lock()
	defer v.telling.Unlock()
	v.list.update(pictures)
	if c.reload {
		v.service.Reload.Publish(v.ws)
	}
	ctx = context.WithoutCancel(ctx)
	if c.late > maxLate {
		v.reloads.tell(func() { v.service.Reload.Publish(v.ws) })
	} else {
		v.tellMessages(ctx, c)
	}
	for _, p := range pictures {
		if channel, ok := v.list.channel(ctx, p.row.Channel); ok {
			v.service.ChannelChanged.Publish(channel)
		}
	}
}

func (v *view) tellMessages(ctx context.Context, c *changes) {
	for _, row := range c.posts {
		if c.touched[row.ID] {
			continue
		}
		if m, err := v.render(ctx, row); err == nil {
			v.service.MessageChanged.Publish(m)
		}
	}
	v.tellTouched(ctx, c)
}

// tellTouched publishes changed messages as they stand now.
func (v *view) tellTouched(ctx context.Context, c *changes) {
	if len(c.touched) > maxTouched {
		v.service.Reload.Publish(v.ws)
		return
	}
	ids := make([]seal.ID, 0, len(c.touched))
	for id := range c.touched {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, seal.ID.Compare)
	messages, err := v.byID(ctx, ids)
	if err != nil {
		v.service.config.Log.Error("read changed messages", "workspace", v.ws.Short(), "err", err)
		v.service.Reload.Publish(v.ws)
		return
	}
	for _, m := range messages {
		v.service.MessageChanged.Publish(m)
	}
}
