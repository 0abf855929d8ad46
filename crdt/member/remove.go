package member

import (
	"slices"

	"parvis/crdt/seal"
)

// maxFences bounds the fences inside one entry; more go into a blob.
const maxFences = 1000

// Fence is the last envelope of a device in a space that a remover had. What
// the device wrote beyond it is hidden (protocol 2.6).
type Fence struct {
	_     struct{} `cbor:",toarray"`
	Space seal.SpaceID
	Seq   uint64
	ID    seal.ID
}

// DeviceFences are the fences of one device, by space.
type DeviceFences struct {
	_      struct{} `cbor:",toarray"`
	Device seal.ID
	Fences []Fence
}

// fencesShape requires sorted fences, and at most maxFences together.
func fencesShape(all []DeviceFences) error {
	count := 0
	for _, d := range all {
		count += len(d.Fences)
	}
	if count > maxFences || len(all) > maxFences {
		return reject("fences: too many")
	}
	return orderedFences(all)
}

func orderedFences(all []DeviceFences) error {
	for i, d := range all {
		if i > 0 && all[i-1].Device.Compare(d.Device) >= 0 {
			return reject("fences: devices not sorted")
		}
		for j, f := range d.Fences {
			if j > 0 && d.Fences[j-1].Space.Compare(f.Space) >= 0 {
				return reject("fences: spaces not sorted")
			}
			if f.Seq == 0 || f.ID.IsZero() {
				return reject("fences: bad place")
			}
		}
	}
	return nil
}

// removal is what a removal entry says about fences: of one device, or of all
// devices of a person.
type removal struct {
	entry  seal.ID
	person seal.ID // zero: device only
	device seal.ID
	fences []DeviceFences
	blob   *seal.ID
	left   bool // its author knew that the person had left
}

// cutRec is one removal as it concerns one device or person.
type cutRec struct {
	entry  seal.ID
	fences []DeviceFences
	blob   *seal.ID
	left   bool
}

func (s *State) addCut(r *removal) {
	cut := cutRec{r.entry, r.fences, r.blob, r.left}
	insert := func(cuts []cutRec) []cutRec {
		at, _ := slices.BinarySearchFunc(cuts, cut, func(a, b cutRec) int { return a.entry.Compare(b.entry) })
		return slices.Insert(slices.Clone(cuts), at, cut)
	}
	if r.person.IsZero() {
		s.editDevice(r.device, func(d *deviceRec) { d.cuts = insert(d.cuts) })
		return
	}
	s.editPerson(r.person, func(p *personRec) { p.cuts = insert(p.cuts) })
}

// Cut says what stays of the envelopes of a device that was removed: those up to
// one of the fences, following the chain back from the fence's envelope. Several
// concurrent removals give the union.
type Cut struct {
	Entries []seal.ID // the removals
	Fences  []Fence
	Blobs   []seal.ID // more fences, in blobs named by their hash
}

// Cut returns the fences of a device that was removed alone or with its person,
// or whose admission turned out void: then without any fence. It returns false
// for devices in good standing and for those of persons who left.
func (s *State) Cut(dev seal.ID) (Cut, bool) {
	d, ok := s.devices.get(dev)
	if !ok {
		_, out := s.outcasts.get(dev)
		return Cut{}, out
	}
	cuts := slices.Clone(d.cuts)
	if p, ok := s.people.get(d.person); ok && p.status == Removed {
		cuts = append(cuts, p.cuts...)
	}
	var cut Cut
	for _, c := range cuts {
		cut.Entries = append(cut.Entries, c.entry)
		if c.blob != nil {
			cut.Blobs = append(cut.Blobs, *c.blob)
		}
		for _, f := range c.fences {
			if f.Device == dev {
				cut.Fences = append(cut.Fences, f.Fences...)
			}
		}
	}
	return cut, len(cuts) > 0
}

// DeviceRemoveBody removes a device for good. Its keys never come back.
type DeviceRemoveBody struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Device seal.ID
	Fences []Fence
	Blob   *seal.ID // hash of a blob with further fences
}

// Encode writes the body.
func (b DeviceRemoveBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodeDeviceRemove reads the body of a DeviceRemove entry.
func DecodeDeviceRemove(raw []byte) (DeviceRemoveBody, error) {
	return decodeBody[DeviceRemoveBody](raw)
}

func (b DeviceRemoveBody) shape() error {
	return fencesShape([]DeviceFences{{Device: b.Device, Fences: b.Fences}})
}

func (b DeviceRemoveBody) check(c *check) error {
	d, ok := c.st.devices.get(b.Device)
	if !ok || d.recovery {
		return reject("device: unknown")
	}
	if d.removed {
		return reject("device: removed already")
	}
	owner, err := c.target(d.person)
	if err != nil {
		return err
	}
	if owner.id != c.person.id {
		if err := c.removes(owner); err != nil {
			return err
		}
	}
	c.rec.revoke = &revocation{device: b.Device}
	c.rec.added.cut = &removal{
		entry: c.e.ID, device: b.Device, fences: []DeviceFences{{Device: b.Device, Fences: b.Fences}}, blob: b.Blob,
	}
	c.write(regDeviceRemoved, b.Device, seal.ID{}, 0, func(s *State) {
		s.editDevice(b.Device, func(d *deviceRec) { d.removed = true })
	})
	return nil
}

// removes requires an owner or admin who outranks a person (rule M19).
func (c *check) removes(p *personRec) error {
	c.needRole(RoleAdmin)
	if err := c.over(p.station()); err != nil {
		return err
	}
	if c.person.role > RoleAdmin {
		return reject("authority: needs a higher role")
	}
	return nil
}

// The reasons of a [PersonRemoveBody], which change nothing of what it does.
const (
	ReasonNone = 0 // none was given
	ReasonLeft = 1 // the person left before
	ReasonLost = 2 // devices were lost, or taken over
)

// PersonRemoveBody removes a person, all devices included. Reason is a code for
// the screen.
type PersonRemoveBody struct {
	_      struct{} `cbor:",toarray"`
	V      uint
	Person seal.ID
	Fences []DeviceFences
	Blob   *seal.ID // hash of a blob with further fences
	Reason uint
}

// Encode writes the body.
func (b PersonRemoveBody) Encode() ([]byte, error) {
	b.V = 1
	return encodeBody(b)
}

// DecodePersonRemove reads the body of a PersonRemove entry.
func DecodePersonRemove(raw []byte) (PersonRemoveBody, error) {
	return decodeBody[PersonRemoveBody](raw)
}

func (b PersonRemoveBody) shape() error { return fencesShape(b.Fences) }

func (b PersonRemoveBody) check(c *check) error {
	p, err := c.target(b.Person)
	if err != nil {
		return err
	}
	if p.status == Removed {
		return reject("person: removed already")
	}
	if err := c.removes(p); err != nil {
		return err
	}
	for _, f := range b.Fences {
		if !slices.Contains(p.devices, f.Device) {
			return reject("fences: not a device of the person")
		}
	}
	c.rec.revoke = &revocation{person: b.Person}
	c.rec.added.cut = &removal{entry: c.e.ID, person: b.Person, fences: b.Fences, blob: b.Blob, left: p.status == Left}
	c.setRole(b.Person, p.role, p.ownerRank, Removed)
	return nil
}
