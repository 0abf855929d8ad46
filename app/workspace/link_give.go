package workspace

import (
	"context"
	"fmt"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// deviceList names the workspaces that a new device is given.
type deviceList struct {
	_          struct{} `cbor:",toarray"`
	V          uint
	Workspaces []seal.ID
}

// deviceOffer is what a new device makes its record from.
type deviceOffer struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Genesis []byte // of the person
	Idx     int    // the number of the new device
}

// Bounds of what a new device is given of a workspace beside the log.
const (
	maxGivenSecrets = 10_000
	maxGivenWraps   = 16 << 20
)

// listForDevice is the answer to the question what there is to take.
func (m *Manager) listForDevice() (Welcome, error) {
	list := deviceList{V: 1}
	for _, w := range m.linkable() {
		list.Workspaces = append(list.Workspaces, w.id)
	}
	raw, err := seal.Encode(list)
	return Welcome{Grant: raw}, err
}

// giveWorkspace adds a device to the own person in one workspace and gives it the
// log and the keys.
func (m *Manager) giveWorkspace(ctx context.Context, o *offer, s storedOffer, request member.DeviceRequest, talk Talk) (Welcome, error) {
	w, err := m.Get(request.WS)
	if err != nil || !slices.Contains(m.linkable(), w) || talk == nil {
		return Welcome{}, &Refusal{RefusedRules}
	}
	genesis, _, err := w.storage.Secret(ctx, w.id, secretSelf)
	if err != nil {
		return Welcome{}, err
	}
	idx, known, err := w.deviceNumber(request.Device)
	if err != nil {
		return Welcome{}, err
	}
	raw, err := seal.Encode(deviceOffer{V: 1, WS: w.id, Genesis: genesis, Idx: idx})
	if err != nil {
		return Welcome{}, err
	}
	if err := talk.Send(ctx, raw); err != nil {
		return Welcome{}, err
	}
	record, err := talk.Receive(ctx)
	if err != nil {
		return Welcome{}, err
	}
	parsed, err := member.ParseDeviceRecord(record, w.self.person)
	if err != nil || parsed.SignPK != request.Device || parsed.PeerPK != s.Peer {
		return Welcome{}, fmt.Errorf("%w: the record of another device: %w", ErrBad, err)
	}
	if !known {
		if parsed.Idx != idx {
			return Welcome{}, &Refusal{RefusedWait} // another device was added meanwhile
		}
		if err := w.addDevice(ctx, record, func() error { return m.mayAdd(o, request.Device) }); err != nil {
			return Welcome{}, err
		}
	}
	if err := m.mayAdd(o, request.Device); err != nil {
		return Welcome{}, err
	}
	welcome, err := w.welcomeDevice(ctx, request.Device)
	if err != nil {
		return Welcome{}, err
	}
	welcome.Addrs = m.addressBook(ctx, w)
	m.tellGiven(o, s)
	return welcome, nil
}

// mayAdd refuses a device whose offer is over, or that was removed meanwhile.
func (m *Manager) mayAdd(o *offer, device seal.ID) error {
	switch {
	case !m.shows(o):
		return &Refusal{RefusedExpired}
	case m.castOut(device, func(w *Workspace) *member.State { return w.members.pending() }):
		return &Refusal{RefusedRules}
	}
	return nil
}

// tellGiven counts the workspaces that the new device is in.
func (m *Manager) tellGiven(o *offer, s storedOffer) {
	l := Linking{State: LinkCopying, Expires: s.Expires, Device: s.Device}
	for _, w := range m.linkable() {
		l.Total++
		if device, ok := w.State().Device(s.Device); ok && device.Active {
			l.Done++
		}
	}
	m.tellOffer(o, l)
}

// deviceNumber is the number that a new device gets in the person, or the one that it
// has already.
func (w *Workspace) deviceNumber(device seal.ID) (idx int, known bool, err error) {
	st := w.State()
	if d, ok := st.Device(device); ok {
		if d.Person != w.self.person || !d.Active {
			return 0, true, &Refusal{RefusedRules} // it is somebody else's there, or was removed
		}
		return d.Idx, true, nil
	}
	person, _ := st.Person(w.self.person)
	for _, id := range person.Devices {
		if d, ok := st.Device(id); ok {
			idx = max(idx, d.Idx)
		}
	}
	return idx + 1, false, nil
}

// addDevice posts the entry that adds a device to the own person, if it may still be
// added then: nothing else is written in between.
func (w *Workspace) addDevice(ctx context.Context, record []byte, may func() error) error {
	body, err := member.DeviceAddBody{Person: w.self.person, Record: record}.Encode()
	if err != nil {
		return err
	}
	err = w.write(ctx, func(ctx context.Context, after *afterCommit) error {
		if err := may(); err != nil {
			return untouched{err}
		}
		_, err := w.members.post(ctx, member.TypeDeviceAdd, body, after)
		return err
	})
	if err != nil {
		return fmt.Errorf("add device: %w", err)
	}
	return nil
}

// welcomeDevice is what a new device of the own person gets: the whole log, the
// newest wraps, and the keys sealed to it.
func (w *Workspace) welcomeDevice(ctx context.Context, device seal.ID) (welcome Welcome, err error) {
	st := w.State()
	to, ok := st.Device(device)
	if !ok {
		return welcome, ErrNotFound
	}
	welcome.Grant, err = member.SealDeviceBox(to.KemPK, w.id, device, w.deviceBox(st))
	if err != nil {
		return welcome, err
	}
	welcome.Entries = w.members.all()
	size := 0
	for _, space := range st.Spaces() {
		epochs := st.Epochs(space.ID)
		if !st.CanRead(space.ID, w.self.device) || len(epochs) == 0 {
			continue
		}
		raw, found, err := w.storage.Blob(ctx, w.id, wrapsName(epochs[len(epochs)-1].WrapsHash))
		if err != nil {
			return welcome, err
		}
		if size += len(raw); found && size <= maxGivenWraps {
			welcome.Blobs = append(welcome.Blobs, append([]byte{blobWraps}, raw...))
		}
	}
	fences, err := w.fenceBlobs(ctx)
	welcome.Blobs = append(welcome.Blobs, fences...)
	return welcome, err
}

// deviceBox holds the log key and the secrets of the spaces that the own person
// reads: the newest of each space first, then older ones as far as there is room.
// What is left out the newer ones lead back to.
func (w *Workspace) deviceBox(st *member.State) member.DeviceBox {
	box := member.DeviceBox{LK: w.keys.log()}
	var older [][]member.EpochSecret // by place in box.Spaces
	given := 0
	for _, space := range st.Spaces() {
		if !st.CanRead(space.ID, w.self.device) || len(box.Spaces) == member.MaxDeviceSpaces {
			continue
		}
		var secrets []member.EpochSecret
		for _, epoch := range slices.Backward(st.Epochs(space.ID)) {
			if secret, have := w.keys.epoch(epoch.ID); have && len(secrets) < member.MaxSpaceSecrets {
				secrets = append(secrets, member.EpochSecret{ID: epoch.ID, Secret: secret})
			}
		}
		if len(secrets) == 0 {
			continue
		}
		box.Spaces = append(box.Spaces, member.SpaceSecrets{Space: space.ID, Epochs: secrets[:1:1]})
		older = append(older, secrets[1:])
		given++
	}
	for i := range box.Spaces {
		n := min(len(older[i]), max(maxGivenSecrets-given, 0))
		box.Spaces[i].Epochs = append(box.Spaces[i].Epochs, older[i][:n]...)
		given += n
	}
	return box
}
