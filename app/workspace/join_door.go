package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// For whom a join waits; names are unknown before the keys have come.
const (
	WaitsForInviter   = "inviter"
	WaitsForSuperPeer = "super-peer" // or for the inviter, or for a colleague
)

// WaitsFor says for whom a join waits; it is empty for a workspace that is ready.
func (w *Workspace) WaitsFor() string {
	switch j := w.joining.Load(); {
	case j == nil:
		return ""
	case j.link.Mode == member.ModeInstant && len(j.link.Peers) > 1:
		return WaitsForSuperPeer
	default:
		return WaitsForInviter
	}
}

// whyJoinEnded is what a person is told about a join that ended while nobody looked
// on; empty for one that was stopped.
func whyJoinEnded(err error) string {
	for _, reason := range []struct {
		of   error
		text string
	}{
		{ErrLinkExpired, "it has expired"},
		{RefusalOf(RefusedExpired), "it has expired"},
		{RefusalOf(RefusedUsed), "it was already used"},
		{RefusalOf(RefusedRevoked), "it was withdrawn, its codes failed three times, or who made it may not invite any more"},
		{RefusalOf(RefusedEnded), "it was used, was withdrawn or has expired"},
		{RefusalOf(RefusedRules), "the workspace does not accept it"},
		{errForeignLog, "the answer came from another workspace"},
	} {
		if errors.Is(err, reason.of) {
			return "Nobody could let you in with your invitation: " + reason.text + ". Ask for a new one."
		}
	}
	return ""
}

// ErrAtDoor reports a peer that answers no joiners but has doors: a super-peer.
var ErrAtDoor = errors.New("the peer is a super-peer")

// What is read of the membership log at a super-peer before anything of it is
// checked.
const (
	maxLogObjects = 200_000
	maxLogBytes   = 64 << 20
)

// enter joins with only a super-peer (rule K31): the box behind the door of the
// invitation opens the log that lies there, which goes through the same checks as a
// welcome. The join is over once the Join entry is durable there. Whatever is wrong
// with what a super-peer gives, somebody else of the link may still let us in.
func (m *Manager) enter(ctx context.Context, w *Workspace, j *joining, at member.LinkPeer, keys member.InviteKeys, genesis []byte) error {
	if w.joinPosted() {
		// It was accepted before: perhaps the super-peer takes us for a device already.
		if err := m.handIn(ctx, w, at); err == nil {
			return nil
		}
	}
	box, err := m.superPeers.Knock(ctx, at.Peer, at.Addrs, w.id, keys.Sign)
	if errors.Is(err, RefusalOf(RefusedEnded)) && w.joinPosted() {
		return &Refusal{RefusedWait} // perhaps it was ourselves who used it
	}
	if err != nil {
		return err
	}
	opened, err := member.OpenInviteBox(keys, w.id, box)
	if err != nil {
		return fmt.Errorf("open what is behind the door: %w", err)
	}
	mailbox, err := m.superPeers.Mailbox(ctx, at.Peer, at.Addrs, w.id)
	if err != nil {
		return err
	}
	defer func() { _ = mailbox.Close() }()
	welcome, err := readLog(ctx, mailbox, newObjectCode(w.id, opened.LK))
	if err != nil {
		return fmt.Errorf("read the log at a super-peer: %w", err)
	}
	welcome.Box = box
	_, err = w.acceptWelcome(ctx, keys, j, genesis, welcome)
	var refusal *Refusal // the log itself says so
	if err != nil && !errors.As(err, &refusal) {
		return fmt.Errorf("%w: %v", errDoor, err) // not for good: the log may just not be there yet
	}
	if err != nil {
		return err
	}
	return w.putJoin(ctx, mailbox)
}

// errDoor reports that what a super-peer gave is no workspace to join, or not yet.
var errDoor = errors.New("what the super-peer holds does not fit the invitation")

// joinPosted reports whether this device has written its Join entry.
func (w *Workspace) joinPosted() bool {
	st := w.State()
	if st == nil {
		return false
	}
	device, ok := st.Device(w.self.device)
	return ok && device.Active
}

// handIn gives a super-peer the Join entry that was written before.
func (m *Manager) handIn(ctx context.Context, w *Workspace, at member.LinkPeer) error {
	mailbox, err := m.superPeers.Mailbox(ctx, at.Peer, at.Addrs, w.id)
	if err != nil {
		return err
	}
	defer func() { _ = mailbox.Close() }()
	return w.putJoin(ctx, mailbox)
}

// putJoin makes the Join entry of this device durable at a super-peer.
func (w *Workspace) putJoin(ctx context.Context, m Objects) error {
	sealed, code := w.members.sealedOf(w.self.device), newObjectCode(w.id, w.keys.log())
	entry, err := member.OpenEntry(code.lk, w.id, sealed)
	if err != nil {
		return err
	}
	tag := code.tag(seal.SpaceID{})
	return m.Put(ctx, tag, []Object{code.seal(tag, objectEntry, entry.ID, sealed)})
}

// readLog reads the membership log and the blobs beside it, as a member would have
// given them. What does not open is left out: what it lacks shows when it is checked.
func readLog(ctx context.Context, m Objects, code objectCode) (Welcome, error) {
	var welcome Welcome
	var entries []*member.Entry
	sealed := map[seal.ID][]byte{}
	tag, size := code.tag(seal.SpaceID{}), 0
	refs, err := listLog(ctx, m, tag)
	if err != nil {
		return Welcome{}, err
	}
	for _, ids := range fetchable(refs) {
		objects, err := fetch(ctx, m, tag, ids)
		if err != nil {
			return Welcome{}, err
		}
		for _, object := range objects {
			if size += len(object.Bytes); size > maxLogBytes {
				return Welcome{}, errMisbehaves
			}
			kind, raw, err := code.open(tag, object)
			if err == nil && kind == objectBlob {
				welcome.Blobs = append(welcome.Blobs, raw)
			}
			if err != nil || kind != objectEntry {
				continue
			}
			if entry, err := member.OpenEntry(code.lk, code.ws, raw); err == nil && sealed[entry.ID] == nil {
				entries, sealed[entry.ID] = append(entries, entry), raw
			}
		}
	}
	for _, entry := range parentsFirst(entries) {
		welcome.Entries = append(welcome.Entries, sealed[entry.ID])
	}
	return welcome, nil
}

// fetchable cuts listed objects into what one fetch gives.
func fetchable(refs []ObjectRef) (parts [][]seal.ID) {
	size := 0
	for _, ref := range refs {
		size += int(ref.Size)
		if last := len(parts) - 1; last >= 0 && len(parts[last]) < maxFetch && size <= maxFetchBytes {
			parts[last] = append(parts[last], ref.ID)
			continue
		}
		parts, size = append(parts, []seal.ID{ref.ID}), int(ref.Size)
	}
	return parts
}

// listLog names everything that lies under a tag.
func listLog(ctx context.Context, m Objects, tag Tag) (all []ObjectRef, err error) {
	for after, more := uint64(0), true; more; {
		var refs []ObjectRef
		if refs, more, err = m.List(ctx, tag, after); err != nil {
			return nil, err
		}
		for _, ref := range refs {
			if ref.N <= after {
				return nil, errMisbehaves
			}
			after = ref.N
		}
		if all = append(all, refs...); len(all) > maxLogObjects || more && len(refs) == 0 {
			return nil, errMisbehaves
		}
	}
	return all, nil
}

// parentsFirst orders entries so that each comes behind those that it builds on.
// They lie there in that order, unless one was brought again after damage. Those
// that build on what is not there come last.
func parentsFirst(entries []*member.Entry) []*member.Entry {
	placed := make(map[seal.ID]bool, len(entries))
	ordered := make([]*member.Entry, 0, len(entries))
	for rest := entries; len(rest) > 0; {
		var later []*member.Entry
		for _, entry := range rest {
			if slices.ContainsFunc(entry.Parents, func(parent seal.ID) bool { return !placed[parent] }) {
				later = append(later, entry)
				continue
			}
			placed[entry.ID] = true
			ordered = append(ordered, entry)
		}
		if len(later) == len(rest) {
			return append(ordered, rest...)
		}
		rest = later
	}
	return ordered
}
