package calls

import (
	"cmp"
	"slices"

	"parvis/crdt/seal"
)

// Bounds of the choice of a forwarder (rule L41).
const (
	forwardFrom = 5    // participants: from so many on there is a forwarder
	forwardKeep = 4    // one that is there stays down to so many
	muchBetter  = 2    // times the line of the one that is there
	betterBy    = 2000 // kbit/s, beside that
)

// bid is what a participant says about the ways of a call.
type bid struct {
	device seal.ID
	able   bool      // it knows forwarders
	uplink uint      // kbit/s
	via    seal.ID   // through whom it sends; zero: nobody
	misses []seal.ID // whom it does not reach

	carriers []seal.ID // the super-peers that it reaches and that would carry
}

// elect is the forwarder of a call, a participant or what stands for a super-peer; zero:
// there is none. It depends on nothing but what the participants say, so that all who have
// heard the same choose the same (rules L41, L44).
func elect(bids []bid) seal.ID {
	if slices.ContainsFunc(bids, func(b bid) bool { return !b.able }) {
		return seal.ID{}
	}
	carrier, carries := carrierOf(bids)
	sitting := sitting(bids)
	if len(bids) < forwardKeep || len(bids) < forwardFrom && sitting.device.IsZero() && !carries {
		return seal.ID{}
	}
	if !carrier.IsZero() {
		return carrier
	}
	missed := broken(bids)
	best := slices.MinFunc(bids, func(a, b bid) int {
		return cmp.Or(cmp.Compare(missed[a.device], missed[b.device]), cmp.Compare(b.uplink, a.uplink), a.device.Compare(b.device))
	})
	if !sitting.device.IsZero() && missed[sitting.device] <= missed[best.device] &&
		(best.uplink < muchBetter*sitting.uplink || best.uplink < sitting.uplink+betterBy) {
		return sitting.device
	}
	return best.device
}

// carrierOf is the super-peer that all reach: of several the one through which most say that they
// send, then the smallest. It says whether anybody does; zero: there is none.
func carrierOf(bids []bid) (best seal.ID, sits bool) {
	reach, votes := map[seal.ID]int{}, map[seal.ID]int{}
	for _, b := range bids {
		for i, id := range b.carriers {
			if !slices.Contains(b.carriers[:i], id) {
				reach[id]++
			}
		}
		votes[b.via]++
	}
	for id, n := range reach {
		if n == len(bids) && (best.IsZero() || cmp.Or(cmp.Compare(votes[best], votes[id]), id.Compare(best)) < 0) {
			best = id
		}
	}
	return best, !best.IsZero() && votes[best] > 0
}

// sitting is the participant through whom most say that they send.
func sitting(bids []bid) (found bid) {
	votes := map[seal.ID]int{}
	for _, b := range bids {
		votes[b.via]++
	}
	most := 0
	for _, b := range bids {
		n := votes[b.device]
		if n > most || n > 0 && n == most && b.device.Compare(found.device) < 0 {
			found, most = b, n
		}
	}
	return found
}

// broken counts for each participant the others without a connection to it, whichever
// side says so.
func broken(bids []bid) map[seal.ID]int {
	there := map[seal.ID]bool{}
	for _, b := range bids {
		there[b.device] = true
	}
	pairs := map[[2]seal.ID]bool{}
	for _, b := range bids {
		for _, other := range b.misses {
			if pair := [2]seal.ID{b.device, other}; there[other] && other != b.device {
				slices.SortFunc(pair[:], seal.ID.Compare)
				pairs[pair] = true
			}
		}
	}
	count := map[seal.ID]int{}
	for pair := range pairs {
		count[pair[0]]++
		count[pair[1]]++
	}
	return count
}
