package member

import (
	"slices"

	"parvis/crdt/seal"
)

// Limits of spaces (rule M35).
const (
	MaxSpaceMembers = 600
	maxNameBox      = 512
)

// SpaceMember is one person's access in a space.
type SpaceMember struct {
	_      struct{} `cbor:",toarray"`
	Person seal.ID
	Access Access
}

// SpaceCreateBody makes a private, group or self space. Encode sorts the members.
type SpaceCreateBody struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Space   seal.SpaceID
	Kind    SpaceKind
	Members []SpaceMember
	History History
	NameBox []byte
}

// Encode writes the body.
func (b SpaceCreateBody) Encode() ([]byte, error) {
	b.V = 1
	b.Members = sortMembers(b.Members)
	return encodeBody(b)
}

// DecodeSpaceCreate reads the body of a SpaceCreate entry.
func DecodeSpaceCreate(raw []byte) (SpaceCreateBody, error) {
	return decodeBody[SpaceCreateBody](raw)
}

func sortMembers(members []SpaceMember) []SpaceMember {
	return slices.SortedFunc(slices.Values(members), func(a, b SpaceMember) int { return a.Person.Compare(b.Person) })
}

// membersShape requires different persons in ascending order.
func membersShape(members []SpaceMember, least Access) error {
	if len(members) > MaxSpaceMembers {
		return reject("space: too many members")
	}
	for i, m := range members {
		if m.Access < least || m.Access > AccessAdmin {
			return reject("space: bad access")
		}
		if i > 0 && members[i-1].Person.Compare(m.Person) >= 0 {
			return reject("space: members not sorted")
		}
	}
	return nil
}

func (b SpaceCreateBody) shape() error {
	switch {
	case b.Kind < SpacePrivate || b.Kind > SpaceSelf:
		return reject("space: bad kind")
	case b.History > HistoryFromJoin:
		return reject("space: bad history policy")
	case len(b.NameBox) > maxNameBox:
		return reject("space: name too long")
	case len(b.Members) == 0:
		return reject("space: no members")
	}
	if b.Kind == SpaceGroup || b.Kind == SpaceSelf {
		for _, m := range b.Members {
			if m.Access != AccessWrite {
				return reject("space: bad access")
			}
		}
	}
	return membersShape(b.Members, AccessRead)
}

func (b SpaceCreateBody) check(c *check) error {
	if err := c.require(RoleMember); err != nil {
		return err
	}
	if _, known := c.st.spaces.get(spaceKey(b.Space)); known {
		return reject("space: known")
	}
	persons := make([]seal.ID, len(b.Members))
	for i, m := range b.Members {
		persons[i] = m.Person
		if p, ok := c.st.people.get(m.Person); !ok || !p.active() {
			return reject("space: a member is not an active person")
		}
	}
	if !slices.Contains(persons, c.person.id) {
		return reject("space: its creator is not in it")
	}
	if !b.rightID(c, persons) {
		return reject("space: wrong id")
	}
	b.writes(c)
	return nil
}

func (b SpaceCreateBody) rightID(c *check, persons []seal.ID) bool {
	switch b.Kind {
	case SpaceGroup:
		return b.Space == GroupSpaceID(c.e.WS, persons)
	case SpaceSelf:
		return len(persons) == 1 && b.Space == SelfSpaceID(c.e.WS, c.person.id)
	default:
		prefix := privatePrefix(c.e.WS, c.device.id)
		return slices.Equal(b.Space[:8], prefix[:8])
	}
}

func (b SpaceCreateBody) writes(c *check) {
	rec := &spaceRec{
		id: b.Space, kind: b.Kind, history: b.History, creator: c.person.id, created: c.e.ID, nameBox: b.NameBox,
	}
	c.write(regSpace, spaceKey(b.Space), seal.ID{}, int64(b.History), func(s *State) {
		s.spaces = s.spaces.put(spaceKey(b.Space), rec)
	})
	for _, m := range b.Members {
		access := m.Access
		if b.Kind == SpacePrivate && m.Person == c.person.id {
			access = AccessAdmin // the creator becomes the space's admin
		}
		c.setAccess(b.Space, m.Person, access)
	}
}

// SpaceSetBody changes a space. What is nil or empty stays. Encode sorts the
// members; access none removes.
type SpaceSetBody struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Space   seal.SpaceID
	Members []SpaceMember
	History *History
	Closed  *bool
	NameBox []byte
}

// Encode writes the body.
func (b SpaceSetBody) Encode() ([]byte, error) {
	b.V = 1
	b.Members = sortMembers(b.Members)
	return encodeBody(b)
}

// DecodeSpaceSet reads the body of a SpaceSet entry.
func DecodeSpaceSet(raw []byte) (SpaceSetBody, error) { return decodeBody[SpaceSetBody](raw) }

func (b SpaceSetBody) shape() error {
	switch {
	case b.History != nil && *b.History > HistoryFromJoin:
		return reject("space: bad history policy")
	case len(b.NameBox) > maxNameBox:
		return reject("space: name too long")
	case len(b.Members) == 0 && b.History == nil && b.Closed == nil && len(b.NameBox) == 0:
		return reject("space: changes nothing")
	}
	return membersShape(b.Members, AccessNone)
}

func (b SpaceSetBody) check(c *check) error {
	space, ok := c.st.spaces.get(spaceKey(b.Space))
	if !ok || space.kind != SpaceMain && space.kind != SpacePrivate {
		return reject("space: cannot be changed")
	}
	switch {
	case c.st.access(b.Space, c.person) == AccessAdmin:
		c.needRole(RoleMember)
		if space.kind == SpaceMain {
			c.needRole(RoleAdmin)
		}
		c.grant(space.grounds(c.person.id)...)
	case c.person.role <= RoleAdmin && b.closesOnly():
		c.needRole(RoleAdmin)
	default:
		return reject("space: not its admin")
	}
	if space.kind == SpaceMain && b.Closed != nil {
		return reject("space: the main space stays open")
	}
	for _, m := range b.Members {
		p, ok := c.st.people.get(m.Person)
		if !ok || m.Access > AccessNone && !p.active() {
			return reject("space: a member is not an active person")
		}
		if space.kind == SpaceMain && p.role != RoleGuest {
			return reject("space: roles decide about the main space")
		}
	}
	b.writes(c)
	return nil
}

// closesOnly reports whether all that the entry does is close the space, which
// admins may do to spaces they are not in.
func (b SpaceSetBody) closesOnly() bool {
	return b.Closed != nil && *b.Closed && len(b.Members) == 0 && b.History == nil && len(b.NameBox) == 0
}

func (b SpaceSetBody) writes(c *check) {
	space := spaceKey(b.Space)
	for _, m := range b.Members {
		c.setAccess(b.Space, m.Person, m.Access)
	}
	if b.History != nil {
		c.write(regHistory, space, seal.ID{}, int64(*b.History), func(s *State) {
			s.editSpace(b.Space, func(r *spaceRec) { r.history = *b.History })
		})
	}
	if b.Closed != nil {
		restrict := int64(0)
		if *b.Closed {
			restrict = 1
		}
		c.write(regClosed, space, seal.ID{}, restrict, func(s *State) {
			s.editSpace(b.Space, func(r *spaceRec) { r.closed = *b.Closed })
		})
	}
	if len(b.NameBox) > 0 {
		c.write(regSpaceName, space, seal.ID{}, 0, func(s *State) {
			s.editSpace(b.Space, func(r *spaceRec) { r.nameBox = b.NameBox })
		})
	}
}
