package workspace

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// kemMaxAge is how old the encryption key of a device gets (rule K67).
const kemMaxAge = 30 * 24 * time.Hour

// renewKEM gives this device a new encryption key once a month. What was copied from it
// before opens no epoch that is made afterwards.
func (w *Workspace) renewKEM(ctx context.Context) error {
	device, ok := w.State().Device(w.self.device)
	if !ok || !device.Active || w.now().Sub(time.UnixMilli(device.KemMs)) < kemMaxAge {
		return nil
	}
	return w.act(ctx, "renew the encryption key", func(ctx context.Context, st *member.State, after *afterCommit) error {
		device, ok := st.Device(w.self.device)
		if !ok || !device.Active || w.now().Sub(time.UnixMilli(device.KemMs)) < kemMaxAge {
			return nil
		}
		key, err := w.keys.addKEM(ctx, device.KemGen+1, [32]byte(seal.Random(32)))
		if err != nil {
			return err
		}
		if err := w.keys.dropKEM(ctx, device.KemGen); err != nil {
			return err
		}
		return w.postBody(ctx, member.TypeKemUpdate, member.KemUpdateBody{KEMPK: key.Public(), KEMGen: device.KemGen + 1}.Encode, after)
	})
}

// dropKEM deletes the encryption keys before a generation, which were replaced a month ago at
// least: every space has rotated since.
func (k *keyring) dropKEM(ctx context.Context, before uint32) error {
	k.mu.Lock()
	var old []uint32
	for gen := range k.kem {
		if gen < before {
			old = append(old, gen)
		}
	}
	k.mu.Unlock()
	for _, gen := range old {
		if err := k.w.storage.DeleteSecret(ctx, k.w.id, secretKEM+strconv.FormatUint(uint64(gen), 10)); err != nil {
			return err
		}
		k.mu.Lock()
		delete(k.kem, gen)
		k.mu.Unlock()
	}
	return nil
}

// seeOff removes for good who left (rule K66): the active device with the lowest id among
// those that may does it, and another one when that one is not connected.
func (w *Workspace) seeOff(ctx context.Context) error {
	st := w.State()
	for _, p := range st.Persons() {
		if p.Status != member.Left || !st.MayRemove(w.self.person, p.ID) || !w.firstAbove(st, p.ID) {
			continue
		}
		if err := w.RemovePerson(ctx, p.ID, member.ReasonLeft); err != nil {
			return fmt.Errorf("see off: %w", err)
		}
	}
	return nil
}

// firstAbove reports whether this device has the lowest id of those that are here and
// may remove a person.
func (w *Workspace) firstAbove(st *member.State, person seal.ID) bool {
	devices := slices.DeleteFunc(st.ActiveDevices(), func(d member.Device) bool {
		return d.ID != w.self.device && !w.Online(d.ID) || !st.MayRemove(d.Person, person)
	})
	first := slices.MinFunc(devices, func(a, b member.Device) int { return a.ID.Compare(b.ID) })
	return first.ID == w.self.device
}
