package workspace

import (
	"bytes"
	"maps"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Undelivered counts the own envelopes that are on this device alone, and names the
// people who may read some of them. What only the own devices share, such as drafts,
// does not count: nobody misses it. No people: own other devices wait.
func (w *Workspace) Undelivered() (count int, people []seal.ID) {
	st := w.State()
	if st == nil {
		return 0, nil
	}
	waiting := map[seal.ID]bool{}
	for id, tail := range w.feeds.vector() {
		space, known := st.Space(id.Space)
		recipients := st.Recipients(id.Space)
		if id.Device != w.self.device || !known || space.Kind == member.SpaceSelf || len(recipients) < 2 {
			continue
		}
		held, _ := w.custody.watermark(id)
		if tail.Seq <= held {
			continue
		}
		count += int(tail.Seq - held)
		for _, device := range recipients {
			if device.Person != w.self.person {
				waiting[device.Person] = true
			}
		}
	}
	return count, slices.SortedFunc(maps.Keys(waiting), func(a, b seal.ID) int { return bytes.Compare(a[:], b[:]) })
}

// Behind says how many envelopes a connected peer or super-peer holds and this
// device still fetches: of the one that is furthest ahead, because the others hold
// much of the same.
func (w *Workspace) Behind() int {
	most := uint64(0)
	if a := w.network.Load(); a != nil {
		most = a.Lacking()
	}
	for _, c := range w.couriers.list() {
		if c.seen().state == SuperPeerConnected {
			most = max(most, c.behind())
		}
	}
	return int(min(most, maxBehind))
}

// maxBehind bounds what is believed of a number that others told.
const maxBehind = 1 << 31

// behind counts the objects that the super-peer told of and that were not read yet.
func (c *courier) behind() (count uint64) {
	c.see.Lock()
	last := maps.Clone(c.last)
	c.see.Unlock()
	c.mu.Lock()
	defer c.mu.Unlock()
	read := map[Tag]uint64{}
	for _, cursor := range c.row.Cursors {
		read[cursor.Tag] = cursor.N
	}
	for tag, n := range last {
		if n > read[tag] {
			count += min(n-read[tag], maxBehind)
		}
	}
	return count
}
