package member

import "parvis/crdt/seal"

// First is the record of the person's first device. The genesis was parsed, so
// the record is valid.
func (g PersonGenesis) First() (DeviceRecord, error) { return seal.Decode[DeviceRecord](g.Device0) }
