package feed

import (
	"bytes"
	"cmp"
	"slices"

	"parvis/crdt/seal"
)

// FeedID names the chain of one device in one space.
type FeedID struct {
	Space  seal.SpaceID
	Device seal.ID
}

// Compare orders chains by space, then device: -1, 0 or 1.
func (f FeedID) Compare(other FeedID) int {
	return cmp.Or(bytes.Compare(f.Space[:], other.Space[:]), bytes.Compare(f.Device[:], other.Device[:]))
}

// Vector says what somebody has: the gapless end of every chain.
type Vector map[FeedID]Tail

// Range is a part of a chain, both numbers included.
type Range struct {
	Feed     FeedID
	From, To uint64
}

// Missing returns what the holder of theirs lacks of what the holder of v has,
// by chain in the order of [FeedID.Compare]. Where both chains end at the same
// number with different ids, the device has forked: that one envelope is named,
// so that both sides come to hold the proof (rule E12).
func (v Vector) Missing(theirs Vector) []Range {
	var missing []Range
	for feed, mine := range v {
		their := theirs[feed]
		switch {
		case mine.Seq > their.Seq:
			missing = append(missing, Range{feed, their.Seq + 1, mine.Seq})
		case mine.Seq == their.Seq && mine.Seq > 0 && mine.ID != their.ID:
			missing = append(missing, Range{feed, mine.Seq, mine.Seq})
		}
	}
	slices.SortFunc(missing, func(a, b Range) int { return a.Feed.Compare(b.Feed) })
	return missing
}
