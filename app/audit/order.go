package audit

import (
	"cmp"
	"container/heap"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// inOrder sorts the entries of a log in the one order of SPEC.md: each after those that
// it follows, else by the author's clock, then by id. Everybody who has the same entries
// gets the same order.
func inOrder(entries []*member.Entry) []*member.Entry {
	waits := map[seal.ID]int{} // parents that are not placed yet
	follow := map[seal.ID][]*member.Entry{}
	known := map[seal.ID]bool{}
	for _, e := range entries {
		known[e.ID] = true
	}
	var ready byClock
	for _, e := range entries {
		for _, parent := range e.Parents {
			if known[parent] {
				waits[e.ID]++
				follow[parent] = append(follow[parent], e)
			}
		}
		if waits[e.ID] == 0 {
			ready = append(ready, e)
		}
	}
	heap.Init(&ready)
	placed := make([]*member.Entry, 0, len(entries))
	for len(ready) > 0 {
		e := heap.Pop(&ready).(*member.Entry)
		placed = append(placed, e)
		for _, next := range follow[e.ID] {
			if waits[next.ID]--; waits[next.ID] == 0 {
				heap.Push(&ready, next)
			}
		}
	}
	return placed
}

type byClock []*member.Entry

func (h byClock) Len() int { return len(h) }
func (h byClock) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(h[i].HintMs, h[j].HintMs), h[i].ID.Compare(h[j].ID)) < 0
}
func (h byClock) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *byClock) Push(x any)   { *h = append(*h, x.(*member.Entry)) }
func (h *byClock) Pop() any {
	last := len(*h) - 1
	e := (*h)[last]
	*h = slices.Delete(*h, last, last+1)
	return e
}
