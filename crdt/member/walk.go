package member

import (
	"container/heap"
	"slices"

	"parvis/crdt/seal"
)

// Contains reports whether an entry is one of heads or in their past.
func (l *Log) Contains(heads []seal.ID, id seal.ID) bool {
	goal := l.records[id]
	if goal == nil {
		return false
	}
	var from []*record
	for _, head := range heads {
		if r := l.records[head]; r != nil {
			from = append(from, r)
		}
	}
	return l.reaches(from, goal)
}

// reaches walks back from records, never below the goal: a parent has a smaller
// index than its children.
func (l *Log) reaches(from []*record, goal *record) bool {
	l.walk++
	stack := slices.Clone(from)
	for len(stack) > 0 {
		r := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if r == goal {
			return true
		}
		if r.mark == l.walk || r.index < goal.index {
			continue
		}
		r.mark = l.walk
		stack = append(stack, r.parents...)
	}
	return false
}

// related reports whether one of several records follows another.
func (l *Log) related(records []*record) bool {
	if len(records) < 2 {
		return false
	}
	lowest := records[0].index
	for _, r := range records {
		lowest = min(lowest, r.index)
	}
	l.walk++
	var stack []*record
	for _, r := range records {
		stack = append(stack, r.parents...)
	}
	for len(stack) > 0 {
		r := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if r.mark == l.walk || r.index < lowest {
			continue
		}
		if slices.Contains(records, r) {
			return true
		}
		r.mark = l.walk
		stack = append(stack, r.parents...)
	}
	return false
}

// Missing lists what a replica with the given heads lacks, parents first. Heads
// that are unknown here are ignored. The cost is that of the difference.
func (l *Log) Missing(theirs []seal.ID) []seal.ID {
	const ours, known = 1, 2
	colour := map[*record]int{}
	var open byIndex
	lacking := 0 // of the open ones
	push := func(r *record, add int) {
		old, queued := colour[r]
		colour[r] = old | add
		if !queued {
			heap.Push(&open, r)
		}
		if queued && old == ours {
			lacking--
		}
		if colour[r] == ours {
			lacking++
		}
	}
	for _, r := range l.heads {
		push(r, ours)
	}
	for _, id := range theirs {
		if r := l.records[id]; r != nil {
			push(r, known)
		}
	}
	var missing []seal.ID
	for lacking > 0 {
		r := heap.Pop(&open).(*record)
		if colour[r] == ours {
			lacking--
			missing = append(missing, r.entry.ID)
		}
		for _, parent := range r.parents {
			push(parent, colour[r])
		}
	}
	slices.Reverse(missing)
	return missing
}

// byIndex is a heap whose top is the record that was added last.
type byIndex []*record

func (h byIndex) Len() int           { return len(h) }
func (h byIndex) Less(i, j int) bool { return h[i].index > h[j].index }
func (h byIndex) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *byIndex) Push(x any)        { *h = append(*h, x.(*record)) }
func (h *byIndex) Pop() any {
	last := len(*h) - 1
	r := (*h)[last]
	*h = (*h)[:last]
	return r
}
