package chat

import (
	"context"
	"fmt"

	"parvis/crdt/seal"
)

// Bounds of what a graph keeps in memory.
const (
	maxKnown = 24 * 1024 // nodes per generation of the cache
	maxOpen  = 64 * 1024 // nodes that wait for others; more wait on disk alone
)

// node is one message in the hash graph of its channel.
type node struct {
	channel int64
	lamport uint64
	author  seal.ID
	op      Op
	state   RowState
	hidden  bool // takes its place in the graph and no part in the conversation
}

// entry is a node that arrives, with what it names.
type entry struct {
	id      seal.ID
	row     int64 // Row.N
	node    node
	parents []seal.ID
	target  seal.ID // zero for none
}

// verdict is what became of a node: complete, open, or bad for a reason.
type verdict struct {
	entry  entry
	state  RowState
	reason string
}

// graph decides which nodes are complete (rules T12 to T15). Its verdicts depend
// on the set of nodes alone, never on the order in which they came. It belongs
// to the writer and is not safe for concurrent use.
type graph struct {
	load       func(ctx context.Context, id seal.ID) (node, bool, error) // from the store
	young, old map[seal.ID]node
	whole      bool               // every node of the workspace is in memory
	open       map[seal.ID]*entry // nodes in state RowOpen
	waiting    map[seal.ID][]seal.ID
	room       int  // how many nodes may be in open
	crowded    bool // some nodes in state RowOpen are not in open
}

func newGraph(room int, load func(ctx context.Context, id seal.ID) (node, bool, error)) *graph {
	return &graph{
		room: room, load: load, young: map[seal.ID]node{}, old: map[seal.ID]node{},
		open: map[seal.ID]*entry{}, waiting: map[seal.ID][]seal.ID{},
	}
}

// remembered finds a node in memory.
func (g *graph) remembered(id seal.ID) (node, bool) {
	if e, ok := g.open[id]; ok {
		return e.node, true
	}
	if n, ok := g.young[id]; ok {
		return n, true
	}
	n, ok := g.old[id]
	return n, ok
}

// find finds a node in memory or in the store.
func (g *graph) find(ctx context.Context, id seal.ID) (node, bool, error) {
	if n, ok := g.remembered(id); ok || g.whole {
		return n, ok, nil
	}
	n, ok, err := g.load(ctx, id)
	if ok {
		g.remember(id, n)
	}
	return n, ok, err
}

// remember keeps a node that is not open, forgetting the oldest half when there
// are too many.
func (g *graph) remember(id seal.ID, n node) {
	if len(g.young) >= maxKnown {
		if len(g.old) > 0 {
			g.whole = false
		}
		g.old, g.young = g.young, make(map[seal.ID]node, maxKnown)
	}
	g.young[id] = n
}

// judge says what an entry is as far as is known now. For an open one it names
// the node that it waits for.
func (g *graph) judge(ctx context.Context, e *entry) (v verdict, needs seal.ID, err error) {
	v = verdict{entry: *e, state: RowOpen}
	for _, p := range e.parents { // memory alone first: an open parent settles it
		if n, ok := g.remembered(p); ok && n.state == RowOpen && n.channel == e.node.channel {
			return v, p, nil
		}
	}
	top := uint64(0)
	for _, p := range e.parents {
		n, ok, err := g.find(ctx, p)
		switch {
		case err != nil:
			return v, p, err
		case !ok || n.state == RowOpen:
			return v, p, nil
		case n.channel != e.node.channel:
			return bad(v, "it follows a message of another channel"), p, nil
		case n.state == RowBad:
			return bad(v, "it follows a message that breaks the rules"), p, nil
		}
		top = max(top, n.lamport)
	}
	if len(e.parents) > 0 && e.node.lamport != top+1 {
		return bad(v, fmt.Sprintf("its place is %d where %d follows", e.node.lamport, top+1)), seal.ID{}, nil
	}
	return g.judgeTarget(ctx, e, v)
}

// judgeTarget is rule T15. The target needs to be known, not complete: it has no
// say in the place of the entry.
func (g *graph) judgeTarget(ctx context.Context, e *entry, v verdict) (verdict, seal.ID, error) {
	if e.target.IsZero() {
		v.state = RowComplete
		return v, seal.ID{}, nil
	}
	n, ok, err := g.find(ctx, e.target)
	switch {
	case err != nil || !ok:
		return v, e.target, err
	case n.channel != e.node.channel:
		return bad(v, "it is about a message of another channel"), seal.ID{}, nil
	case n.op != OpPost:
		return bad(v, "it is about something that is no message"), seal.ID{}, nil
	case e.node.op == OpEdit && n.author != e.node.author:
		return bad(v, "it edits the message of another person"), seal.ID{}, nil
	}
	v.state = RowComplete
	return v, seal.ID{}, nil
}

func bad(v verdict, reason string) verdict {
	v.state, v.reason = RowBad, reason
	return v
}

// settle takes an entry with its verdict into the graph and returns the verdicts
// of those that waited for it, in an order in which parents come first.
func (g *graph) settle(ctx context.Context, v verdict, needs seal.ID) ([]verdict, error) {
	var woken []verdict
	g.take(v, needs)
	queue := []seal.ID{v.entry.id}
	for len(queue) > 0 {
		id := queue[0]
		queue = queue[1:]
		for _, child := range g.wake(id) {
			e, ok := g.open[child]
			if !ok {
				continue
			}
			v, needs, err := g.judge(ctx, e)
			if err != nil {
				return nil, err
			}
			if v.state == RowOpen {
				g.waiting[needs] = append(g.waiting[needs], child)
				continue
			}
			delete(g.open, child)
			g.take(v, seal.ID{})
			woken = append(woken, v)
			queue = append(queue, child)
		}
	}
	return woken, nil
}

// take keeps an entry according to its verdict.
func (g *graph) take(v verdict, needs seal.ID) {
	v.entry.node.state = v.state
	if v.state != RowOpen {
		g.remember(v.entry.id, v.entry.node)
		return
	}
	if len(g.open) >= g.room {
		g.whole, g.crowded = false, true // it is on disk, and looked at again when there is room
		return
	}
	e := v.entry
	g.open[e.id] = &e
	g.waiting[needs] = append(g.waiting[needs], e.id)
}

// wake returns the nodes that wait for id and forgets that they did.
func (g *graph) wake(id seal.ID) []seal.ID {
	children := g.waiting[id]
	delete(g.waiting, id)
	return children
}
