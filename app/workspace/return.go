package workspace

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// returnLife is how long a device waits for somebody who comes back (rule K71).
const returnLife = 24 * time.Hour

// secretReturnDoor holds until when strangers may come back through this device.
const secretReturnDoor = "return-door"

// returns is how people with a paper key come back, on either side.
type returns struct {
	// Recovery gives the paper key of a person who is made here; nil: there is none.
	// among are the keys of the persons that this device has.
	Recovery func(ctx context.Context, among []seal.ID) (seal.ID, error)

	returnDoors
}

// returnDoors are the workspaces into which people may come back through this device.
type returnDoors struct {
	doorsMu sync.Mutex
	until   map[seal.ID]int64         // guarded by doorsMu; Unix milliseconds, by workspace
	opened  int                       // guarded by doorsMu; that were opened so far
	peers   map[int][]member.LinkPeer // guarded by doorsMu; of the links that are open here
}

// returnBody is what a device that comes back brings: a request of the paper key, or,
// once it is in the log that it has, the entry that added it.
type returnBody struct {
	_       struct{} `cbor:",toarray"`
	V       uint
	WS      seal.ID
	Request []byte
	Entry   []byte
}

// readReturnBody tells a body of a later version, which may have other fields, from a
// bad one.
func readReturnBody(raw []byte) (returnBody, error) {
	if elements, err := seal.Elements(raw); err == nil && len(elements) > 0 {
		if v, err := seal.Decode[uint](elements[0]); err == nil && v > 1 {
			return returnBody{}, &Refusal{RefusedVersion}
		}
	}
	body, err := seal.Decode[returnBody](raw)
	if err == nil && body.V != 1 {
		err = fmt.Errorf("version %d", body.V)
	}
	if err != nil {
		return returnBody{}, fmt.Errorf("%w: a device that comes back: %w", ErrBad, err)
	}
	return body, nil
}

// OfferReturn makes a link through which a person of the workspace comes back who has
// the paper key and no device any more. For a day this device answers strangers.
func (m *Manager) OfferReturn(ctx context.Context, w *Workspace) (member.ReturnLink, error) {
	if own, ok := w.State().Device(w.self.device); !w.Ready() || !ok || !own.Active {
		return member.ReturnLink{}, ErrNotReady
	}
	until := m.Now().Add(returnLife)
	err := m.Storage.Write(ctx, func(ctx context.Context) error {
		return m.Storage.PutSecret(ctx, w.id, secretReturnDoor, uint64Bytes(uint64(until.UnixMilli())))
	})
	if err != nil {
		return member.ReturnLink{}, fmt.Errorf("make a link for coming back: %w", err)
	}
	m.openReturnDoor(w.id, until.UnixMilli())
	m.network.Recheck()
	return member.ReturnLink{
		V: 1, WS: w.id, Expires: uint32(until.Unix()/60) + 1,
		Peers: []member.LinkPeer{{Peer: m.network.Self(), Addrs: m.network.Addrs()}},
	}, nil
}

func (d *returnDoors) openReturnDoor(ws seal.ID, until int64) {
	d.doorsMu.Lock()
	defer d.doorsMu.Unlock()
	if d.until == nil {
		d.until = map[seal.ID]int64{}
	}
	d.until[ws] = until
}

// returnDoor reports whether people may come back into a workspace through this device;
// the zero id asks about any.
func (d *returnDoors) returnDoor(ws seal.ID, nowMs int64) bool {
	d.doorsMu.Lock()
	defer d.doorsMu.Unlock()
	for id, until := range d.until {
		if (ws.IsZero() || id == ws) && nowMs <= until {
			return true
		}
	}
	return false
}

// loadReturnDoor opens the door of the last run.
func (m *Manager) loadReturnDoor(ctx context.Context, w *Workspace) error {
	raw, found, err := m.Storage.Secret(ctx, w.id, secretReturnDoor)
	if err != nil || !found || len(raw) != 8 {
		return err
	}
	var until int64
	for _, b := range raw {
		until = until<<8 | int64(b)
	}
	m.openReturnDoor(w.id, until)
	return nil
}

// AnswerReturn answers a device that comes back: it gives whoever holds the paper key
// of an active person the log, sealed to the device that the key names, or stores the
// entry that adds the device.
func (m *Manager) AnswerReturn(ctx context.Context, from seal.ID, raw []byte) (Welcome, error) {
	body, err := readReturnBody(raw)
	if err != nil {
		return Welcome{}, err
	}
	w, err := m.Get(body.WS)
	if err != nil || !w.Ready() {
		return Welcome{}, &Refusal{RefusedUnknown}
	}
	if own, ok := w.State().Device(w.self.device); !ok || !own.Active {
		return Welcome{}, &Refusal{RefusedUnknown}
	}
	if len(body.Entry) > 0 {
		return Welcome{}, m.takeReturned(ctx, w, from, body.Entry)
	}
	request, err := member.ParseReturnRequest(body.Request)
	if seal.OutcomeOf(err) == seal.Drop {
		return Welcome{}, errors.Join(&Refusal{RefusedVersion}, err)
	}
	if err == nil {
		err = request.Check(m.network.Self(), from)
	}
	if err == nil && request.WS != w.id {
		err = errors.New("a return request for another workspace")
	}
	if err != nil {
		return Welcome{}, fmt.Errorf("%w: %w", ErrBad, err)
	}
	st := w.State()
	if person, ok := st.RecoveryOwner(request.Recovery); !ok || person.Status != member.Active {
		return Welcome{}, &Refusal{RefusedRules}
	}
	if _, known := st.Device(request.Device); known {
		return Welcome{}, &Refusal{RefusedRules} // it is there already, or was removed
	}
	var welcome Welcome
	welcome.Grant, err = member.SealDeviceBox(request.KEMPK, w.id, request.Device, member.DeviceBox{LK: w.keys.log()})
	if err != nil {
		return Welcome{}, err
	}
	welcome.Entries, welcome.Addrs = w.members.all(), m.addressBook(ctx, w)
	welcome.Blobs, err = w.fenceBlobs(ctx)
	return welcome, err
}

// Returned stores the entry that adds a device which was given the log.
func (m *Manager) Returned(ctx context.Context, from seal.ID, sealed []byte) error {
	for _, w := range m.List() {
		if !w.Ready() {
			continue
		}
		if _, err := member.OpenEntry(w.keys.log(), w.id, sealed); err == nil {
			return m.takeReturned(ctx, w, from, sealed)
		}
	}
	return &Refusal{RefusedUnknown}
}

// takeReturned stores the DeviceAdd of a paper key for the device that brings it.
func (m *Manager) takeReturned(ctx context.Context, w *Workspace, from seal.ID, sealed []byte) error {
	entry, err := member.OpenEntry(w.keys.log(), w.id, sealed)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBad, err)
	}
	body, err := member.DecodeDeviceAdd(entry.Body)
	if entry.Type != member.TypeDeviceAdd || err != nil {
		return fmt.Errorf("%w: not a device that comes back: %w", ErrBad, err)
	}
	record, err := member.ParseDeviceRecord(body.Record, body.Person)
	if err != nil || record.PeerPK != from {
		return fmt.Errorf("%w: another device than the one that comes back: %w", ErrBad, err)
	}
	if _, ok := w.State().RecoveryOwner(entry.Dev); !ok {
		return &Refusal{RefusedRules}
	}
	return w.admit(ctx, entry, sealed)
}

// ErrNotYours reports a paper key that belongs to nobody of the workspace, or to
// somebody who was removed.
var ErrNotYours = errors.New("this recovery key belongs to nobody in this workspace")

// ErrOthers reports a paper key that belongs to somebody else of the workspace.
var ErrOthers = errors.New("this recovery key belongs to somebody else")
