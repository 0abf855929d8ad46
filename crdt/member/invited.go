package member

import (
	"slices"

	"parvis/crdt/seal"
)

// inviteRec is an invitation in a state.
type inviteRec struct {
	id, pk  seal.ID
	role    Role
	spaces  []SpaceGrant
	mode    uint
	uses    uint
	expires int64
	by      seal.ID // person
	device  seal.ID
	entry   seal.ID
	revoked bool
	users   []seal.ID // persons, sorted
}

// InviteBody makes an invitation.
type InviteBody struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	InvPK   seal.ID
	Role    Role
	Spaces  []SpaceGrant
	Mode    uint
	Uses    uint
	Expires int64 // Unix milliseconds; judged by whoever answers, not by the log
}

// Encode writes the body; it sorts the spaces.
func (b InviteBody) Encode() ([]byte, error) {
	b.V = 1
	b.Spaces = sortGrants(b.Spaces)
	return encodeBody(b)
}

// DecodeInvite reads the body of an Invite entry.
func DecodeInvite(raw []byte) (InviteBody, error) { return decodeBody[InviteBody](raw) }

func (b InviteBody) shape() error {
	switch {
	case seal.CheckSignKey(b.InvPK) != nil:
		return reject("invite: bad key")
	case b.Role != RoleMember && b.Role != RoleGuest:
		return reject("invite: bad role")
	case b.Mode > ModeInstant:
		return reject("invite: bad mode")
	case b.Uses == 0 || b.Uses > MaxUses:
		return reject("invite: bad number of uses")
	case b.Expires <= 0:
		return reject("invite: never expires")
	}
	return grantsShape(b.Spaces)
}

func sortGrants(grants []SpaceGrant) []SpaceGrant {
	return slices.SortedFunc(slices.Values(grants), func(a, b SpaceGrant) int { return a.Space.Compare(b.Space) })
}

// grantsShape requires different spaces in ascending order.
func grantsShape(grants []SpaceGrant) error {
	if len(grants) > MaxInviteSpaces {
		return reject("grants: too many spaces")
	}
	for i, g := range grants {
		if g.Access < AccessRead || g.Access > AccessAdmin {
			return reject("grants: bad access")
		}
		if i > 0 && grants[i-1].Space.Compare(g.Space) >= 0 {
			return reject("grants: spaces not sorted")
		}
	}
	return nil
}

// mayGrant requires that the author is admin of every space, and notes what
// that rests on: who may invite may not thereby open spaces of others.
func (c *check) mayGrant(grants []SpaceGrant) error {
	for _, g := range grants {
		space, ok := c.st.spaces.get(spaceKey(g.Space))
		if !ok || space.kind != SpaceMain && space.kind != SpacePrivate {
			return reject("grants: unknown space")
		}
		if c.st.access(g.Space, c.person) != AccessAdmin {
			return reject("grants: not admin of the space")
		}
		c.grant(space.grounds(c.person.id)...)
	}
	return nil
}

// grantSpaces notes the writes that give a newcomer access.
func (c *check) grantSpaces(person seal.ID, grants []SpaceGrant) {
	for _, g := range grants {
		c.setAccess(g.Space, person, g.Access)
	}
}

func (b InviteBody) check(c *check) error {
	if err := c.require(RoleAdmin); err != nil {
		return err
	}
	if b.Mode == ModeInstant && !c.st.policy.Instant {
		return reject("invite: instant invitations are switched off")
	}
	id := InviteID(b.InvPK)
	if _, known := c.st.invites.get(id); known {
		return reject("invite: known")
	}
	if err := c.mayGrant(b.Spaces); err != nil {
		return err
	}
	rec := &inviteRec{
		id: id, pk: b.InvPK, role: b.Role, spaces: b.Spaces, mode: b.Mode, uses: b.Uses, expires: b.Expires,
		by: c.person.id, device: c.device.id, entry: c.e.ID,
	}
	c.write(regInvite, id, seal.ID{}, int64(b.Role), func(s *State) { s.invites = s.invites.put(id, rec) })
	return nil
}

// InviteRevokeBody ends an invitation.
type InviteRevokeBody struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	InviteID seal.ID
}

// Encode writes the body.
func (b InviteRevokeBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeInviteRevoke reads the body of an InviteRevoke entry.
func DecodeInviteRevoke(raw []byte) (InviteRevokeBody, error) {
	return decodeBody[InviteRevokeBody](raw)
}

func (b InviteRevokeBody) shape() error { return nil }

func (b InviteRevokeBody) check(c *check) error {
	if err := c.require(RoleAdmin); err != nil {
		return err
	}
	invite, ok := c.st.invites.get(b.InviteID)
	if !ok {
		return reject("invite: unknown")
	}
	if invite.revoked {
		return reject("invite: revoked already")
	}
	c.rec.added.revoked = b.InviteID
	c.write(regInviteRevoked, b.InviteID, seal.ID{}, 0, func(s *State) {
		s.editInvite(b.InviteID, func(i *inviteRec) { i.revoked = true })
	})
	return nil
}

// openInvite finds an invitation that may be used, as far as the log can tell:
// the clock is not its business.
func (c *check) openInvite(id seal.ID) (*inviteRec, error) {
	invite, ok := c.st.invites.get(id)
	switch {
	case !ok:
		return nil, reject("invite: unknown")
	case invite.revoked || !c.st.sponsored(invite):
		return nil, reject("invite: revoked")
	case len(invite.users) >= int(invite.uses):
		return nil, reject("invite: used up")
	}
	return invite, nil
}

// sponsored reports whether the author of an invitation may still invite, with
// the device that made it (rule M18).
func (s *State) sponsored(i *inviteRec) bool {
	_, p, ok := s.active(i.device)
	return ok && p.id == i.by && p.role <= RoleAdmin
}

// addUse counts a person's use of an invitation.
func (s *State) addUse(u *use) {
	s.editInvite(u.invite, func(i *inviteRec) {
		if at, found := slices.BinarySearchFunc(i.users, u.person, seal.ID.Compare); !found {
			i.users = slices.Insert(slices.Clone(i.users), at, u.person)
		}
	})
}

func (s *State) publicInvite(i *inviteRec) Invite {
	return Invite{
		ID: i.id, PK: i.pk, Role: i.role, Spaces: slices.Clone(i.spaces), Mode: i.mode, Uses: i.uses,
		Used: uint(len(i.users)), Expires: i.expires, By: i.by, Revoked: i.revoked || !s.sponsored(i),
	}
}

// Invite returns an invitation, also one that is over.
func (s *State) Invite(id seal.ID) (Invite, bool) {
	i, ok := s.invites.get(id)
	if !ok {
		return Invite{}, false
	}
	return s.publicInvite(i), true
}

// Invites lists all invitations there ever were, by id.
func (s *State) Invites() []Invite {
	var all []Invite
	s.invites.each(func(_ seal.ID, i *inviteRec) { all = append(all, s.publicInvite(i)) })
	return all
}
