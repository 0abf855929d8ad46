package workspace

import (
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// lowered is that somebody else gave this person a lower role than before, as long as it
// has not risen again. A device that was added later says nothing of it. The caller holds mu.
func (m *membership) lowered(st *member.State, self seal.ID) []Matter {
	own, ok := st.Person(self)
	if !ok || own.Status != member.Active {
		return nil
	}
	for _, id := range slices.Backward(m.log.Order()[:m.committed]) {
		entry := m.log.Entry(id)
		person, gives := roleGiven(entry)
		author, _ := st.Device(entry.Dev)
		if !gives || person != self || author.Person == self || st.Voided(id) {
			continue
		}
		before, err := m.log.StateAt(entry.Parents)
		if err != nil {
			return nil
		}
		was, _ := before.Person(self)
		device, _ := st.Device(m.w.self.device)
		if own.Role <= was.Role || device.AddedMs > entry.HintMs {
			return nil
		}
		return []Matter{{
			Kind: MatterLowered, ID: id, Act: entry.Type, By: author.Person, Person: self, Role: own.Role, Was: was.Role,
			AtMs: entry.HintMs, Decide: true,
		}}
	}
	return nil
}

// roleGiven is whose role an entry changes.
func roleGiven(entry *member.Entry) (person seal.ID, ok bool) {
	switch entry.Type {
	case member.TypeRoleSet:
		body, err := member.DecodeRoleSet(entry.Body)
		return body.Person, err == nil
	case member.TypeDepose:
		body, err := member.DecodeDepose(entry.Body)
		return body.Person, err == nil
	}
	return seal.ID{}, false
}
