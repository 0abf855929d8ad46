package member

import (
	"slices"

	"parvis/crdt/seal"
)

// RoleSetBody changes a person's role. OwnerRank is 0 unless Role is owner; then
// it is greater than the author's.
type RoleSetBody struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Person    seal.ID
	Role      Role
	OwnerRank int64
}

// Encode writes the body.
func (b RoleSetBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeRoleSet reads the body of a RoleSet entry.
func DecodeRoleSet(raw []byte) (RoleSetBody, error) { return decodeBody[RoleSetBody](raw) }

func (b RoleSetBody) shape() error {
	switch {
	case !b.Role.valid():
		return reject("role: unknown")
	case b.Role != RoleOwner && b.OwnerRank != 0:
		return reject("role: an owner rank for another role")
	case b.OwnerRank < -maxOwnerRank || b.OwnerRank > maxOwnerRank:
		return reject("role: bad owner rank")
	}
	return nil
}

func (b RoleSetBody) check(c *check) error {
	if err := c.require(RoleOwner); err != nil {
		return err
	}
	p, err := c.target(b.Person)
	if err != nil {
		return err
	}
	if p.status != Active {
		return reject("role: the person is out")
	}
	before, after := p.station(), station{int(b.Role), b.OwnerRank}
	if err := c.over(before); err != nil {
		return err
	}
	if err := c.over(after); err != nil {
		return err
	}
	if before.compare(after) < 0 {
		c.rec.revoke = &revocation{person: b.Person, left: &after}
	}
	c.setRole(b.Person, b.Role, b.OwnerRank, Active)
	return nil
}

// TransferBody makes a person the top owner: its rank becomes the author's
// minus one.
type TransferBody struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Person seal.ID
}

// Encode writes the body.
func (b TransferBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeTransfer reads the body of a Transfer entry.
func DecodeTransfer(raw []byte) (TransferBody, error) { return decodeBody[TransferBody](raw) }

func (b TransferBody) shape() error { return nil }

func (b TransferBody) check(c *check) error {
	if err := c.top(); err != nil {
		return err
	}
	p, err := c.target(b.Person)
	if err != nil {
		return err
	}
	if p.id == c.person.id {
		return reject("transfer: to oneself")
	}
	if !p.active() {
		return reject("transfer: the person is not active")
	}
	c.setRole(p.id, RoleOwner, c.person.ownerRank-1, Active)
	return nil
}

// LeaveBody says that its author goes. It voids nothing.
type LeaveBody struct {
	_ struct{} `cbor:",toarray"`
	V uint
}

// Encode writes the body.
func (b LeaveBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeLeave reads the body of a Leave entry.
func DecodeLeave(raw []byte) (LeaveBody, error) { return decodeBody[LeaveBody](raw) }

func (b LeaveBody) shape() error { return nil }

func (b LeaveBody) check(c *check) error {
	if c.st.isTop(c.person) {
		return reject("leave: the top owner must hand over first")
	}
	c.rec.added.quit = c.person.id
	c.setRole(c.person.id, c.person.role, c.person.ownerRank, Left)
	return nil
}

// DeposeBody takes the office of an owner or admin, who becomes a member, by
// the signatures of trustees. Successor takes the place of an owner: the last one is
// not deposed without. Policy is the entry that set the quorum, so that signatures do
// not outlive it.
type DeposeBody struct {
	_         struct{} `cbor:",toarray"`
	V         uint
	Person    seal.ID
	Successor *seal.ID
	Policy    seal.ID
	Sigs      []TrusteeSig // sorted by device
}

// TrusteeSig is one trustee's consent, signed by one of the trustee's devices.
type TrusteeSig struct {
	_      struct{} `cbor:",toarray"`
	Device seal.ID
	Sig    []byte
}

const labelDepose = "parvis1/depose"

// text is what trustees sign. Nobody is 32 zeros.
func (b DeposeBody) text(ws seal.ID) []byte {
	var successor seal.ID
	if b.Successor != nil {
		successor = *b.Successor
	}
	h := seal.Hash(labelDepose, ws[:], b.Person[:], successor[:], b.Policy[:])
	return h[:]
}

// Sign is a trustee's consent to a deposition, whose Policy is [State.PolicyEntry].
func (b DeposeBody) Sign(key seal.SignKey, ws seal.ID) TrusteeSig {
	return TrusteeSig{Device: key.Public(), Sig: key.Sign(labelDepose, b.text(ws))}
}

// Encode writes the body.
func (b DeposeBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeDepose reads the body of a Depose entry.
func DecodeDepose(raw []byte) (DeposeBody, error) { return decodeBody[DeposeBody](raw) }

func (b DeposeBody) shape() error {
	if len(b.Sigs) == 0 || len(b.Sigs) > maxTrustees {
		return reject("depose: number of signatures")
	}
	for i, s := range b.Sigs {
		if len(s.Sig) != seal.SigSize {
			return reject("depose: malformed")
		}
		if i > 0 && b.Sigs[i-1].Device.Compare(s.Device) >= 0 {
			return reject("depose: signatures not sorted")
		}
	}
	return nil
}

func (b DeposeBody) check(c *check) error {
	if err := c.require(RoleMember); err != nil {
		return err
	}
	p, err := c.target(b.Person)
	if err != nil {
		return err
	}
	if p.status != Active || p.role > RoleAdmin {
		return reject("depose: holds no office")
	}
	if c.st.policy.Quorum == 0 || b.Policy != c.st.policy.entry {
		return reject("depose: no such quorum")
	}
	if err := b.succession(c, p); err != nil {
		return err
	}
	if err := b.quorum(c); err != nil {
		return err
	}
	c.rec.rank = rank{level: levelQuorum}
	c.rec.revoke = &revocation{person: b.Person, left: &station{level: int(RoleMember)}}
	c.setRole(b.Person, RoleMember, 0, Active)
	if b.Successor != nil {
		c.setRole(*b.Successor, RoleOwner, p.ownerRank, Active)
	}
	return nil
}

// succession requires a successor of the last owner, and lets others but owners have none.
func (b DeposeBody) succession(c *check, deposed *personRec) error {
	last := deposed.role == RoleOwner
	c.st.people.each(func(id seal.ID, other *personRec) {
		last = last && (id == deposed.id || !other.active() || other.role != RoleOwner)
	})
	switch {
	case b.Successor == nil && last:
		return reject("depose: the last owner needs a successor")
	case b.Successor == nil:
		return nil
	case deposed.role != RoleOwner:
		return reject("depose: only an owner has a successor")
	}
	p, err := c.target(*b.Successor)
	if err != nil {
		return err
	}
	if p.id == deposed.id || !p.active() {
		return reject("depose: the successor is not active")
	}
	if p.role == RoleOwner {
		return reject("depose: the successor is an owner already")
	}
	return nil
}

// quorum requires signatures of enough different trustees.
func (b DeposeBody) quorum(c *check) error {
	text := b.text(c.e.WS)
	signed := map[seal.ID]bool{}
	for _, s := range b.Sigs {
		_, p, ok := c.st.active(s.Device)
		if !ok || !slices.Contains(c.st.policy.Trustees, p.id) {
			return reject("depose: signed by no trustee")
		}
		if !seal.Verify(s.Device, labelDepose, text, s.Sig) {
			return reject("depose: wrong signature")
		}
		signed[p.id] = true
	}
	if len(signed) < int(c.st.policy.Quorum) {
		return reject("depose: too few trustees")
	}
	return nil
}
