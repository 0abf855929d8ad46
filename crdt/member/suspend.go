package member

import (
	"slices"

	"parvis/crdt/seal"
)

// suspend is computed last, on the resolved state, so that it cannot feed back
// into the void rule (rule M33). A use of an invitation is in doubt when more
// persons than the invitation allows used it before or beside it, or when it is
// a Join beside a revocation of the invitation. A person all of whose uses are
// in doubt is suspended until somebody confirms the right one.
func (f *field) suspend(s *State) {
	byInvite := map[seal.ID][]int{}
	for i, r := range f.records {
		if r.added.use != nil && !f.voided(i) {
			byInvite[r.added.use.invite] = append(byInvite[r.added.use.invite], i)
		}
	}
	settled := map[seal.ID]bool{} // persons with a use that is in no doubt
	for id, uses := range byInvite {
		invite, ok := s.invites.get(id)
		for _, u := range uses {
			person := f.records[u].added.use.person
			settled[person] = settled[person] || !ok || !f.overused(invite, uses, u) && !f.endedBeside(id, u)
		}
	}
	for person, fine := range settled {
		if !fine {
			s.editPerson(person, func(p *personRec) { p.suspended = !p.confirmed })
		}
	}
}

// overused reports whether too many persons used the invitation before or
// beside u. Those who used it before the field are in users but not in uses.
func (f *field) overused(invite *inviteRec, uses []int, u int) bool {
	var later []seal.ID // all of whose uses in the field follow u
	beside := map[seal.ID]bool{}
	for _, v := range uses {
		person := f.records[v].added.use.person
		if f.future(u).has(v) {
			later = append(later, person)
		} else {
			beside[person] = true
		}
	}
	count := len(invite.users)
	slices.SortFunc(later, seal.ID.Compare)
	for _, person := range slices.Compact(later) {
		if !beside[person] {
			count--
		}
	}
	return count > int(invite.uses)
}

// endedBeside reports whether a revocation of the invitation stands beside the
// Join u.
func (f *field) endedBeside(invite seal.ID, u int) bool {
	if !f.records[u].added.use.self {
		return false
	}
	for i, r := range f.records {
		if r.added.revoked == invite && !f.voided(i) && f.concurrent(u, i) {
			return true
		}
	}
	return false
}
