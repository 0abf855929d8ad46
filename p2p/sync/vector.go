package sync

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
)

// compare orders feeds by space, then device.
func (f Feed) compare(g Feed) int {
	if c := bytes.Compare(f.Space[:], g.Space[:]); c != 0 {
		return c
	}
	return bytes.Compare(f.Device[:], g.Device[:])
}

func comparePositions(a, b Position) int {
	return cmp.Or(a.Feed.compare(b.Feed), cmp.Compare(a.Seq, b.Seq))
}

// sorted returns the positions by feed, one for each feed (the furthest). The
// argument is not changed; it is returned as it is when it is in order.
func sorted(feeds []Position) []Position {
	inOrder := true
	for i := 1; i < len(feeds) && inOrder; i++ {
		inOrder = feeds[i-1].Feed.compare(feeds[i].Feed) < 0
	}
	if inOrder {
		return feeds
	}
	feeds = slices.Clone(feeds)
	slices.SortFunc(feeds, comparePositions)
	out := feeds[:0]
	for _, p := range feeds {
		if n := len(out); n > 0 && out[n-1].Feed == p.Feed {
			out[n-1] = p
			continue
		}
		out = append(out, p)
	}
	return out
}

// seqOf looks a feed up in sorted positions; 0 when it is not there.
func seqOf(feeds []Position, f Feed) uint64 {
	i := sort.Search(len(feeds), func(i int) bool { return feeds[i].Feed.compare(f) >= 0 })
	if i < len(feeds) && feeds[i].Feed == f {
		return feeds[i].Seq
	}
	return 0
}

// lacks reports whether mine, sorted, ends before theirs in some feed.
func lacks(mine, theirs []Position) bool {
	for _, p := range theirs {
		if seqOf(mine, p.Feed) < p.Seq {
			return true
		}
	}
	return false
}

// behind counts the objects by which has, sorted, ends before full.
func behind(has, full []Position) uint64 {
	var n uint64
	for _, p := range full {
		if s := seqOf(has, p.Feed); s < p.Seq {
			n += p.Seq - s
		}
	}
	return n
}

// subset reports whether all ids are among those of set.
func subset(ids, set [][32]byte) bool {
	for _, id := range ids {
		if !slices.Contains(set, id) {
			return false
		}
	}
	return true
}

// union appends to set the ids it lacks, newest last, and forgets the oldest
// beyond limit.
func union(set, ids [][32]byte, limit int) [][32]byte {
	for _, id := range ids {
		if !slices.Contains(set, id) {
			set = append(set, id)
		}
	}
	if n := len(set) - limit; n > 0 {
		set = slices.Delete(set, 0, n)
	}
	return set
}

// equalHave reports whether two sorted vectors say the same.
func equalHave(a, b Have) bool {
	return slices.Equal(a.Feeds, b.Feeds) && slices.Equal(a.Heads, b.Heads)
}
