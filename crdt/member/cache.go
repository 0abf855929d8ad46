package member

import (
	"container/list"

	"parvis/crdt/seal"
)

// maxStates is how many states are remembered by the heads they stand at.
const maxStates = 256

// keepEvery is the distance of the entries whose states are always kept, so
// that any state is at most so many steps from a kept one.
const keepEvery = 32

// cache remembers the states that were used last.
type cache struct {
	max   int
	byKey map[string]*list.Element
	used  *list.List // most recent first
}

type cached struct {
	key   string
	state *State
	rec   *record // whose state it is, for a single head
}

func newCache(max int) cache {
	return cache{max: max, byKey: map[string]*list.Element{}, used: list.New()}
}

func (c *cache) get(key string) *State {
	at := c.byKey[key]
	if at == nil {
		return nil
	}
	c.used.MoveToFront(at)
	return at.Value.(cached).state
}

func (c *cache) put(key string, state *State, rec *record) {
	if at := c.byKey[key]; at != nil {
		c.used.MoveToFront(at)
		return
	}
	c.byKey[key] = c.used.PushFront(cached{key, state, rec})
	if c.used.Len() <= c.max {
		return
	}
	oldest := c.used.Remove(c.used.Back()).(cached)
	delete(c.byKey, oldest.key)
	if oldest.rec != nil && !oldest.rec.pinned() {
		oldest.rec.after = nil
	}
}

// pinned reports whether the state after a record is kept for ever: where
// branches meet, and regularly along a branch.
func (r *record) pinned() bool { return len(r.parents) != 1 || r.depth%keepEvery == 0 }

// setAfter keeps the state after a record for a while, or for ever.
func (l *Log) setAfter(r *record, st *State) {
	r.after = st
	if !r.pinned() {
		l.states.put(string(r.entry.ID[:]), st, r)
	}
}

// keyOf names a set of heads, which must be sorted.
func keyOf(heads []seal.ID) string {
	key := make([]byte, 0, len(heads)*len(seal.ID{}))
	for _, id := range heads {
		key = append(key, id[:]...)
	}
	return string(key)
}
