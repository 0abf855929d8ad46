package workspace

import (
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
