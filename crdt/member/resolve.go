package member

import (
	"container/heap"
	"slices"

	"parvis/crdt/seal"
)

// rules switches parts of resolve off. Only tests do, to see that they notice.
type rules struct {
	noVoid, noChain, noRank bool
	looped                  *bool // set when the void rule did not end by itself
}

// stateOf is resolve(past of the records, they included).
func (l *Log) stateOf(records []*record) *State {
	switch len(records) {
	case 0:
		return &State{memo: &memo{}}
	case 1:
		return l.stateAfter(records[0])
	}
	ids := make([]seal.ID, len(records))
	for i, r := range records {
		ids[i] = r.entry.ID
	}
	slices.SortFunc(ids, seal.ID.Compare)
	key := keyOf(ids)
	if st := l.states.get(key); st != nil {
		return st
	}
	st := l.merge(records)
	l.states.put(key, st, nil)
	return st
}

// stateAfter is the state after one record. Nothing in it is concurrent with
// the record, so it follows from the state of its parents (rule M28).
func (l *Log) stateAfter(r *record) *State {
	var steps []*record
	at := r
	for ; at.after == nil; at = at.parents[0] {
		steps = append(steps, at) // merges and the genesis are pinned
	}
	st := at.after
	if len(steps) == 0 {
		l.states.get(string(r.entry.ID[:])) // used just now
		return st
	}
	for _, step := range slices.Backward(steps) {
		st = apply(st, step)
	}
	l.setAfter(r, st)
	return st
}

// merge resolves several heads: everything after the latest entry to which all
// others are related is weighed together; before it nothing can change any
// more (rule M28).
func (l *Log) merge(records []*record) *State {
	window, base, heads := l.window(records)
	if len(heads) == 1 {
		return l.stateAfter(heads[0])
	}
	st := resolve(l.stateAfter(base), window, l.rules)
	for _, head := range heads {
		st.heads = append(st.heads, head.entry.ID)
	}
	slices.SortFunc(st.heads, seal.ID.Compare)
	return st
}

// window walks back from records, last added first, until a single open entry
// is left: every other one visited follows it, every other one is in its past.
// It returns the visited ones in the order they were added, that entry, and
// those records that no other follows.
func (l *Log) window(records []*record) (window []*record, base *record, heads []*record) {
	l.walk++
	var open byIndex
	for _, r := range records {
		if r.mark != l.walk {
			r.mark = l.walk
			heap.Push(&open, r)
		}
	}
	followed := map[*record]bool{}
	for len(open) > 1 {
		r := heap.Pop(&open).(*record)
		window = append(window, r)
		for _, parent := range r.parents {
			followed[parent] = true
			if parent.mark != l.walk {
				parent.mark = l.walk
				heap.Push(&open, parent)
			}
		}
	}
	for _, r := range records {
		if !followed[r] && !slices.Contains(heads, r) {
			heads = append(heads, r)
		}
	}
	slices.Reverse(window)
	return window, open[0], heads
}

// apply is the state after one record that follows everything in st.
func apply(st *State, r *record) *State {
	next := st.fork()
	next.heads = []seal.ID{r.entry.ID}
	for _, w := range r.writes {
		w.set(next)
	}
	next.note(r, false)
	if e := r.added.epoch; e != nil {
		next.setCurrent(e.Space, []*Epoch{e})
	}
	return next
}

// note adds what is no register: the ends of chains, epochs, uses, fences.
func (s *State) note(r *record, void bool) {
	s.extend(r.entry)
	if e := r.added.epoch; e != nil {
		s.addEpoch(e, void)
	}
	if void {
		s.voids = s.voids.put(r.entry.ID, struct{}{})
		for _, dev := range r.added.devices {
			s.outcasts = s.outcasts.put(dev, struct{}{})
		}
		return
	}
	if u := r.added.use; u != nil {
		s.addUse(u)
	}
	if r.added.cut != nil {
		s.addCut(r.added.cut)
	}
	if !r.added.quit.IsZero() {
		s.editPerson(r.added.quit, func(p *personRec) { p.quit = true })
	}
}

// extend moves the end of a device's chain. After a fork, all entries with the
// highest seq are ends.
func (s *State) extend(e *Entry) {
	end, _ := s.tails.get(e.Dev)
	switch {
	case e.Seq > end.seq:
		end = tail{e.Seq, []seal.ID{e.ID}}
	case e.Seq == end.seq:
		ids := append(slices.Clone(end.ids), e.ID)
		slices.SortFunc(ids, seal.ID.Compare)
		end = tail{e.Seq, ids}
	default:
		return
	}
	s.tails = s.tails.put(e.Dev, end)
}

// resolve weighs concurrent records against each other, on top of a state that
// is in the past of them all (rules M24 to M27, M33).
func resolve(base *State, records []*record, rules rules) *State {
	f := newField(records, rules)
	next := base.fork()
	next.heads = nil
	for _, w := range f.winners() {
		w.set(next)
	}
	for i, r := range f.records {
		next.note(r, f.voided(i))
	}
	for space, epochs := range f.currentEpochs() {
		next.setCurrent(space, epochs)
	}
	f.suspend(next)
	return next
}
