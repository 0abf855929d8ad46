package member

import "parvis/crdt/seal"

const suiteOne = 1 // the algorithms of protocol 2.1

// maxTrustees bounds the quorum.
const maxTrustees = 16

// Policy is what the top owner decides for the whole workspace.
type Policy struct {
	_          struct{}  `cbor:",toarray"`
	Quorum     uint      // how many trustees together depose an owner; 0: they cannot
	Trustees   []seal.ID // persons, sorted
	MinVersion uint      // the oldest program that may take part; informational
	Instant    bool      // whether mode 1 invitations are allowed
}

// DefaultPolicy has no quorum and allows mode 1 invitations.
func DefaultPolicy() Policy { return Policy{Instant: true} }

func (p Policy) shape() error {
	switch {
	case len(p.Trustees) > maxTrustees:
		return reject("policy: too many trustees")
	case !ascending(p.Trustees):
		return reject("policy: trustees not sorted")
	case p.Quorum > uint(len(p.Trustees)), p.Quorum == 0 && len(p.Trustees) > 0:
		return reject("policy: quorum does not fit the trustees")
	}
	return nil
}

// GenesisBody founds a workspace (protocol 2.3).
type GenesisBody struct {
	_             struct{} `cbor:",toarray"`
	V             uint
	PersonGenesis []byte
	Nonce         [16]byte
	Suite         uint
	LogKeyID      seal.ID
	Policy        Policy
}

// Encode writes the body.
func (b GenesisBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeGenesis reads the body of a Genesis entry.
func DecodeGenesis(raw []byte) (GenesisBody, error) { return decodeBody[GenesisBody](raw) }

func (b GenesisBody) shape() error {
	if b.Suite != suiteOne {
		return &seal.Fault{Outcome: seal.Pend, Reason: "genesis: newer suite"}
	}
	if len(b.Policy.Trustees) > 0 {
		return reject("genesis: trustees before there are members")
	}
	if err := b.Policy.shape(); err != nil {
		return err
	}
	_, _, _, err := parsePersonGenesis(b.PersonGenesis)
	return err
}

func (b GenesisBody) check(c *check) error {
	founder, err := c.newcomer(b.PersonGenesis)
	if err != nil {
		return err
	}
	if c.e.Dev != founder.device.SignPK {
		return reject("genesis: not by the founder's device")
	}
	c.rec.person = founder.id
	c.rec.rank = rank{level: int(RoleOwner), person: founder.id}
	c.needRole(RoleOwner)
	c.admit(founder, personRec{role: RoleOwner, verified: true})
	id, ws := c.e.ID, c.e.WS
	c.write(regSpace, spaceKey(MainSpaceID(ws)), seal.ID{}, 0, func(s *State) {
		s.ws, s.logKeyID = ws, b.LogKeyID
		s.spaces = s.spaces.put(spaceKey(MainSpaceID(ws)), &spaceRec{
			id: MainSpaceID(ws), kind: SpaceMain, creator: founder.id, created: id,
		})
	})
	c.writePolicy(b.Policy)
	return nil
}

func (c *check) writePolicy(p Policy) {
	restrict, id := int64(0), c.e.ID
	if !p.Instant {
		restrict = 1
	}
	c.write(regPolicy, seal.ID{}, seal.ID{}, restrict, func(s *State) { s.policy = policyRec{p, id} })
}

// PolicyBody changes the policy.
type PolicyBody struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Policy Policy
}

// Encode writes the body.
func (b PolicyBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodePolicy reads the body of a Policy entry.
func DecodePolicy(raw []byte) (PolicyBody, error) { return decodeBody[PolicyBody](raw) }

func (b PolicyBody) shape() error { return b.Policy.shape() }

func (b PolicyBody) check(c *check) error {
	if err := c.top(); err != nil {
		return err
	}
	for _, id := range b.Policy.Trustees {
		if p, ok := c.st.people.get(id); !ok || !p.active() {
			return reject("policy: a trustee is not an active person")
		}
	}
	c.writePolicy(b.Policy)
	return nil
}
