package member

import (
	"fmt"

	"parvis/crdt/seal"
)

// Limits of what is given to a new device (rule M45).
const (
	MaxDeviceBox    = 1 << 20
	MaxDeviceSpaces = 4096
	MaxSpaceSecrets = 4096
)

// DeviceBox is what a person's device gives to another one: the log key and the
// secrets of the spaces that the person reads.
type DeviceBox struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	LK     seal.Key
	Spaces []SpaceSecrets
}

// SpaceSecrets are the secrets of one space, the newest epoch first.
type SpaceSecrets struct {
	_      struct{} `cbor:",toarray"`
	Space  seal.SpaceID
	Epochs []EpochSecret
}

// EpochSecret is the secret of one epoch.
type EpochSecret struct {
	_      struct{} `cbor:",toarray"`
	ID     seal.ID
	Secret seal.Key
}

func deviceInfo(ws, device seal.ID) []byte {
	return append(append([]byte("parvis1/devicebox"), ws[:]...), device[:]...)
}

// SealDeviceBox encrypts a box to a new device's encryption key.
func SealDeviceBox(kemPK []byte, ws, device seal.ID, box DeviceBox) ([]byte, error) {
	box.V = 1
	plain, err := seal.Encode(box)
	if err != nil {
		return nil, fmt.Errorf("encode device box: %w", err)
	}
	sealed, err := seal.SealTo(kemPK, deviceInfo(ws, device), plain)
	if err != nil {
		return nil, fmt.Errorf("seal device box: %w", err)
	}
	if len(sealed) > MaxDeviceBox {
		return nil, fmt.Errorf("seal device box: %d bytes, at most %d", len(sealed), MaxDeviceBox)
	}
	return sealed, nil
}

// OpenDeviceBox decrypts a box. Its content proves nothing: the caller compares the
// log key with the genesis ([State.LogKeyID]) and every secret with its epoch
// ([CheckSecret]).
func OpenDeviceBox(kem seal.KEMKey, ws, device seal.ID, sealed []byte) (DeviceBox, error) {
	if len(sealed) > MaxDeviceBox {
		return DeviceBox{}, reject("device box: too long")
	}
	plain, err := kem.Open(deviceInfo(ws, device), sealed)
	if err != nil {
		return DeviceBox{}, reject("device box: does not open")
	}
	box, err := decode[DeviceBox](plain, form{"device box", MaxDeviceBox, seal.Reject, seal.Pend})
	if err != nil {
		return DeviceBox{}, err
	}
	if len(box.Spaces) > MaxDeviceSpaces {
		return DeviceBox{}, reject("device box: too many spaces")
	}
	return box, nil
}

// RecordOf finds the record of a device as its person or the log has it: that of the
// person's first device in the genesis, of a later one in the entry that added it.
func (l *Log) RecordOf(device seal.ID, genesis []byte) ([]byte, bool) {
	if g, first, _, err := parsePersonGenesis(genesis); err == nil && first.SignPK == device {
		return g.Device0, true
	}
	for _, id := range l.order {
		e := l.records[id].entry
		if e.Type != TypeDeviceAdd {
			continue
		}
		body, err := DecodeDeviceAdd(e.Body)
		if err != nil {
			continue
		}
		if record, err := seal.Decode[DeviceRecord](body.Record); err == nil && record.SignPK == device {
			return body.Record, true
		}
	}
	return nil, false
}
