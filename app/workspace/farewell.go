package workspace

import (
	"context"
	"errors"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Former reports whether a peer is a device that was removed from a workspace of this
// device, or whose person was removed, left or is suspended: it may hear that (rule K50).
func (m *Manager) Former(peer seal.ID) bool {
	for _, w := range m.List() {
		if _, out := w.formerDevice(peer); out {
			return true
		}
	}
	return false
}

// formerDevice is the device of a peer that is out of the workspace, for good or until
// somebody confirms its person, if this device is in.
func (w *Workspace) formerDevice(peer seal.ID) (member.Device, bool) {
	st := w.State()
	if st == nil || !w.Ready() {
		return member.Device{}, false
	}
	device, known := st.DeviceByPeer(peer)
	if !known || device.Active || !w.in(st) {
		return member.Device{}, false
	}
	return device, true
}

// in reports whether this device is an active one.
func (w *Workspace) in(st *member.State) bool {
	own, ok := st.Device(w.self.device)
	return ok && own.Active
}

// Farewell are the log entries, parents first, that prove to a former device that it is
// out, without those that it has with these heads: the removals, or for the suspended the
// uses of the invitation, and what they build on.
// Whoever else asks gets none.
func (m *Manager) Farewell(peer, ws seal.ID, heads []seal.ID, max, maxBytes int) [][]byte {
	w, err := m.Get(ws)
	if err != nil {
		return nil
	}
	device, out := w.formerDevice(peer)
	if !out {
		return nil
	}
	return w.members.proof(w.State(), device, heads, max, maxBytes)
}

// proof lists the durable entries that end the membership of a device and what they
// build on, as far as a replica with these heads lacks them.
func (m *membership) proof(st *member.State, device member.Device, theirs []seal.ID, max, maxBytes int) (raws [][]byte) {
	cut, _ := st.Cut(device.ID)
	m.mu.Lock()
	defer m.mu.Unlock()
	order := m.log.Order()[:m.committed]
	ends := cut.Entries
	switch person, _ := st.Person(device.Person); person.Status {
	case member.Left:
		ends = slices.Concat(ends, m.leaves(st, order, person.ID))
	case member.Suspended:
		ends = slices.Concat(ends, m.doubts(order, person.Invite))
	}
	past := m.past(order, ends)
	size := 0
	for _, id := range m.log.Missing(theirs) {
		if !past[id] {
			continue
		}
		raw := m.sealed[id]
		if size += len(raw); len(raws) == max || size > maxBytes {
			break
		}
		raws = append(raws, raw)
	}
	return raws
}

// leaves are the entries by which a person left. The caller holds mu.
func (m *membership) leaves(st *member.State, order []seal.ID, person seal.ID) (ids []seal.ID) {
	for _, id := range order {
		entry := m.log.Entry(id)
		if entry.Type != member.TypeLeave {
			continue
		}
		if author, ok := st.Device(entry.Dev); ok && author.Person == person {
			ids = append(ids, id)
		}
	}
	return ids
}

// doubts are the entries that use an invitation or end it: they put each use of it in
// doubt. The caller holds mu.
func (m *membership) doubts(order []seal.ID, invite seal.ID) (ids []seal.ID) {
	for _, id := range order {
		if of, names := inviteOf(m.log.Entry(id)); names && of == invite {
			ids = append(ids, id)
		}
	}
	return ids
}

// inviteOf is the invitation that an entry uses or ends.
func inviteOf(entry *member.Entry) (invite seal.ID, names bool) {
	switch entry.Type {
	case member.TypeAdmit:
		body, err := member.DecodeAdmit(entry.Body)
		return body.InviteID, err == nil
	case member.TypeJoin:
		body, err := member.DecodeJoin(entry.Body)
		return body.InviteID, err == nil
	case member.TypeInviteRevoke:
		body, err := member.DecodeInviteRevoke(entry.Body)
		return body.InviteID, err == nil
	}
	return invite, false
}

// past are some entries, of those in order, and what they build on. The caller holds mu.
func (m *membership) past(order, ends []seal.ID) map[seal.ID]bool {
	past := make(map[seal.ID]bool, len(order))
	for _, id := range ends {
		past[id] = true
	}
	durable := map[seal.ID]bool{}
	for _, id := range slices.Backward(order) {
		if !past[id] {
			continue
		}
		durable[id] = true
		for _, parent := range m.log.Entry(id).Parents {
			past[parent] = true
		}
	}
	return durable
}

// Asks reports whether this device, for all it knows a member, would ask this peer, a
// device of the workspace, why it is silent. One that is suspended asks on: it may be
// removed yet.
func (w *Workspace) Asks(peer seal.ID) bool {
	st := w.State()
	if st == nil || !w.Ready() || w.Out() {
		return false
	}
	device, known := st.DeviceByPeer(peer)
	return known && device.Active && device.ID != w.self.device
}

// Ends are the ids by which a peer finds out what of the log is here, at most max.
func (w *Workspace) Ends(max int) []seal.ID {
	ids := w.members.samples(nil)
	if heads := w.members.committedHeads(); len(ids) > max {
		ids = heads[:min(len(heads), max)]
	}
	return ids
}

// Part takes what proves that this device is out, with all checks of what comes from a
// peer, and reports whether it is out for good now.
func (w *Workspace) Part(ctx context.Context, entries [][]byte) (out bool, err error) {
	err = w.Receive(ctx, Received{Entries: entries})
	if err != nil && !errors.Is(err, ErrBad) {
		return false, err
	}
	return w.Out(), err
}
