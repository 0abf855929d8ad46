package workspace

import (
	"bytes"
	"slices"
	"time"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

const (
	// wakeAfter is when an object that waits is fetched again though nothing moved
	// that it is known to wait for.
	wakeAfter = time.Hour
	// skippedAfter is the same for what a cursor left behind.
	skippedAfter = 7 * 24 * time.Hour
	// skippedPause is the least time between two readings of what was left behind.
	skippedPause = time.Minute
	// maxSkippedChains bounds the chains that are remembered of what was left behind.
	maxSkippedChains = 64
)

// waits is what an object that was fetched waits for.
type waits struct {
	chain   feed.FeedID // zero: only for the log
	tail    uint64      // where the chain ended
	entries int         // how many the log had
	until   time.Time   // then it is fetched again, whatever moved; zero: at once
}

// skipped is where a cursor went on because too much waited behind it (rule K23).
type skipped struct {
	_       struct{} `cbor:",toarray"`
	Tag     Tag
	From    uint64 // everything up to it is settled
	Ms      int64  // when
	Entries uint64 // how many the log had
	Chains  []skippedChain
}

// skippedChain is a chain of which something waits, and where it ended.
type skippedChain struct {
	_      struct{} `cbor:",toarray"`
	Space  seal.SpaceID
	Device seal.ID
	Seq    uint64
}

// await notes what a fetched object waits for that is neither here nor refused. It
// reports false for what somebody put there under a name that it does not have: that
// never comes to be here.
func (c *courier) await(k *cursor, id seal.ID, raw []byte, isLog bool) bool {
	w := c.waitsForLog()
	ready := false // by now it would fit: what it waited for has come meanwhile
	if isLog {
		entry, err := member.OpenEntry(c.code.lk, c.w.id, raw)
		if err == nil && entry.ID != id {
			return false
		}
		ready = err == nil && len(c.w.members.stored(entry.Parents)) == len(entry.Parents)
	} else if env, err := feed.Parse(raw); env != nil {
		if env.ID != id {
			return false
		}
		if err == nil {
			w.chain = feed.FeedID{Space: env.Header.Space, Device: env.Header.Dev}
			w.tail = c.w.feeds.end(w.chain).Seq
			_, unknown := c.w.members.at(env.Header.LogRefs)
			ready = unknown == nil && env.Header.Seq <= w.tail+1
		}
	}
	if ready {
		w.until = time.Time{}
	}
	k.wait(id, w)
	return true
}

func (c *courier) waitsForLog() waits {
	return waits{entries: c.w.members.count(), until: time.Now().Add(jittered(wakeAfter))}
}

func (k *cursor) wait(id seal.ID, w waits) {
	if len(k.waits) >= 2*maxLag {
		clear(k.waits)
	}
	k.waits[id] = w
}

// asleep are the objects that need not be fetched again, because nothing has moved
// that they wait for.
func (c *courier) asleep(k *cursor, now time.Time) map[seal.ID]bool {
	sleeping := map[seal.ID]bool{}
	entries := c.w.members.count()
	for id, w := range k.waits {
		if w.entries == entries && now.Before(w.until) && (w.chain == (feed.FeedID{}) || c.w.feeds.end(w.chain).Seq == w.tail) {
			sleeping[id] = true
		}
	}
	return sleeping
}

// skip lets a cursor go on though something waits behind it, and keeps the place.
func (c *courier) skip(tag Tag, k *cursor) {
	s := skipped{Tag: tag, From: k.firm, Ms: time.Now().UnixMilli(), Entries: uint64(c.w.members.count())}
	known := map[feed.FeedID]bool{}
	for _, w := range k.waits {
		if w.chain == (feed.FeedID{}) || known[w.chain] || len(s.Chains) == maxSkippedChains {
			continue
		}
		known[w.chain] = true
		s.Chains = append(s.Chains, skippedChain{Space: w.chain.Space, Device: w.chain.Device, Seq: w.tail})
	}
	c.edit(func(r *courierRow) {
		all := slices.Clone(r.Skipped) // a save may be encoding the old ones
		at, found := slices.BinarySearchFunc(all, tag, func(s skipped, tag Tag) int { return bytes.Compare(s.Tag[:], tag[:]) })
		switch {
		case found: // a later place of the same reading
			s.From = min(s.From, all[at].From)
			s.Chains = append(s.Chains, all[at].Chains...)
			s.Chains = s.Chains[:min(len(s.Chains), maxSkippedChains)]
			all[at] = s
		case len(all) < maxCursors:
			all = slices.Insert(all, at, s)
		}
		r.Skipped = all
	})
	k.firm, k.lag = k.at, 0
	clear(k.waits)
}

// goBack takes a cursor back to what it left behind, where that may fit by now, and
// says when to look again, zero for never.
func (c *courier) goBack(tag Tag, k *cursor, now time.Time) (back bool, next time.Time) {
	c.mu.Lock()
	at := slices.IndexFunc(c.row.Skipped, func(s skipped) bool { return s.Tag == tag })
	var s skipped
	if at >= 0 {
		s = c.row.Skipped[at]
	}
	c.mu.Unlock()
	if at < 0 {
		return false, time.Time{}
	}
	if since := now.Sub(time.UnixMilli(s.Ms)); since < skippedPause || since < skippedAfter && !c.stirred(s) {
		return false, now.Add(max(skippedPause-since, lastLook))
	}
	c.edit(func(r *courierRow) {
		r.Skipped = slices.DeleteFunc(slices.Clone(r.Skipped), func(s skipped) bool { return s.Tag == tag })
		r.moveTo(tag, s.From)
	})
	k.firm = s.From
	k.rewind()
	return true, now
}

// stirred reports whether something moved that what was left behind waits for.
func (c *courier) stirred(s skipped) bool {
	return uint64(c.w.members.count()) != s.Entries || slices.ContainsFunc(s.Chains, func(chain skippedChain) bool {
		return c.w.feeds.end(feed.FeedID{Space: chain.Space, Device: chain.Device}).Seq != chain.Seq
	})
}
