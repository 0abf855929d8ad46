package member

import "parvis/crdt/seal"

// DeviceAddBody adds a device to the author's person. Record is an encoded
// [DeviceRecord] that was made for that person.
type DeviceAddBody struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Person seal.ID
	Record []byte
}

// Encode writes the body.
func (b DeviceAddBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeDeviceAdd reads the body of a DeviceAdd entry.
func DecodeDeviceAdd(raw []byte) (DeviceAddBody, error) { return decodeBody[DeviceAddBody](raw) }

func (b DeviceAddBody) shape() error {
	_, err := ParseDeviceRecord(b.Record, b.Person)
	return err
}

func (b DeviceAddBody) check(c *check) error {
	record, err := seal.Decode[DeviceRecord](b.Record)
	if err != nil {
		return reject("device record: malformed")
	}
	if b.Person != c.person.id {
		return reject("device: of another person")
	}
	if record.Idx <= c.device.idx {
		return reject("device: number not above that of its sponsor")
	}
	for _, id := range c.person.devices {
		if d, ok := c.st.devices.get(id); ok && d.idx == record.Idx {
			return reject("device: number is taken")
		}
	}
	if err := c.fresh(record.SignPK, record.PeerPK); err != nil {
		return err
	}
	c.addDevice(c.person.id, record)
	return nil
}

// KemUpdateBody replaces the author device's encryption key.
type KemUpdateBody struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	KEMPK  []byte
	KEMGen uint32
}

// Encode writes the body.
func (b KemUpdateBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeKemUpdate reads the body of a KemUpdate entry.
func DecodeKemUpdate(raw []byte) (KemUpdateBody, error) { return decodeBody[KemUpdateBody](raw) }

func (b KemUpdateBody) shape() error {
	if seal.CheckKEMKey(b.KEMPK) != nil {
		return reject("kem: bad encryption key")
	}
	return nil
}

func (b KemUpdateBody) check(c *check) error {
	if b.KEMGen != c.device.kemGen+1 {
		return reject("kem: wrong generation")
	}
	dev, made := c.device.id, c.e.HintMs
	c.write(regKem, dev, seal.ID{}, int64(b.KEMGen), func(s *State) {
		s.editDevice(dev, func(d *deviceRec) { d.kemPK, d.kemGen, d.kemMs = b.KEMPK, b.KEMGen, made })
	})
	return nil
}

// maxRelays bounds the peers in one RelaySet.
const maxRelays = 16

// RelaySetBody adds and removes super-peers by their peer keys. Both lists are sorted.
type RelaySetBody struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Add    []seal.ID
	Remove []seal.ID
}

// Encode writes the body.
func (b RelaySetBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeRelaySet reads the body of a RelaySet entry.
func DecodeRelaySet(raw []byte) (RelaySetBody, error) { return decodeBody[RelaySetBody](raw) }

func (b RelaySetBody) shape() error {
	switch {
	case len(b.Add)+len(b.Remove) == 0:
		return reject("relays: changes nothing")
	case len(b.Add) > maxRelays || len(b.Remove) > maxRelays:
		return reject("relays: too many")
	case !ascending(b.Add) || !ascending(b.Remove):
		return reject("relays: not sorted")
	}
	for _, peer := range b.Add {
		if seal.CheckSignKey(peer) != nil {
			return reject("relays: bad peer key")
		}
		for _, gone := range b.Remove {
			if gone == peer {
				return reject("relays: added and removed")
			}
		}
	}
	return nil
}

func (b RelaySetBody) check(c *check) error {
	if err := c.require(RoleOwner); err != nil {
		return err
	}
	c.setRelays(b.Add, true)
	c.setRelays(b.Remove, false)
	return nil
}

func (c *check) setRelays(peers []seal.ID, in bool) {
	restrict := int64(1)
	if in {
		restrict = 0
	}
	for _, peer := range peers {
		c.write(regRelay, peer, seal.ID{}, restrict, func(s *State) { s.relays = s.relays.put(peer, in) })
	}
}

// AckBody says only that its author has seen the parents; it joins heads.
type AckBody struct {
	_ struct{} `cbor:",toarray"`
	V uint
}

// Encode writes the body.
func (b AckBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeAck reads the body of an Ack entry.
func DecodeAck(raw []byte) (AckBody, error) { return decodeBody[AckBody](raw) }

func (b AckBody) shape() error { return nil }

func (b AckBody) check(*check) error { return nil }
