package feed

import "parvis/crdt/seal"

// View is what the membership log says at the log references of an envelope.
type View interface {
	// CanWrite reports whether the device is active and may write in the space.
	CanWrite(space seal.SpaceID, dev seal.ID) bool
	// EpochUsable reports whether the epoch is a valid one of the space, none
	// of whose recipients is removed.
	EpochUsable(space seal.SpaceID, epochID seal.ID) bool
}

// Tail is the end of a chain as somebody holds it. The zero Tail is an empty chain.
type Tail struct {
	Seq uint64
	ID  seal.ID
}

// Check decides about a parsed envelope whose signature is right, in the order
// of rule E6: author and space, place in the chain, epoch. tail is the end of
// its chain here; view is the membership state at its log references, nil when
// they are not all known (which gives [seal.Pend]). The caller has compared the
// workspace and dropped ids it already holds. The error is nil for [seal.OK],
// else a *[seal.Fault] with the same outcome.
//
// [seal.Evidence] means that the device has written two envelopes for one
// place. Both are stored, and where e stands beyond tail it becomes the new
// tail, so that an equivocator cannot halt the exchange of its chain (rule E7).
func Check(e *Envelope, tail Tail, view View) (seal.Outcome, error) {
	outcome, reason := check(e, tail, view)
	if outcome == seal.OK {
		return seal.OK, nil
	}
	return outcome, &seal.Fault{Outcome: outcome, Reason: reason}
}

func check(e *Envelope, tail Tail, view View) (seal.Outcome, string) {
	h := &e.Header
	if e.ID == tail.ID {
		return seal.Drop, reasonDuplicate
	}
	if view == nil {
		return seal.Pend, reasonUnknown
	}
	if !view.CanWrite(h.Space, h.Dev) {
		return seal.Reject, reasonWrite
	}
	if h.Seq > tail.Seq+1 {
		return seal.Pend, reasonGap
	}
	if h.Seq <= tail.Seq || h.Prev != tail.ID {
		return seal.Evidence, reasonFork
	}
	if !view.EpochUsable(h.Space, h.EpochID) {
		return seal.Reject, reasonEpoch
	}
	return seal.OK, ""
}
