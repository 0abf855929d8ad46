package member

import (
	"cmp"

	"parvis/crdt/seal"
)

// levels of ranks: 0 is the quorum, then the roles, then who is out. The order
// is also that of restrictiveness (rule M26).
const (
	levelQuorum  = 0
	levelLeft    = 5
	levelRemoved = 6
)

// maxOwnerRank bounds the ranks that a RoleSet may give.
const maxOwnerRank = 1 << 30

// rank is the authority of an entry: its author's in the entry's own past. It
// has two stages (rule M20): first the level and, among owners, the owner rank;
// only between equals, and only inside one person, the device number. Comparing
// the device number first would allow circles through a promotion.
type rank struct {
	level  int
	owner  int64 // 0 unless the level is that of owners
	idx    int
	person seal.ID
}

func rankOf(p *personRec, idx int) rank {
	return rank{level: int(p.role), owner: p.ownerRank, idx: idx, person: p.id}
}

// station is the first stage, with which authority is required and compared
// between persons.
type station struct {
	level int
	owner int64
}

func (s station) compare(other station) int {
	if s.level != other.level || s.level != int(RoleOwner) {
		return cmp.Compare(s.level, other.level)
	}
	return cmp.Compare(s.owner, other.owner)
}

func (r rank) station() station { return station{r.level, r.owner} }

func (p *personRec) station() station { return station{int(p.role), p.ownerRank} }

// outranks is a strict partial order.
func (r rank) outranks(other rank) bool {
	switch r.station().compare(other.station()) {
	case -1:
		return true
	case 0:
		return r.person == other.person && r.idx < other.idx
	}
	return false
}

// above is the lowest station that outranks s.
func (s station) above() station {
	if s.level == int(RoleOwner) {
		return station{s.level, s.owner - 1}
	}
	return station{level: s.level - 1, owner: maxOwnerRank}
}

// restriction orders the values of a role register: the greater, the more
// restrictive.
func restriction(level int, owner int64) int64 { return int64(level)<<40 + owner }
