package member

import "parvis/crdt/seal"

// record is an accepted entry and what its check found out. Everything in it
// depends on the entry's past only, so it never changes.
type record struct {
	entry   *Entry
	index   int // place in the order of insertion
	depth   int // longest way to the genesis
	parents []*record

	person  seal.ID   // the author's
	rank    rank      // the author's
	need    station   // the lowest station that may write this
	grants  []*record // what gave the author person, role, device and access
	sponsor *sponsor  // of a Join: whose invitation it is
	revoke  *revocation
	writes  []write
	added   added

	after *State // the state after this entry, while it is kept
	mark  uint64 // of the last walk that came by
}

// sponsor is the author of an invitation. A Join needs the sponsor's authority
// as much as its own (rule M23).
type sponsor struct {
	person, device seal.ID
}

// revocation is authority that an entry takes away (rule M22).
type revocation struct {
	device seal.ID  // a DeviceRemove takes all from one device,
	person seal.ID  // the others from a person:
	left   *station // all, or what is above this station
}

// added is what an entry contributes apart from registers.
type added struct {
	epoch   *Epoch
	cut     *removal
	use     *use
	revoked seal.ID   // the invitation that the entry ends
	devices []seal.ID // that the entry makes known
	quit    seal.ID   // the person who leaves by the entry
}

// use is one person's use of an invitation.
type use struct {
	invite seal.ID
	person seal.ID
	self   bool // by a Join
}

// kind names a family of registers. Winners are applied in this order.
type kind uint8

const (
	regPerson kind = iota
	regRole
	regDevice
	regDeviceRemoved
	regKem
	regSpace
	regAccess
	regHistory
	regClosed
	regSpaceName
	regInvite
	regInviteRevoked
	regPolicy
	regRelay
	regConfirm
)

// register is one cell of the state that entries write.
type register struct {
	kind kind
	a, b seal.ID
}

func (r register) compare(other register) int {
	if r.kind != other.kind {
		return int(r.kind) - int(other.kind)
	}
	if c := r.a.Compare(other.a); c != 0 {
		return c
	}
	return r.b.Compare(other.b)
}

// write is one value for a register. Of concurrent ones the most restrictive
// wins, then the one of the lowest entry id.
type write struct {
	reg      register
	restrict int64
	set      func(*State)
}

// target is the device or person that loses authority.
func (r *revocation) target() seal.ID {
	if !r.device.IsZero() {
		return r.device
	}
	return r.person
}

// bearers are the persons and devices whose authority c needs.
func (c *record) bearers() []seal.ID {
	if c.sponsor != nil {
		return []seal.ID{c.person, c.entry.Dev, c.sponsor.person, c.sponsor.device}
	}
	return []seal.ID{c.person, c.entry.Dev}
}

// takes reports whether the revocation takes away authority that c's author,
// or the sponsor of the Join c, needed for c.
func (r *revocation) takes(c *record) bool {
	if r.hits(c.person, c.entry.Dev, c.need) {
		return true
	}
	return c.sponsor != nil && r.hits(c.sponsor.person, c.sponsor.device, station{level: int(RoleAdmin)})
}

func (r *revocation) hits(person, device seal.ID, need station) bool {
	if !r.device.IsZero() {
		return r.device == device
	}
	return r.person == person && (r.left == nil || r.left.compare(need) > 0)
}
