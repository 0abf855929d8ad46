package member

import (
	"slices"

	"parvis/crdt/seal"
)

// Bounds on the length of a device's chain (rule M16): whoever floods the log
// is cut off at the same entry everywhere.
const (
	maxSeqMember = 4096
	maxSeqAdmin  = 65536
)

// check judges one entry in the state of its past and collects what it does.
type check struct {
	log    *Log
	st     *State
	e      *Entry
	rec    *record
	person *personRec
	device *deviceRec
}

// run makes the checks in the order of rule M15.
func (c *check) run() error {
	switch c.e.content.(type) {
	case GenesisBody, JoinBody: // their author is not known yet
	default:
		if err := c.author(); err != nil {
			return err
		}
	}
	if err := c.chain(); err != nil {
		return err
	}
	if err := c.e.content.check(c); err != nil {
		return err
	}
	slices.SortStableFunc(c.rec.writes, func(a, b write) int { return a.reg.compare(b.reg) })
	return nil
}

// author finds who wrote the entry and requires that both are active.
func (c *check) author() error {
	d, ok := c.st.devices.get(c.e.Dev)
	if !ok {
		return reject("author: unknown device")
	}
	p, ok := c.st.people.get(d.person)
	if !ok {
		return reject("author: unknown person")
	}
	if d.removed {
		return reject("author: device was removed")
	}
	if !p.active() {
		return reject("author: person is not active")
	}
	if d.recovery && c.e.Type != TypeDeviceAdd && c.e.Type != TypeDeviceRemove {
		return reject("author: a recovery key signs devices only")
	}
	c.device, c.person = d, p
	c.rec.person, c.rec.rank = p.id, rankOf(p, d.idx)
	c.needRole(RoleGuest)
	c.grant(p.admission, p.roleEntry, d.added)
	return nil
}

// chain requires that the entry continues its device's chain (rule M14).
func (c *check) chain() error {
	end, _ := c.st.tails.get(c.e.Dev)
	if c.e.Seq != end.seq+1 {
		return reject("chain: wrong seq")
	}
	if end.seq > 0 && !slices.Contains(end.ids, c.e.Prev) {
		return reject("chain: wrong prev")
	}
	limit := uint64(maxSeqMember)
	if c.person != nil && c.person.role <= RoleAdmin && !c.device.recovery {
		limit = maxSeqAdmin
	}
	if c.e.Seq >= limit {
		return reject("chain: too long")
	}
	return nil
}

// grant notes entries on which the author's authority rests.
func (c *check) grant(ids ...seal.ID) {
	for _, id := range ids {
		if r := c.log.records[id]; r != nil && !slices.Contains(c.rec.grants, r) {
			c.rec.grants = append(c.rec.grants, r)
		}
	}
}

// needRole notes the lowest role that may write the entry.
func (c *check) needRole(role Role) { c.need(station{int(role), maxOwnerRank}) }

func (c *check) need(s station) { c.rec.need = s }

// require refuses authors below a role.
func (c *check) require(role Role) error {
	c.needRole(role)
	if c.person.role > role {
		return reject("authority: needs a higher role")
	}
	return nil
}

// over requires that the author outranks a station.
func (c *check) over(target station) error {
	if c.rec.rank.station().compare(target) >= 0 {
		return reject("authority: does not outrank")
	}
	if above := target.above(); c.rec.need.compare(above) > 0 {
		c.need(above)
	}
	return nil
}

// top requires the owner whom no other outranks.
func (c *check) top() error {
	c.need(c.person.station())
	if !c.st.isTop(c.person) {
		return reject("authority: not the top owner")
	}
	return nil
}

// isTop reports whether an owner has the smallest rank of all active ones.
func (s *State) isTop(p *personRec) bool {
	if p.role != RoleOwner {
		return false
	}
	top := true
	s.people.each(func(_ seal.ID, other *personRec) {
		if other.status == Active && other.role == RoleOwner && other.ownerRank < p.ownerRank {
			top = false
		}
	})
	return top
}

// write notes a value for a register.
func (c *check) write(kind kind, a, b seal.ID, restrict int64, set func(*State)) {
	c.rec.writes = append(c.rec.writes, write{register{kind, a, b}, restrict, set})
}

// setRole notes a change of a person's role.
func (c *check) setRole(person seal.ID, role Role, ownerRank int64, status Status) {
	level := int(role)
	switch status {
	case Left:
		level = levelLeft
	case Removed:
		level = levelRemoved
	}
	id := c.e.ID
	c.write(regRole, person, seal.ID{}, restriction(level, ownerRank), func(s *State) {
		s.editPerson(person, func(p *personRec) {
			p.role, p.ownerRank, p.status, p.roleEntry = role, ownerRank, status, id
		})
	})
}

// target finds a person that an entry is about.
func (c *check) target(id seal.ID) (*personRec, error) {
	p, ok := c.st.people.get(id)
	if !ok {
		return nil, reject("target: unknown person")
	}
	return p, nil
}
