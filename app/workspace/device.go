package workspace

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// ErrThisDevice reports that a device was asked to remove itself.
var ErrThisDevice = errors.New("a device cannot remove itself")

// ErrGone reports a device that was removed before.
var ErrGone = errors.New("this device is removed already")

// RemoveDevice removes a device for good (rule K45): in one transaction the removal
// with the fences of what this device has, and new epochs for all spaces that the
// device could read and this one may write in.
func (w *Workspace) RemoveDevice(ctx context.Context, device seal.ID) error {
	if device == w.self.device {
		return ErrThisDevice
	}
	return w.act(ctx, "remove device "+device.Short(), func(ctx context.Context, st *member.State, after *afterCommit) error {
		switch d, ok := st.Device(device); {
		case !ok:
			return untouched{fmt.Errorf("device %s: %w", device.Short(), ErrNotFound)}
		case !d.Active:
			return untouched{ErrGone}
		}
		fences, err := w.fencesFor(ctx, st, device)
		if err != nil {
			return err
		}
		if err := w.postDeviceRemoval(ctx, device, fences, after); err != nil {
			return err
		}
		return w.rotateAll(ctx, after)
	})
}

// fencesFor is how far this device has the chains of another one: to the last
// envelope that is stored. What damage took from before it was acknowledged and comes
// back from others; it stays too.
func (w *Workspace) fencesFor(ctx context.Context, st *member.State, device seal.ID) ([]member.Fence, error) {
	tails, err := w.storage.Tails(ctx, w.id)
	if err != nil {
		return nil, err
	}
	var fences []member.Fence
	for _, t := range tails {
		if t.Device != device || !st.CanRead(t.Space, w.self.device) {
			continue
		}
		end, err := w.feeds.lastStored(ctx, t)
		if err != nil {
			return nil, err
		}
		if end.Seq > 0 {
			fences = append(fences, member.Fence{Space: t.Space, Seq: end.Seq, ID: end.ID})
		}
	}
	main := st.MainSpace()
	slices.SortFunc(fences, func(a, b member.Fence) int { // where most was written first: there may not be room for all
		switch {
		case a.Space == b.Space:
			return 0
		case a.Space == main:
			return -1
		case b.Space == main:
			return 1
		}
		return cmp.Compare(b.Seq, a.Seq)
	})
	return fences, nil
}

// postRemoval posts the removal that encode makes of fences and the name of a blob with
// more of them; nil: there is none.
func (w *Workspace) postRemoval(ctx context.Context, typ member.Type, all []member.DeviceFences, encode func([]member.DeviceFences, *seal.ID) ([]byte, error), after *afterCommit) error {
	inline, blob, name, err := member.SplitFences(all)
	if err != nil {
		return err
	}
	if name != nil {
		if err := w.storage.PutBlob(ctx, w.id, *name, blob); err != nil {
			return err
		}
	}
	raw, err := encode(inline, name)
	if err != nil {
		return err
	}
	_, err = w.members.post(ctx, typ, raw, after)
	return err
}

func (w *Workspace) postDeviceRemoval(ctx context.Context, device seal.ID, fences []member.Fence, after *afterCommit) error {
	all := []member.DeviceFences{{Device: device, Fences: fences}}
	return w.postRemoval(ctx, member.TypeDeviceRemove, all, func(inline []member.DeviceFences, blob *seal.ID) ([]byte, error) {
		body := member.DeviceRemoveBody{Device: device, Blob: blob}
		if len(inline) > 0 {
			body.Fences = inline[0].Fences
		}
		return body.Encode()
	}, after)
}

// rotateAll gives a new epoch to every space of which a removed device may hold all
// usable ones.
func (w *Workspace) rotateAll(ctx context.Context, after *afterCommit) error {
	for _, space := range w.members.pending().Spaces() {
		st := w.members.pending()
		if !st.CanWrite(space.ID, w.self.device) || len(st.Epochs(space.ID)) == 0 {
			continue
		}
		if _, safe := w.sendable(st, space.ID, func(seal.ID) bool { return true }); safe {
			continue
		}
		if _, err := w.rotate(ctx, space.ID, reasonMembers, after); err != nil {
			return fmt.Errorf("rotate space %s: %w", space.ID.Short(), err)
		}
	}
	return nil
}

// RemoveOwnDevice removes one of the own person's devices from every workspace that
// it is in; a link that adds it ends first. What fails in one workspace is tried again
// when it is called again.
func (m *Manager) RemoveOwnDevice(ctx context.Context, device seal.ID) error {
	found := false
	if o, s := m.offered(); o != nil && s.Device == device {
		if err := m.endOffer(ctx, o, Linking{State: LinkFailed, Err: ErrLinkOver}); err != nil {
			return err
		}
		found = true // perhaps it is in no workspace yet
	}
	var failed []error
	for _, w := range m.List() {
		own, err := w.ownDevice(ctx, device)
		if err != nil {
			failed = append(failed, err)
		}
		if !w.Ready() || !own {
			continue
		}
		found = true
		if err := w.RemoveDevice(ctx, device); err != nil && !errors.Is(err, ErrGone) {
			failed = append(failed, err)
		}
	}
	if !found {
		failed = append(failed, fmt.Errorf("device %s: %w", device.Short(), ErrNotFound))
	}
	return errors.Join(failed...)
}

// ownDevice reports whether a device is or was one of the own person's. It waits for
// what is being written: perhaps that adds the device.
func (w *Workspace) ownDevice(ctx context.Context, device seal.ID) (own bool, err error) {
	err = w.storage.Write(ctx, func(ctx context.Context) error {
		if err := w.members.fresh(ctx); err != nil {
			return err
		}
		d, ok := w.members.pending().Device(device)
		own = ok && d.Person == w.self.person
		return nil
	})
	return own, err
}

// castOut reports whether a device was removed from one of the workspaces, or is
// somebody's who is out of one: it is given nothing more. of is the state to look at.
func (m *Manager) castOut(device seal.ID, of func(*Workspace) *member.State) bool {
	return slices.ContainsFunc(m.List(), func(w *Workspace) bool { return w.castOut(of(w), device) })
}

// castOut is the same for one workspace. That the own person is out of it altogether
// says nothing about the device.
func (w *Workspace) castOut(st *member.State, device seal.ID) bool {
	d, known := st.Device(device)
	cut, out := st.Cut(device)
	if !known || d.Active || d.Person != w.self.person {
		return !known && out || known && !d.Active
	}
	return slices.ContainsFunc(cut.Entries, func(id seal.ID) bool {
		entry := w.members.entry(id)
		return entry != nil && entry.Type == member.TypeDeviceRemove
	})
}

// dropCastOut ends the offer that adds a device which was removed, perhaps on another
// device.
func (m *Manager) dropCastOut(ctx context.Context) {
	o, s := m.offered()
	if o == nil || s.Verified == 0 || !m.castOut(s.Device, (*Workspace).State) {
		return
	}
	if err := m.endOffer(ctx, o, Linking{State: LinkFailed, Err: ErrLinkOver}); err != nil && ctx.Err() == nil {
		m.Logger.Warn("end the link of a removed device", "err", err)
	}
}
