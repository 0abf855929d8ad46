package member

import (
	"slices"

	"parvis/crdt/seal"
)

// AdmitBody lets in a person whose request was checked (protocol 2.3).
type AdmitBody struct {
	_             struct{} `cbor:",toarray"`
	V             uint
	PersonGenesis []byte
	Role          Role
	InviteID      seal.ID
	InvSig        []byte
	Nonce         seal.ID
	PeerA         seal.ID // who answered the request
	PeerB         seal.ID // the joiner
	Spaces        []SpaceGrant
}

// Encode writes the body; it sorts the spaces.
func (b AdmitBody) Encode() ([]byte, error) {
	b.V = 1
	b.Spaces = sortGrants(b.Spaces)
	return encodeBody(b)
}

// DecodeAdmit reads the body of an Admit entry.
func DecodeAdmit(raw []byte) (AdmitBody, error) { return decodeBody[AdmitBody](raw) }

func (b AdmitBody) shape() error {
	if b.Role != RoleMember && b.Role != RoleGuest {
		return reject("admit: bad role")
	}
	if len(b.InvSig) != seal.SigSize {
		return reject("admit: malformed")
	}
	if err := grantsShape(b.Spaces); err != nil {
		return err
	}
	_, device, _, err := parsePersonGenesis(b.PersonGenesis)
	if err != nil {
		return err
	}
	if device.PeerPK != b.PeerB {
		return reject("admit: another peer")
	}
	return nil
}

func (b AdmitBody) check(c *check) error {
	if err := c.require(RoleAdmin); err != nil {
		return err
	}
	invite, err := c.openInvite(b.InviteID)
	if err != nil {
		return err
	}
	if b.Role != invite.role {
		return reject("admit: another role than invited")
	}
	if err := c.mayGrant(b.Spaces); err != nil {
		return err
	}
	if id, ok := c.st.peers.get(b.PeerA); !ok {
		return reject("admit: answered by an unknown peer")
	} else if _, _, ok := c.st.active(id); !ok {
		return reject("admit: answered by an inactive device")
	}
	proof := joinProof(c.e.WS, b.InviteID, b.PersonGenesis, b.PeerA, b.PeerB, b.Nonce)
	if !seal.Verify(invite.pk, labelJoin, proof, b.InvSig) {
		return reject("admit: wrong signature of the invitation")
	}
	person, err := c.newcomer(b.PersonGenesis)
	if err != nil {
		return err
	}
	c.admit(person, personRec{role: b.Role, by: c.person.id, invite: b.InviteID, verified: invite.mode == ModeCodes})
	c.grantSpaces(person.id, b.Spaces)
	c.rec.added.use = &use{invite: b.InviteID, person: person.id}
	return nil
}

// newcomer is a person that a person genesis introduces.
type newcomer struct {
	id      seal.ID
	genesis PersonGenesis
	device  DeviceRecord
}

// newcomer reads a person genesis whose proofs were checked when the body was
// parsed, and requires that none of its keys is known (rule M17).
func (c *check) newcomer(raw []byte) (newcomer, error) {
	genesis, err := seal.Decode[PersonGenesis](raw)
	if err != nil {
		return newcomer{}, reject("person genesis: malformed")
	}
	device, err := seal.Decode[DeviceRecord](genesis.Device0)
	if err != nil {
		return newcomer{}, reject("device record: malformed")
	}
	id := PersonID(raw)
	if _, known := c.st.people.get(id); known {
		return newcomer{}, reject("newcomer: known person")
	}
	keys := []seal.ID{device.SignPK, device.PeerPK}
	if genesis.Recovery != nil {
		keys = append(keys, *genesis.Recovery)
	}
	if err := c.fresh(keys...); err != nil {
		return newcomer{}, err
	}
	return newcomer{id, genesis, device}, nil
}

// fresh requires that no device uses or used one of the keys, for whatever.
func (c *check) fresh(keys ...seal.ID) error {
	for _, key := range keys {
		if _, known := c.st.devices.get(key); known {
			return reject("newcomer: known key")
		}
		if _, known := c.st.peers.get(key); known {
			return reject("newcomer: known key")
		}
	}
	return nil
}

// admit notes the writes that make a newcomer a person with a device.
func (c *check) admit(n newcomer, p personRec) {
	e := c.e
	p.id, p.admission, p.roleEntry, p.joinedMs = n.id, e.ID, e.ID, e.HintMs
	c.write(regPerson, n.id, seal.ID{}, restriction(int(p.role), 0), func(s *State) {
		next := p
		s.people = s.people.put(n.id, &next)
	})
	c.setRole(n.id, p.role, 0, Active)
	c.addDevice(n.id, n.device)
	if key := n.genesis.Recovery; key != nil {
		c.write(regDevice, *key, seal.ID{}, 0, func(s *State) {
			s.addDevice(&deviceRec{id: *key, person: n.id, idx: -1, added: e.ID, addedMs: e.HintMs, recovery: true})
		})
	}
}

// addDevice notes the write that makes a device known.
func (c *check) addDevice(person seal.ID, r DeviceRecord) {
	e := c.e
	c.rec.added.devices = append(c.rec.added.devices, r.SignPK)
	c.write(regDevice, r.SignPK, seal.ID{}, 0, func(s *State) {
		s.addDevice(&deviceRec{
			id: r.SignPK, peer: r.PeerPK, person: person, idx: r.Idx, kemPK: r.KEMPK, kemGen: r.KEMGen,
			platform: r.Platform, added: e.ID, addedMs: e.HintMs,
		})
	})
}

// JoinBody lets in the device that writes it, by a mode 1 invitation.
type JoinBody struct {
	_             struct{} `cbor:",toarray"`
	V             uint
	PersonGenesis []byte
	InviteID      seal.ID
	InvSig        []byte
	Nonce         seal.ID
	LogHead       seal.ID // an entry of the log that the device was given
}

// Encode writes the body.
func (b JoinBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeJoin reads the body of a Join entry.
func DecodeJoin(raw []byte) (JoinBody, error) { return decodeBody[JoinBody](raw) }

func (b JoinBody) shape() error {
	if len(b.InvSig) != seal.SigSize {
		return reject("join: malformed")
	}
	_, _, _, err := parsePersonGenesis(b.PersonGenesis)
	return err
}

func (b JoinBody) check(c *check) error {
	invite, err := c.openInvite(b.InviteID)
	if err != nil {
		return err
	}
	if invite.mode != ModeInstant || !c.st.policy.Instant {
		return reject("join: the invitation wants the codes first")
	}
	if !seal.Verify(invite.pk, labelJoin, selfProof(c.e.WS, b.InviteID, b.PersonGenesis, b.Nonce, b.LogHead), b.InvSig) {
		return reject("join: wrong signature of the invitation")
	}
	person, err := c.newcomer(b.PersonGenesis)
	if err != nil {
		return err
	}
	if c.e.Dev != person.device.SignPK {
		return reject("join: not by the joining device")
	}
	if head := c.log.records[b.LogHead]; head == nil || !c.log.reaches(c.rec.parents, head) {
		return reject("join: its log lacks what it was given")
	}
	c.rec.person = person.id
	c.rec.rank = rank{level: int(invite.role), person: person.id}
	c.needRole(RoleGuest)
	c.rec.sponsor = &sponsor{invite.by, invite.device}
	c.grant(invite.entry)
	c.admit(person, personRec{role: invite.role, by: invite.by, invite: b.InviteID})
	sponsor, _ := c.st.people.get(invite.by)
	c.grantSpaces(person.id, slices.DeleteFunc(slices.Clone(invite.spaces), func(g SpaceGrant) bool {
		return c.st.access(g.Space, sponsor) != AccessAdmin
	}))
	c.rec.added.use = &use{invite: b.InviteID, person: person.id, self: true}
	return nil
}

// ConfirmBody ends the suspension of a person.
type ConfirmBody struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Person seal.ID
}

// Encode writes the body.
func (b ConfirmBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeConfirm reads the body of a Confirm entry.
func DecodeConfirm(raw []byte) (ConfirmBody, error) { return decodeBody[ConfirmBody](raw) }

func (b ConfirmBody) shape() error { return nil }

func (b ConfirmBody) check(c *check) error {
	if err := c.require(RoleAdmin); err != nil {
		return err
	}
	p, err := c.target(b.Person)
	if err != nil {
		return err
	}
	if p.status != Active || !p.suspended {
		return reject("confirm: not suspended")
	}
	c.write(regConfirm, b.Person, seal.ID{}, 0, func(s *State) {
		s.editPerson(b.Person, func(p *personRec) { p.suspended, p.confirmed = false, true })
	})
	return nil
}
