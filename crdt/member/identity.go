package member

import (
	"fmt"

	"parvis/crdt/seal"
)

// MaxPersonGenesis is the size limit of a person genesis in bytes.
const MaxPersonGenesis = MaxDeviceRecord + 256

// PersonGenesis begins a person: the first device and, if there is one, the
// paper recovery key. It holds no name (rule M5).
type PersonGenesis struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	Nonce    [16]byte
	Device0  []byte   // an encoded DeviceRecord with number 0
	Recovery *seal.ID // nil: no recovery key
}

// NewPersonGenesis makes a person whose first device has the given keys.
// platform is informational; nonce must be random.
func NewPersonGenesis(dev DeviceKeys, kemPub []byte, platform uint, nonce [16]byte, recovery *seal.ID) (PersonGenesis, []byte, error) {
	_, record, err := newDeviceRecord(dev, kemPub, 0, platform, nonce[:])
	if err != nil {
		return PersonGenesis{}, nil, err
	}
	genesis := PersonGenesis{V: 1, Nonce: nonce, Device0: record, Recovery: recovery}
	raw, err := seal.Encode(genesis)
	if err != nil {
		return PersonGenesis{}, nil, fmt.Errorf("encode person genesis: %w", err)
	}
	return genesis, raw, nil
}

// ParsePersonGenesis reads and checks a person genesis, both proofs of
// possession included, and returns the PersonID.
func ParsePersonGenesis(raw []byte) (PersonGenesis, seal.ID, error) {
	genesis, _, id, err := parsePersonGenesis(raw)
	return genesis, id, err
}

func parsePersonGenesis(raw []byte) (PersonGenesis, DeviceRecord, seal.ID, error) {
	fail := func(err error) (PersonGenesis, DeviceRecord, seal.ID, error) {
		return PersonGenesis{}, DeviceRecord{}, seal.ID{}, err
	}
	genesis, err := decode[PersonGenesis](raw, form{"person genesis", MaxPersonGenesis, seal.Reject, seal.Pend})
	if err != nil {
		return fail(err)
	}
	record, err := parseDeviceRecord(genesis.Device0, genesis.Nonce[:])
	if err != nil {
		return fail(err)
	}
	if record.Idx != 0 {
		return fail(reject("person genesis: first device is not number 0"))
	}
	if key := genesis.Recovery; key != nil {
		if seal.CheckSignKey(*key) != nil {
			return fail(reject("person genesis: bad recovery key"))
		}
		if *key == record.SignPK || *key == record.PeerPK {
			return fail(reject("person genesis: one key for two purposes"))
		}
	}
	return genesis, record, PersonID(raw), nil
}

// PersonID is the id of the person that the bytes of a person genesis begin.
func PersonID(genesis []byte) seal.ID { return seal.Hash("parvis1/person", genesis) }
