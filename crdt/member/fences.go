package member

import (
	"slices"

	"parvis/crdt/seal"
)

// MaxFencesBlob is the size limit of a blob of fences in bytes.
const MaxFencesBlob = 256 << 10

// Bounds of what a blob holds: the spaces of one device, as every list, and the bytes
// that a fence, a device and the rest take at most.
const (
	maxBlobSpaces = 4096
	fenceBytes    = 1 + 17 + 9 + 34
	deviceBytes   = 1 + 34 + 3
	blobBytes     = 1 + 1 + 3
)

// fencesBlob holds the fences that do not fit into a removal (rule M43).
type fencesBlob struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	Devices []DeviceFences
}

// SplitFences sorts fences and says which of them stand in the removal itself. The
// others come back as a blob for its side and the hash that names it; without others
// there is none. What has no room in either is left out, from the end of what is given:
// whoever removes a device gives what matters most first.
func SplitFences(all []DeviceFences) (inline []DeviceFences, blob []byte, name *seal.ID, err error) {
	all = withRoom(all)
	sorted := make([]DeviceFences, 0, len(all))
	for _, d := range all {
		if len(d.Fences) > 0 {
			fences := slices.SortedFunc(slices.Values(d.Fences), func(a, b Fence) int { return a.Space.Compare(b.Space) })
			sorted = append(sorted, DeviceFences{Device: d.Device, Fences: fences})
		}
	}
	slices.SortFunc(sorted, func(a, b DeviceFences) int { return a.Device.Compare(b.Device) })
	var rest []DeviceFences
	room := maxFences
	for _, d := range sorted {
		n := min(len(d.Fences), room)
		if n > 0 {
			inline = append(inline, DeviceFences{Device: d.Device, Fences: d.Fences[:n]})
		}
		if n < len(d.Fences) {
			rest = append(rest, DeviceFences{Device: d.Device, Fences: d.Fences[n:]})
		}
		room -= n
	}
	if len(rest) == 0 {
		return inline, nil, nil, nil
	}
	if blob, err = seal.Encode(fencesBlob{V: 1, Devices: rest}); err != nil {
		return nil, nil, nil, err
	}
	id := FencesHash(blob)
	return inline, blob, &id, nil
}

// withRoom leaves out the fences that neither a removal nor its blob can hold.
func withRoom(all []DeviceFences) (kept []DeviceFences) {
	all = all[:min(len(all), maxFences)]
	room := maxFences + min(maxBlobSpaces, (MaxFencesBlob-blobBytes-len(all)*deviceBytes)/fenceBytes)
	for _, d := range all {
		n := min(len(d.Fences), room)
		kept = append(kept, DeviceFences{Device: d.Device, Fences: d.Fences[:n]})
		room -= n
	}
	return kept
}

// FencesHash names a blob of fences.
func FencesHash(blob []byte) seal.ID { return seal.Sum(blob) }

// ParseFences reads a blob of fences.
func ParseFences(raw []byte) ([]DeviceFences, error) {
	blob, err := decode[fencesBlob](raw, form{"fences", MaxFencesBlob, seal.Reject, seal.Pend})
	if err != nil {
		return nil, err
	}
	if err := orderedFences(blob.Devices); err != nil {
		return nil, err
	}
	return blob.Devices, nil
}

// CutDevices lists the devices that have a [State.Cut], by id.
func (s *State) CutDevices() []seal.ID {
	var ids []seal.ID
	s.devices.each(func(id seal.ID, d *deviceRec) {
		if d.recovery {
			return
		}
		p, ok := s.people.get(d.person)
		if len(d.cuts) > 0 || ok && p.status == Removed && len(p.cuts) > 0 {
			ids = append(ids, id)
		}
	})
	s.outcasts.each(func(id seal.ID, _ struct{}) {
		if _, known := s.devices.get(id); !known {
			ids = append(ids, id)
		}
	})
	slices.SortFunc(ids, seal.ID.Compare)
	return ids
}
