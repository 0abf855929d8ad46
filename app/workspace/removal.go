package workspace

import (
	"context"
	"errors"
	"fmt"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// Removal says how this device came to be out of a workspace; empty: it is in.
type Removal string

// The ways out of a workspace.
const (
	RemovedDevice    Removal = "device"    // this device alone was removed
	RemovedPerson    Removal = "person"    // its person was removed, with all devices
	RemovedLeft      Removal = "left"      // its person left
	RemovedSuspended Removal = "suspended" // its person came with an invitation that was used too often
)

// Removal says whether and how this device is out of the workspace, and which person
// removed it; the zero id: nobody did, or it is not known.
func (w *Workspace) Removal() (how Removal, by seal.ID) {
	st := w.State()
	if st == nil || !w.Ready() {
		return "", seal.ID{}
	}
	if device, ok := st.Device(w.self.device); ok && device.Active {
		return "", seal.ID{}
	}
	person, _ := st.Person(w.self.person)
	if person.Quit {
		return RemovedLeft, seal.ID{}
	}
	switch person.Status {
	case member.Suspended:
		return RemovedSuspended, seal.ID{}
	case member.Removed:
		return RemovedPerson, w.remover(st, member.TypePersonRemove)
	}
	return RemovedDevice, w.remover(st, member.TypeDeviceRemove)
}

// Shows reports whether what is here of a space is shown: of one that this device may
// read, and, once it is out for good, of one that it could read until then.
func (w *Workspace) Shows(space seal.SpaceID) bool {
	st := w.State()
	if st == nil {
		return false
	}
	return st.CanRead(space, w.self.device) || w.Out() && st.CouldRead(space, w.self.device)
}

// RemovedMs is when this device went out of the workspace, by the clock of whoever wrote
// that: a label, in Unix milliseconds. 0: it is in, or nobody wrote it.
func (w *Workspace) RemovedMs() int64 {
	how, _ := w.Removal()
	st := w.State()
	if how == RemovedLeft {
		return w.members.leftMs(st, w.self.person)
	}
	if how != RemovedPerson && how != RemovedDevice {
		return 0
	}
	cut, _ := st.Cut(w.self.device)
	for _, id := range cut.Entries {
		if entry := w.members.entry(id); entry != nil {
			return entry.HintMs
		}
	}
	return 0
}

// leftMs is when a person said that it left.
func (m *membership) leftMs(st *member.State, person seal.ID) int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.leaves(st, m.log.Order()[:m.committed], person) {
		return m.log.Entry(id).HintMs
	}
	return 0
}

// ErrStillIn reports that a workspace cannot be forgotten while this device is in it.
var ErrStillIn = errors.New("this device is in the workspace: leave it first")

// Forget deletes from this device all that is here of a workspace that it is out of for
// good. Nobody else hears of it.
func (m *Manager) Forget(ctx context.Context, id seal.ID) error {
	w, err := m.Get(id)
	if err != nil {
		return err
	}
	if !w.Out() {
		return ErrStillIn
	}
	m.remove(w)
	w.detach()
	if err := m.Storage.Write(ctx, func(ctx context.Context) error { return m.Storage.RemoveWorkspace(ctx, id) }); err != nil {
		m.put(w) // still there: it can be asked for again
		return fmt.Errorf("forget workspace %s: %w", id.Short(), err)
	}
	m.staff()
	m.network.Recheck()
	m.Events.State.Publish(StateChanged{Workspace: id})
	return nil
}

// Out reports whether this device is out of the workspace for good.
func (w *Workspace) Out() bool {
	how, _ := w.Removal()
	return how != "" && how != RemovedSuspended
}

// remover is the person behind an entry of a type that removed this device.
func (w *Workspace) remover(st *member.State, by member.Type) seal.ID {
	cut, _ := st.Cut(w.self.device)
	for _, id := range cut.Entries {
		if entry := w.members.entry(id); entry != nil && entry.Type == by {
			device, _ := st.Device(entry.Dev)
			return device.Person
		}
	}
	return seal.ID{}
}
