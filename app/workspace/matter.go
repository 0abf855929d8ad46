package workspace

import (
	"context"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// MatterKind says what people should look at.
type MatterKind string

// The kinds of matters (protocol 2.5, worked cases).
const (
	MatterNotKept   MatterKind = "not-kept"  // an act did not count: its author lost the right to it at the same moment
	MatterLost      MatterKind = "lost"      // the own act for a person lost to a removal by somebody below
	MatterSuspended MatterKind = "suspended" // a person came with an invitation that was used too often
	MatterLowered   MatterKind = "lowered"   // somebody else took an office of this person
	MatterFork      MatterKind = "fork"      // a device wrote two things in one place: it was copied, restored or taken over
)

// Matter is something of the membership that wants a decision, or that people should know.
type Matter struct {
	Kind   MatterKind
	ID     seal.ID     // names it
	Act    member.Type // what did not count, or was lost
	By     seal.ID     // the person whose act it was; zero: not known
	Person seal.ID     // whom it is about; zero: nobody
	Device seal.ID     // of a fork
	Number int         // of that device among those of the person, from 1; 0: none
	Role   member.Role // that the act gave; zero: none
	Was    member.Role // before it, of a lowered role; else zero
	AtMs   int64       // the author's clock
	Decide bool        // this person may decide it
}

// secretMatter names matters that this person has put aside.
const secretMatter = "matter/"

// Matters lists what of the membership people should look at, the newest first, without
// what this person put aside.
func (w *Workspace) Matters(ctx context.Context) ([]Matter, error) {
	if !w.Ready() {
		return nil, ErrNotReady
	}
	aside, err := w.storage.Secrets(ctx, w.id, secretMatter)
	if err != nil {
		return nil, err
	}
	found := w.members.matters(w.self.person)
	forked, err := w.forkedChains(ctx, found)
	if err != nil {
		return nil, err
	}
	all := slices.DeleteFunc(append(found, forked...), func(m Matter) bool {
		_, done := aside[secretMatter+m.ID.String()]
		return done
	})
	slices.SortStableFunc(all, func(a, b Matter) int { return int(min(max(b.AtMs-a.AtMs, -1), 1)) })
	return all, nil
}

// PutAside takes a matter off the list of this device.
func (w *Workspace) PutAside(ctx context.Context, matter seal.ID) error {
	return w.storage.Write(ctx, func(ctx context.Context) error {
		return w.storage.PutSecret(ctx, w.id, secretMatter+matter.String(), []byte{1})
	})
}

// matters are those of the durable entries.
func (m *membership) matters(self seal.ID) (all []Matter) {
	m.mu.Lock()
	defer m.mu.Unlock()
	st := m.now
	own, _ := st.Person(self)
	leads := own.Status == member.Active && own.Role <= member.RoleAdmin
	for _, id := range st.VoidedEntries() {
		one, ok := m.about(st, m.log.Entry(id))
		if concerns := one.By == self || one.Act != member.TypeInvite && own.Role != member.RoleGuest; ok && concerns && !done(st, one) {
			one.Kind, one.Decide = MatterNotKept, leads
			all = append(all, one)
		}
	}
	for _, p := range st.Persons() {
		if p.Status == member.Suspended {
			all = append(all, Matter{Kind: MatterSuspended, ID: p.ID, By: p.By, Person: p.ID, Role: p.Role, AtMs: p.JoinedMs, Decide: leads})
		}
	}
	forked := map[seal.ID]bool{}
	for _, fork := range slices.Backward(m.log.Forks()) {
		device, known := st.Device(fork.Device)
		entry := m.log.Entry(fork.Second)
		if !known || !device.Active || entry == nil || forked[fork.Device] {
			continue
		}
		forked[fork.Device] = true
		all = append(all, forkOf(st, device, self, Matter{ID: fork.Second, Act: entry.Type, AtMs: entry.HintMs}))
	}
	return slices.Concat(all, m.lost(st, self), m.lowered(st, self))
}

// done reports whether somebody has done meanwhile what did not count.
func done(st *member.State, one Matter) bool {
	p, _ := st.Person(one.Person)
	switch one.Act {
	case member.TypePersonRemove:
		return p.Status == member.Removed
	case member.TypeRoleSet:
		return p.Status == member.Removed || p.Role == one.Role
	case member.TypeDeviceRemove:
		device, _ := st.Device(one.Device)
		return !device.Active
	}
	return false
}

// about reads from an entry whom it gave what. Acts that concern nobody but their author,
// and keys, are no matter. The caller holds mu.
func (m *membership) about(st *member.State, entry *member.Entry) (one Matter, ok bool) {
	if entry == nil {
		return one, false
	}
	one = Matter{ID: entry.ID, Act: entry.Type, AtMs: entry.HintMs}
	if device, known := st.Device(entry.Dev); known {
		one.By = device.Person
	}
	switch entry.Type {
	case member.TypeInvite:
		body, err := member.DecodeInvite(entry.Body)
		one.Role = body.Role
		return one, err == nil
	case member.TypeAdmit:
		body, err := member.DecodeAdmit(entry.Body)
		if err != nil {
			return one, false
		}
		_, one.Person, err = member.ParsePersonGenesis(body.PersonGenesis)
		one.Role = body.Role
		return one, err == nil
	case member.TypeJoin:
		body, err := member.DecodeJoin(entry.Body)
		if err != nil {
			return one, false
		}
		_, one.Person, err = member.ParsePersonGenesis(body.PersonGenesis)
		one.By, one.Role = m.inviter(st, body.InviteID)
		return one, err == nil
	case member.TypeRoleSet:
		body, err := member.DecodeRoleSet(entry.Body)
		one.Person, one.Role = body.Person, body.Role
		return one, err == nil
	case member.TypePersonRemove:
		body, err := member.DecodePersonRemove(entry.Body)
		one.Person = body.Person
		return one, err == nil
	case member.TypeDeviceRemove:
		body, err := member.DecodeDeviceRemove(entry.Body)
		device, known := st.Device(body.Device)
		one.Person, one.Device = device.Person, body.Device
		return one, err == nil && known
	}
	return one, false
}

// inviter is whose invitation it is, also one that does not count, and the role that it
// gives. The caller holds mu.
func (m *membership) inviter(st *member.State, invite seal.ID) (by seal.ID, role member.Role) {
	for _, id := range m.log.Order()[:m.committed] {
		entry := m.log.Entry(id)
		if entry.Type != member.TypeInvite {
			continue
		}
		if body, err := member.DecodeInvite(entry.Body); err == nil && member.InviteID(body.InvPK) == invite {
			device, _ := st.Device(entry.Dev)
			return device.Person, body.Role
		}
	}
	return seal.ID{}, 0
}

// notKept are the invitations that do not count, as they would be if they did, by nobody
// used.
func (m *membership) notKept() (all []member.Invite) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.now.VoidedEntries() {
		entry := m.log.Entry(id)
		if entry == nil || entry.Type != member.TypeInvite {
			continue
		}
		body, err := member.DecodeInvite(entry.Body)
		if err != nil {
			continue
		}
		device, _ := m.now.Device(entry.Dev)
		all = append(all, member.Invite{
			ID: member.InviteID(body.InvPK), PK: body.InvPK, Role: body.Role, Spaces: body.Spaces, Mode: body.Mode, Uses: body.Uses,
			Expires: body.Expires, By: device.Person, Revoked: true,
		})
	}
	return all
}

// isNotKept reports whether an invitation does not count.
func (m *membership) isNotKept(id seal.ID) bool {
	return slices.ContainsFunc(m.notKept(), func(i member.Invite) bool { return i.ID == id })
}

// lost are the acts of a person that gave somebody a role or let them in, and that lost to a
// removal beside them by somebody who stands below (worked case 4). The caller holds mu.
func (m *membership) lost(st *member.State, self seal.ID) (all []Matter) {
	var acts []Matter
	var removals []Matter
	for _, id := range m.log.Order()[:m.committed] {
		entry := m.log.Entry(id)
		switch entry.Type {
		case member.TypeAdmit, member.TypeRoleSet, member.TypePersonRemove:
		default:
			continue
		}
		one, ok := m.about(st, entry)
		if p, _ := st.Person(one.Person); !ok || st.Voided(id) || p.Status != member.Removed {
			continue
		}
		if entry.Type == member.TypePersonRemove {
			removals = append(removals, one)
		} else if one.By == self {
			acts = append(acts, one)
		}
	}
	for _, act := range acts {
		beside := slices.ContainsFunc(removals, func(r Matter) bool {
			return r.Person == act.Person && st.Outranks(self, r.By) &&
				!m.log.Contains([]seal.ID{r.ID}, act.ID) && !m.log.Contains([]seal.ID{act.ID}, r.ID)
		})
		if beside {
			act.Kind, act.Decide = MatterLost, true
			all = append(all, act)
		}
	}
	return all
}
