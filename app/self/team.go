package self

import (
	"context"

	"parvis/app/workspace"
	"parvis/crdt/seal"
)

// Log is where facts are written and read again.
type Log interface {
	ID() seal.ID
	// Append writes one envelope; compose runs inside the write transaction.
	Append(ctx context.Context, space seal.SpaceID, kind workspace.Kind, compose func(ctx context.Context) (workspace.Draft, error)) (workspace.Opened, error)
	// EachOpened visits what is stored and shown of a kind; it is slow.
	EachOpened(ctx context.Context, kind workspace.Kind, of func(space seal.SpaceID, device seal.ID) bool, visit func(workspace.Opened) error) error
}

// Own is the person's own space and devices.
type Own interface {
	// Home is the person's own space, whether it was made or not.
	Home() seal.SpaceID
	// SelfSpace is Home, made on first use.
	SelfSpace(ctx context.Context) (seal.SpaceID, error)
	// Devices counts the person's devices; 0 while this one is not a member.
	Devices() int
}

// Team is the workspace as shared facts need it.
type Team interface {
	Log
	Own
}

// TeamOf shows a workspace to shared facts.
func TeamOf(w *workspace.Workspace) Team { return team{w} }

type team struct{ *workspace.Workspace }

// Devices implements [Own].
func (t team) Devices() (n int) {
	st := t.State()
	person, own := t.Self()
	if st == nil || !t.Ready() {
		return 0
	}
	if d, ok := st.Device(own); !ok || !d.Active {
		return 0
	}
	p, _ := st.Person(person)
	for _, id := range p.Devices {
		if d, ok := st.Device(id); ok && d.Active {
			n++
		}
	}
	return n
}
