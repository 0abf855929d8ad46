package sync

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"time"
)

// held says until when a chain that the sink lacks is left to somebody else (Y10):
//
//   - what was written here goes at once;
//   - what its author, connected to the sink, or gossip is about to deliver,
//     waits until nothing came for as long as [Source.patience] says;
//   - of several members that could relay it, one goes first.
//
// The zero time means: at once.
func (s *Source) held(f *chain) time.Time {
	author := f.Feed.Device
	if s.lift || author == s.cfg.Self {
		return time.Time{}
	}
	until := f.since.Add(s.patience())
	if author != s.cfg.Sink && slices.Contains(s.links, author) || s.view.Gossip && f.announced < f.mine.Seq {
		return until
	}
	own := rank(f.Feed, s.cfg.Self)
	for _, other := range s.links {
		if other == s.cfg.Self || rank(f.Feed, other) >= own {
			continue
		}
		if seqOf(s.view.Peers[other], f.Feed) > f.has.Seq {
			return until
		}
	}
	// Whoever comes online connects to several members within a moment.
	return s.flow.hello.Add(s.cfg.RelayDelay / 2)
}

// patience is how long somebody else has the chance to deliver to the sink: what the
// sink says of it comes as much later as the sink is slower in its crowd (Y7).
func (s *Source) patience() time.Duration {
	return s.cfg.RelayDelay + (crowd(len(s.links))-1)*shareGap
}

// rank spreads the chains over the members that could relay them; the lowest
// goes first. All members compute the same.
func rank(f Feed, device [32]byte) uint64 {
	h := fnv.New64a()
	h.Write(f.Space[:])
	h.Write(f.Device[:])
	h.Write(device[:])
	// FNV mixes the last bytes badly into the high bits: spread them.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return binary.LittleEndian.Uint64(binary.BigEndian.AppendUint64(nil, x))
}
