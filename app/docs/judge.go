package docs

import (
	"context"
	"fmt"

	"parvis/crdt/doc"
	"parvis/crdt/seal"
)

// verdict is what a change is as far as is known now. An open one needs another
// change; a bad one has a reason.
type verdict struct {
	state  ChangeState
	needs  seal.ID
	reason string
}

// judge is rules D5, D11 and D14. It depends on the set of changes alone, never
// on the order in which they came, except for what is parked.
func (t *tip) judge(ctx context.Context, e *entry) (verdict, error) {
	top, root := uint64(0), doc.RootHash()
	for _, dep := range e.c.Deps {
		if dep == root {
			top = max(top, rootOps)
			continue
		}
		if _, waits := t.open[dep]; waits {
			return verdict{state: Open, needs: dep}, nil
		}
		n, ok, err := t.find(ctx, dep)
		if err != nil {
			return verdict{}, err
		}
		if !ok || n.state != Complete {
			return verdict{state: Open, needs: dep}, nil
		}
		top = max(top, n.end)
	}
	a := e.actor
	switch {
	case e.row.Seq > a.last+1:
		return verdict{state: Open, needs: slotKey(a.Actor, e.row.Seq-1)}, nil
	case e.row.Seq <= a.last:
		return verdict{state: Bad, reason: fmt.Sprintf("its number is %d where %d follows", e.row.Seq, a.last+1)}, nil
	case e.c.Start != top+1 || a.last > 0 && e.c.Start <= a.end:
		return verdict{state: Bad, reason: fmt.Sprintf("its operations begin at %d where %d follows", e.c.Start, top+1)}, nil
	case e.hidden && !e.kept:
		return verdict{state: HiddenChange}, nil
	case t.parks(a.Person) && !e.kept:
		return verdict{state: Parked}, nil
	}
	return verdict{state: Complete}, nil
}

// parks reports whether the changes of a person wait until somebody builds on them.
func (t *tip) parks(person seal.ID) bool {
	self, _ := t.v.team.Self()
	return person != self && t.refused[person] >= strikes
}

// find finds a change that does not wait, in memory or in the store.
func (t *tip) find(ctx context.Context, hash seal.ID) (node, bool, error) {
	if n, ok := t.known.find(hash); ok || t.known.whole || t.row.N == 0 {
		return n, ok, nil
	}
	row, found, err := t.v.storage().Change(ctx, t.row.N, hash)
	if err != nil || !found {
		return node{}, false, err
	}
	c, err := row.content()
	if err != nil {
		return node{}, false, nil // damaged: as if it were not here, until it is repaired
	}
	n := node{row.State, c.Start + c.Ops - 1, row.Envelope}
	t.known.remember(hash, n)
	return n, true, nil
}

// settle judges a change and all that waited for it. It returns it and the others
// whose state changed.
func (t *tip) settle(ctx context.Context, first *entry) ([]*entry, error) {
	changed := []*entry{first}
	queue := []*entry{first}
	for len(queue) > 0 {
		e := queue[0]
		queue = queue[1:]
		if e.row.State == Complete || e.row.State == Bad {
			continue // it stood in the queue twice
		}
		v, err := t.judge(ctx, e)
		if err != nil {
			return nil, err
		}
		if v.state != e.row.State && e != first {
			changed = append(changed, e)
		}
		e.row.State = v.state
		switch v.state {
		case Complete:
			t.complete(e)
			queue = append(queue, t.wake(e.row.Hash)...)
			queue = append(queue, t.wake(slotKey(e.actor.Actor, e.row.Seq))...)
		case Open, Parked, HiddenChange:
			o, err := t.wait(ctx, e, v)
			if err != nil {
				return nil, err
			}
			if o != nil {
				queue = append(queue, o)
			}
		case Bad, Refused:
			e.reason = v.reason
			delete(t.open, e.row.Hash)
			t.known.remember(e.row.Hash, node{v.state, e.end(), e.row.Envelope})
		}
	}
	return changed, nil
}

// wait keeps a change that cannot be handed out. When it waits for a parked or hidden
// one that it releases (rules D14, D21), that is returned; or itself, when it is
// hidden and one that was here before releases it.
func (t *tip) wait(ctx context.Context, e *entry, v verdict) (released *entry, err error) {
	if _, waits := t.open[e.row.Hash]; !waits && len(t.open) >= maxOpen {
		t.crowded = true // it is on disk; the next load looks at it again
		return nil, nil
	}
	t.open[e.row.Hash] = e
	for _, hash := range t.waiting[e.row.Hash] {
		if by := t.open[hash]; by != nil && e.hidden && !e.kept {
			if err := t.rescue(ctx, by, e); err != nil {
				return nil, err
			}
		}
	}
	if v.state != Open {
		if v.state == HiddenChange && e.kept {
			return e, nil
		}
		return nil, nil
	}
	t.waiting[v.needs] = append(t.waiting[v.needs], e.row.Hash)
	o := t.open[v.needs]
	switch {
	case o == nil || o.kept:
		return nil, nil
	case o.hidden:
		err = t.rescue(ctx, e, o)
	case o.row.State == Parked:
		o.kept = o.actor.Person != e.actor.Person || e.kept
	}
	if err != nil || !o.kept {
		return nil, err
	}
	return o, nil
}

// wake returns the changes that wait for a key and forgets that they did.
func (t *tip) wake(key seal.ID) []*entry {
	var woken []*entry
	for _, hash := range t.waiting[key] {
		if e, ok := t.open[hash]; ok {
			woken = append(woken, e)
		}
	}
	delete(t.waiting, key)
	return woken
}

// complete puts a change at the end of the document's order.
func (t *tip) complete(e *entry) {
	t.place++
	e.row.Place = t.place
	e.actor.last, e.actor.end = e.row.Seq, e.end()
	delete(t.open, e.row.Hash)
	for _, dep := range e.c.Deps {
		delete(t.heads, dep)
	}
	t.heads[e.row.Hash] = true
	t.known.remember(e.row.Hash, node{Complete, e.end(), e.row.Envelope})
	if t.place == 1 && !t.folded.made && len(t.cards) > 0 {
		t.refold() // it is used now
		t.changed = true
	}
	t.note(e.c.HintMs, e.actor.Person, e.actor.Device, e.c.ChainSeq)
}
