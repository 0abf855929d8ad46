package member

import (
	"fmt"

	"parvis/crdt/seal"
)

// MaxDeviceRecord is the size limit of a device record in bytes.
const MaxDeviceRecord = 2 << 10

// maxDeviceIdx bounds the device numbers of a person (rule M4).
const maxDeviceIdx = 1023

const labelPossession = "parvis1/dev/pop"

// DeviceKeys are the keys that are made on a device and never leave it. The
// application signs with one, the transport with the other, because the
// transport signs bytes that strangers influence (protocol 2.2).
type DeviceKeys struct {
	Sign     seal.SignKey
	PeerSeed [32]byte // of the transport's Ed25519 key
}

// NewDeviceKeys derives the keys of a device from its secret seed.
func NewDeviceKeys(deviceSeed [32]byte) DeviceKeys {
	return DeviceKeys{
		Sign:     seal.NewSignKey(seal.KDF(deviceSeed[:], nil, "parvis1/dev/sign")),
		PeerSeed: seal.KDF(deviceSeed[:], nil, "parvis1/dev/peer"),
	}
}

// PeerPublic returns the transport's public key, from which the PeerID is made.
func (k DeviceKeys) PeerPublic() seal.ID { return seal.NewSignKey(k.PeerSeed).Public() }

// ID returns the DeviceID, the public signing key.
func (k DeviceKeys) ID() seal.ID { return k.Sign.Public() }

// DeviceRecord introduces a device to the log (rule M3). Both signatures prove
// that its maker holds the keys it names.
type DeviceRecord struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	SignPK   seal.ID // the DeviceID
	PeerPK   seal.ID
	KEM      uint
	KEMPK    []byte
	KEMGen   uint32
	Idx      int // number of the device in its person
	Platform uint
	PopSign  []byte
	PopPeer  []byte
}

// possession is what both proofs sign, followed by whom the device belongs to.
type possession struct {
	_        struct{} `cbor:",toarray"`
	SignPK   seal.ID
	PeerPK   seal.ID
	KEM      uint
	KEMPK    []byte
	KEMGen   uint32
	Idx      int
	Platform uint
}

func (r DeviceRecord) proven(owner []byte) ([]byte, error) {
	fields, err := seal.Encode(possession{
		SignPK: r.SignPK, PeerPK: r.PeerPK, KEM: r.KEM, KEMPK: r.KEMPK, KEMGen: r.KEMGen, Idx: r.Idx, Platform: r.Platform,
	})
	if err != nil {
		return nil, fmt.Errorf("encode device record: %w", err)
	}
	return append(fields, owner...), nil
}

// NewDeviceRecord makes the record of an additional device of a person.
func NewDeviceRecord(dev DeviceKeys, kemPub []byte, idx int, platform uint, person seal.ID) (DeviceRecord, []byte, error) {
	return newDeviceRecord(dev, kemPub, idx, platform, person[:])
}

// newDeviceRecord signs for owner: the PersonID, or the nonce of the genesis
// for device 0, whose person has no id before its record is made.
func newDeviceRecord(dev DeviceKeys, kemPub []byte, idx int, platform uint, owner []byte) (DeviceRecord, []byte, error) {
	record := DeviceRecord{
		V: 1, SignPK: dev.ID(), PeerPK: dev.PeerPublic(), KEM: seal.KEMID, KEMPK: kemPub, Idx: idx, Platform: platform,
	}
	proven, err := record.proven(owner)
	if err != nil {
		return DeviceRecord{}, nil, err
	}
	record.PopSign = dev.Sign.Sign(labelPossession, proven)
	record.PopPeer = seal.NewSignKey(dev.PeerSeed).Sign(labelPossession, proven)
	raw, err := seal.Encode(record)
	if err != nil {
		return DeviceRecord{}, nil, fmt.Errorf("encode device record: %w", err)
	}
	return record, raw, nil
}

// ParseDeviceRecord reads the record of an additional device of a person and
// checks everything that does not depend on the log.
func ParseDeviceRecord(raw []byte, person seal.ID) (DeviceRecord, error) {
	return parseDeviceRecord(raw, person[:])
}

func parseDeviceRecord(raw, owner []byte) (DeviceRecord, error) {
	record, err := decode[DeviceRecord](raw, form{"device record", MaxDeviceRecord, seal.Reject, seal.Pend})
	if err != nil {
		return DeviceRecord{}, err
	}
	switch {
	case seal.CheckSignKey(record.SignPK) != nil:
		return DeviceRecord{}, reject("device record: bad signing key")
	case seal.CheckSignKey(record.PeerPK) != nil:
		return DeviceRecord{}, reject("device record: bad peer key")
	case record.SignPK == record.PeerPK:
		return DeviceRecord{}, reject("device record: one key for two purposes")
	case record.KEM != seal.KEMID:
		return DeviceRecord{}, reject("device record: unknown encryption algorithm")
	case seal.CheckKEMKey(record.KEMPK) != nil:
		return DeviceRecord{}, reject("device record: bad encryption key")
	case record.KEMGen != 0:
		return DeviceRecord{}, reject("device record: encryption key is not the first")
	case record.Idx < 0 || record.Idx > maxDeviceIdx:
		return DeviceRecord{}, reject("device record: bad device number")
	}
	proven, err := record.proven(owner)
	if err != nil {
		return DeviceRecord{}, reject("device record: malformed")
	}
	if !seal.Verify(record.SignPK, labelPossession, proven, record.PopSign) {
		return DeviceRecord{}, reject("device record: signing key not proven")
	}
	if !seal.Verify(record.PeerPK, labelPossession, proven, record.PopPeer) {
		return DeviceRecord{}, reject("device record: peer key not proven")
	}
	return record, nil
}
