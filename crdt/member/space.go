package member

import (
	"maps"

	"parvis/crdt/seal"
)

// Space is one encryption domain: who is in it, and its own keys.
type Space struct {
	ID      seal.SpaceID
	Kind    SpaceKind
	History History
	Members map[seal.ID]Access // by person; nil for the main space: by role
	Creator seal.ID            // person
	NameBox []byte             // opaque here; usually empty, names are profile envelopes
	Closed  bool               // nobody writes any more
}

// spaceRec is a space in a state.
type spaceRec struct {
	id      seal.SpaceID
	kind    SpaceKind
	history History
	creator seal.ID
	created seal.ID // entry
	nameBox []byte
	closed  bool
	members map[seal.ID]membership
	epochs  epochList
}

// membership is a person's access to a space and the entry that gave it.
type membership struct {
	access Access
	entry  seal.ID
}

// MainSpaceID is the space of all members of a workspace.
func MainSpaceID(ws seal.ID) seal.SpaceID { return shortHash("parvis1/space/main", ws[:]) }

// GroupSpaceID is the space of exactly these persons, which must be sorted:
// two people who make it at once make the same.
func GroupSpaceID(ws seal.ID, persons []seal.ID) seal.SpaceID {
	parts := [][]byte{ws[:]}
	for i := range persons {
		parts = append(parts, persons[i][:])
	}
	return shortHash("parvis1/groupspace", parts...)
}

// SelfSpaceID is the space of a person's own devices.
func SelfSpaceID(ws, person seal.ID) seal.SpaceID {
	return shortHash("parvis1/space/self", ws[:], person[:])
}

// PrivateSpaceID makes a random id for a private space that the device is about
// to create. Its first half names the device, so that nobody else can make a
// space with the same id and thereby enter it (rule M35).
func PrivateSpaceID(ws, dev seal.ID) seal.SpaceID {
	id := privatePrefix(ws, dev)
	copy(id[8:], seal.Random(8))
	return id
}

func privatePrefix(ws, dev seal.ID) (id seal.SpaceID) {
	h := shortHash("parvis1/space/private", ws[:], dev[:])
	copy(id[:8], h[:8])
	return id
}

func shortHash(label string, parts ...[]byte) (id seal.SpaceID) {
	h := seal.Hash(label, parts...)
	copy(id[:], h[:])
	return id
}

// grounds are the entries on which a person's access rests.
func (r *spaceRec) grounds(person seal.ID) []seal.ID {
	if r.kind == SpaceMain {
		return nil // the role
	}
	return []seal.ID{r.created, r.members[person].entry}
}

// access is what a person may do in a space now (rule M34).
func (s *State) access(space seal.SpaceID, p *personRec) Access {
	if p == nil || !p.active() {
		return AccessNone
	}
	return s.given(space, p)
}

// given is what role and list give a person in a space, also one that is out.
func (s *State) given(space seal.SpaceID, p *personRec) Access {
	r, ok := s.spaces.get(spaceKey(space))
	if !ok {
		return AccessNone
	}
	listed := r.members[p.id].access
	switch {
	case p.role == RoleGuest:
		return min(listed, AccessWrite)
	case r.kind != SpaceMain:
		return listed
	case p.role <= RoleAdmin:
		return AccessAdmin
	default:
		return AccessWrite
	}
}

func (s *State) deviceAccess(space seal.SpaceID, dev seal.ID) Access {
	_, p, ok := s.active(dev)
	if !ok {
		return AccessNone
	}
	return s.access(space, p)
}

// Access is what a person may do in a space now, by role or by list.
func (s *State) Access(space seal.SpaceID, person seal.ID) Access {
	p, _ := s.people.get(person)
	return s.access(space, p)
}

// CanRead reports whether a device may have the keys of a space.
func (s *State) CanRead(space seal.SpaceID, dev seal.ID) bool {
	return s.deviceAccess(space, dev) >= AccessRead
}

// CouldRead is [State.CanRead] for a device that is out: whether it could read a space
// when it, or its person, went. It gives no right to anything that came since.
func (s *State) CouldRead(space seal.SpaceID, dev seal.ID) bool {
	d, ok := s.devices.get(dev)
	if !ok {
		return false
	}
	p, ok := s.people.get(d.person)
	return ok && s.given(space, p) >= AccessRead
}

// CanWrite reports whether a device may write in a space.
func (s *State) CanWrite(space seal.SpaceID, dev seal.ID) bool {
	r, ok := s.spaces.get(spaceKey(space))
	return ok && !r.closed && s.deviceAccess(space, dev) >= AccessWrite
}

func (r *spaceRec) public() Space {
	space := Space{ID: r.id, Kind: r.kind, History: r.history, Creator: r.creator, NameBox: r.nameBox, Closed: r.closed}
	if r.kind == SpaceMain {
		return space
	}
	space.Members = make(map[seal.ID]Access, len(r.members))
	for person, m := range r.members {
		if m.access > AccessNone {
			space.Members[person] = m.access
		}
	}
	return space
}

// Space returns a space.
func (s *State) Space(id seal.SpaceID) (Space, bool) {
	r, ok := s.spaces.get(spaceKey(id))
	if !ok {
		return Space{}, false
	}
	return r.public(), true
}

// Spaces lists all spaces, by id.
func (s *State) Spaces() []Space {
	var all []Space
	s.spaces.each(func(_ seal.ID, r *spaceRec) { all = append(all, r.public()) })
	return all
}

// MainSpace is the space of all members.
func (s *State) MainSpace() seal.SpaceID { return MainSpaceID(s.ws) }

// setAccess notes a person's new access to a space.
func (c *check) setAccess(space seal.SpaceID, person seal.ID, access Access) {
	id := c.e.ID
	c.write(regAccess, spaceKey(space), person, -int64(access), func(s *State) {
		s.editSpace(space, func(r *spaceRec) {
			r.members = maps.Clone(r.members)
			if r.members == nil {
				r.members = map[seal.ID]membership{}
			}
			r.members[person] = membership{access, id}
		})
	})
}
