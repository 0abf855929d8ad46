package workspace

import (
	"bytes"
	"cmp"
	"slices"

	"parvis/app/event"
	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Events are the facts that a workspace tells, each after its commit.
type Events struct {
	Members  event.Topic[MembersChanged]
	Custody  event.Topic[CustodyChanged]
	Presence event.Topic[PresenceChanged]
	Problem  event.Topic[Problem]
	State    event.Topic[StateChanged]
	// SuperPeers may be told often and from several goroutines.
	SuperPeers event.Topic[SuperPeersChanged]
}

// MembersChanged says that the membership log grew.
type MembersChanged struct{ Workspace seal.ID }

// StateChanged says that a workspace was made, is joining, or became ready.
type StateChanged struct{ Workspace seal.ID }

// PresenceChanged says that a device connected or left.
type PresenceChanged struct {
	Workspace seal.ID
	Person    seal.ID
	Device    seal.ID
	Online    bool
}

// CustodyChanged is a watermark over a device's chain: up to Held at least one
// other device or a super-peer has stored it, up to Delivered all active devices
// have, up to BySuperPeer a super-peer has.
type CustodyChanged struct {
	Workspace   seal.ID
	Space       seal.SpaceID
	Device      seal.ID
	Held        uint64
	Delivered   uint64
	BySuperPeer uint64
}

// SuperPeersChanged says that a super-peer was added or removed, was connected to
// or lost, or has another problem than before. Lost means that what one had acknowledged
// does not count any more.
type SuperPeersChanged struct {
	Workspace seal.ID
	Lost      bool
}

// Problem is something the user should know: a sentence, or what is wrong with a
// super-peer, of which only the network knows the name.
type Problem struct {
	Workspace seal.ID
	Text      string // empty: it is about SuperPeer
	SuperPeer seal.ID
	Kind      SuperPeerProblem
}

func sortedIDs(set map[seal.ID]bool) []seal.ID {
	ids := make([]seal.ID, 0, len(set))
	for id := range set {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, seal.ID.Compare)
	return ids
}

// sortByRecency puts connected devices first, then those seen last.
func sortByRecency(devices []member.Device, w *Workspace, seen map[seal.ID]Seen) {
	slices.SortStableFunc(devices, func(a, b member.Device) int {
		if on, off := w.Online(a.ID), w.Online(b.ID); on != off {
			if on {
				return -1
			}
			return 1
		}
		return cmp.Compare(seen[b.ID].SeenMs, seen[a.ID].SeenMs)
	})
}

// containsIDs reports whether all of part are in whole.
func containsIDs(whole, part []seal.ID) bool {
	for _, id := range part {
		if !slices.Contains(whole, id) {
			return false
		}
	}
	return true
}

// sortEnvelopes orders by chain and seq.
func sortEnvelopes(all []*feed.Envelope) {
	slices.SortFunc(all, func(a, b *feed.Envelope) int {
		if c := bytes.Compare(a.Header.Space[:], b.Header.Space[:]); c != 0 {
			return c
		}
		if c := a.Header.Dev.Compare(b.Header.Dev); c != 0 {
			return c
		}
		return int(min(max(int64(a.Header.Seq)-int64(b.Header.Seq), -1), 1))
	})
}
