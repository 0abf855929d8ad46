package calls

import (
	"context"

	"parvis/app/workspace"
	"parvis/crdt/call"
	"parvis/crdt/seal"
)

// Log is where records are written and read again.
type Log interface {
	ID() seal.ID
	Self() (person, device seal.ID)
	// Append writes one envelope; compose runs inside the write transaction.
	Append(ctx context.Context, space seal.SpaceID, kind workspace.Kind, compose func(ctx context.Context) (workspace.Draft, error)) (workspace.Opened, error)
	Reopen(ctx context.Context, id seal.ID) (workspace.Opened, error)
}

// Circle is who may take part where.
type Circle interface {
	// MayJoin reports whether a device may take part in the calls of a space.
	MayJoin(space seal.SpaceID, device seal.ID) bool
	// PersonOf is the person that a device belongs to.
	PersonOf(device seal.ID) (seal.ID, bool)
	// PeerOf is the key of a device's host.
	PeerOf(device seal.ID) (seal.ID, bool)
	// Direct reports whether a space is that of a direct conversation.
	Direct(space seal.SpaceID) bool
	// Own is the space that only the own person's devices read; none for a person
	// who never had a second one.
	Own() (seal.SpaceID, bool)
}

// Live carries hints that nobody stores, and has the keys of calls.
type Live interface {
	SendLive(space seal.SpaceID, kind workspace.Kind, body []byte) error
	OnLive(kind workspace.Kind, listener func(space seal.SpaceID, device seal.ID, body []byte))
	// SealSignal signs a signal as this device.
	SealSignal(s call.Signal) ([]byte, error)
	// CallSecrets is what the keys of a call's frames are made of, the one to seal with
	// first.
	CallSecrets(space seal.SpaceID, id call.ID) []seal.Key
}

// Team is the workspace as calls need it.
type Team interface {
	Log
	Circle
	Wardens
	Live
}

// Names knows how people are called.
type Names interface {
	Name(ws, person seal.ID) string
}

// Channels knows the conversations that calls belong to.
type Channels interface {
	// SpaceOf is the space of a channel.
	SpaceOf(ctx context.Context, ws seal.ID, channel ChannelID) (space seal.SpaceID, found bool, err error)
}

// Post brings signals to devices.
type Post interface {
	// Deliver brings one signal to a device's host and waits until it was handled
	// there. It is [ErrRefused] when the device does not take it.
	Deliver(ctx context.Context, peer seal.ID, signal []byte) error
}
