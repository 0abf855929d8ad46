package member

import (
	"slices"

	"parvis/crdt/seal"
)

// Person is a member, guest or former member.
type Person struct {
	ID        seal.ID
	Role      Role  // the former one of who left or was removed
	OwnerRank int64 // among owners: the smaller, the higher; may be negative (rule M20)
	Status    Status
	Devices   []seal.ID // all there ever were, sorted
	By        seal.ID   // who admitted or invited the person; zero for the founder
	Invite    seal.ID   // the invitation; zero for the founder
	Verified  bool      // admitted after codes were compared, or the founder
	JoinedMs  int64     // Unix milliseconds, a label
	Quit      bool      // left by a signed entry of its own; if it was removed, then knowing that (rule M47)
}

// Device is one computer of a person.
type Device struct {
	ID, Peer seal.ID
	Person   seal.ID
	Idx      int // number in the person; smaller outranks
	KemPK    []byte
	KemGen   uint32
	KemMs    int64 // when the encryption key was made: Unix milliseconds, a label
	Active   bool  // not removed, and its person is active
	Platform uint
	AddedMs  int64 // Unix milliseconds, a label
}

func (p *personRec) public() Person {
	status := p.status
	if status == Active && p.suspended {
		status = Suspended
	}
	return Person{
		ID: p.id, Role: p.role, OwnerRank: p.ownerRank, Status: status, Devices: slices.Clone(p.devices),
		By: p.by, Invite: p.invite, Verified: p.verified, JoinedMs: p.joinedMs, Quit: p.left(),
	}
}

// left reports whether a person is out by a Leave of its own: each removal, if there is
// one, only confirms it.
func (p *personRec) left() bool {
	switch p.status {
	case Left:
		return true
	case Removed:
		return p.quit && !slices.ContainsFunc(p.cuts, func(c cutRec) bool { return !c.left })
	}
	return false
}

func (s *State) publicDevice(d *deviceRec) Device {
	p, ok := s.people.get(d.person)
	return Device{
		ID: d.id, Peer: d.peer, Person: d.person, Idx: d.idx, KemPK: d.kemPK, KemGen: d.kemGen, KemMs: max(d.kemMs, d.addedMs),
		Active: ok && p.active() && !d.removed, Platform: d.platform, AddedMs: d.addedMs,
	}
}

// Person returns a person who is or was in the workspace.
func (s *State) Person(id seal.ID) (Person, bool) {
	p, ok := s.people.get(id)
	if !ok {
		return Person{}, false
	}
	return p.public(), true
}

// Persons lists everybody who is or was in the workspace, by id.
func (s *State) Persons() []Person {
	var all []Person
	s.people.each(func(_ seal.ID, p *personRec) { all = append(all, p.public()) })
	return all
}

// Device returns a device, also one that is not active any more.
func (s *State) Device(id seal.ID) (Device, bool) {
	d, ok := s.devices.get(id)
	if !ok || d.recovery {
		return Device{}, false
	}
	return s.publicDevice(d), true
}

// DeviceByPeer returns the device with a transport key.
func (s *State) DeviceByPeer(peer seal.ID) (Device, bool) {
	id, ok := s.peers.get(peer)
	if !ok {
		return Device{}, false
	}
	return s.Device(id)
}

// Devices lists all devices there ever were, by id.
func (s *State) Devices() []Device {
	var all []Device
	s.devices.each(func(_ seal.ID, d *deviceRec) {
		if !d.recovery {
			all = append(all, s.publicDevice(d))
		}
	})
	return all
}

// ActiveDevices lists the devices that may connect, by id.
func (s *State) ActiveDevices() []Device {
	return slices.DeleteFunc(s.Devices(), func(d Device) bool { return !d.Active })
}

// Outranks reports whether an active person stands above another one, who may have
// left, by level and owner rank (rule M20).
func (s *State) Outranks(person, other seal.ID) bool {
	a, known := s.people.get(person)
	b, ok := s.people.get(other)
	return known && ok && a.active() && a.station().compare(b.station()) < 0
}

// MayRemove reports whether a person may remove another one, who may have left (rule M19).
func (s *State) MayRemove(person, other seal.ID) bool {
	p, ok := s.people.get(person)
	return ok && p.role <= RoleAdmin && s.Outranks(person, other)
}

// IsTop reports whether a person is the active owner whom no other one outranks.
func (s *State) IsTop(person seal.ID) bool {
	p, ok := s.people.get(person)
	return ok && p.active() && s.isTop(p)
}
