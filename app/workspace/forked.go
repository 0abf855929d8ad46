package workspace

import (
	"context"
	"strings"

	"parvis/crdt/feed"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// secretForked names the devices that wrote two envelopes for one place of a chain: it is
// kept, because nobody could tell it of the one envelope that is shown later.
const secretForked = "forked/"

type storedFork struct {
	_        struct{} `cbor:",toarray"`
	V        uint
	Envelope seal.ID // the one that came second here
	AtMs     int64   // when it came
}

// noteFork keeps that an envelope stands in the place of another one of its device.
func (w *Workspace) noteFork(ctx context.Context, env *feed.Envelope, after *afterCommit) error {
	raw, err := seal.Encode(storedFork{V: 1, Envelope: env.ID, AtMs: w.now().UnixMilli()})
	if err != nil {
		return err
	}
	w.tellFork(env.Header.Dev, after)
	return w.storage.PutSecret(ctx, w.id, secretForked+env.Header.Dev.String(), raw)
}

// tellFork says that a device wrote two things in one place: it is a matter from now on.
func (w *Workspace) tellFork(device seal.ID, after *afterCommit) {
	after.add(func() {
		w.logger.Warn("a device wrote two different things in one place", "workspace", w.id.Short(), "device", device.Short())
		w.events.Members.Publish(MembersChanged{Workspace: w.id})
	})
}

// forkedChains are the matters of devices whose chains fork, without those that are listed
// by an entry of the log.
func (w *Workspace) forkedChains(ctx context.Context, listed []Matter) (all []Matter, err error) {
	known := map[seal.ID]bool{}
	for _, one := range listed {
		known[one.Device] = one.Kind == MatterFork || known[one.Device]
	}
	stored, err := w.storage.Secrets(ctx, w.id, secretForked)
	if err != nil {
		return nil, err
	}
	st := w.State()
	for name, raw := range stored {
		id, err := seal.ParseID(strings.TrimPrefix(name, secretForked))
		if err != nil || known[id] {
			continue
		}
		fork, err := seal.Decode[storedFork](raw)
		device, there := st.Device(id)
		if err != nil || fork.V != 1 || !there || !device.Active {
			continue
		}
		all = append(all, forkOf(st, device, w.self.person, Matter{ID: fork.Envelope, AtMs: fork.AtMs}))
	}
	return all, nil
}

// forkOf is a matter about a device that wrote two things in one place.
func forkOf(st *member.State, device member.Device, self seal.ID, one Matter) Matter {
	one.Kind, one.By, one.Person, one.Device, one.Number = MatterFork, device.Person, device.Person, device.ID, device.Idx+1
	one.Decide = device.Person == self || st.MayRemove(self, device.Person)
	return one
}
