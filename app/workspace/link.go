package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"parvis/app/event"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// How long a link for a device may be opened, and how long the device that was
// compared codes with may fetch what it still lacks (rule K47).
const (
	linkLife = 5 * time.Minute
	pairLife = 24 * time.Hour
)

// What adding a device can come to.
var (
	// ErrLinking reports that this device is being added by another link already.
	ErrLinking = errors.New("this device is being added by another link")
	// ErrNothingToLink reports that this device has no workspace to give.
	ErrNothingToLink = errors.New("there is no workspace on this device yet")
	// ErrLinkOver reports that adding a device was stopped, or its time is over.
	ErrLinkOver = errors.New("adding the device was stopped")
)

// The states of a [Linking].
const (
	LinkOpen    = "open"    // waits for the other device
	LinkCodes   = "codes"   // the codes of both are compared
	LinkCopying = "copying" // workspace by workspace
	LinkDone    = "done"
	LinkFailed  = "failed"
)

// Linking is how far the adding of a device is, on either side.
type Linking struct {
	Link    string // to show; only where it was made
	New     bool   // this device is the one that is added
	State   string
	Expires int64   // Unix milliseconds; until when the link can be opened
	Device  seal.ID // the other one, once codes were compared
	Done    int     // workspaces that arrived, of Total
	Total   int
	Err     error // why it failed, or what could not be added
}

// links is the adding of devices to the own person: one link is open here at most,
// and this device is added by one at most.
type links struct {
	changed event.Topic[Linking]

	keeping sync.Mutex // what is stored of an offer changes together with shown
	telling sync.Mutex // the newest is told last

	mu     sync.Mutex
	shown  *offer  // guarded by mu; the link that was made here
	taking *taking // guarded by mu; the link that was opened here
	last   Linking // guarded by mu
}

// Names of the vault's values; they belong to no workspace.
const (
	secretOffer  = "device-link"   // the link that was made here
	secretTaking = "device-taking" // the link that was opened here

	secretDeviceKEM = "device-kem/" // + workspace: a seed that is not a workspace's yet
)

// OnLinking hears how the adding of a device goes on, until cancel.
func (m *Manager) OnLinking(hear func(Linking)) (cancel func()) {
	return m.links.changed.Subscribe(hear)
}

// Linking is how far the adding of a device is; no state: none was added since the
// start.
func (m *Manager) Linking() Linking {
	m.links.mu.Lock()
	defer m.links.mu.Unlock()
	return m.links.last
}

// tellLinking publishes how far it is.
func (m *Manager) tellLinking(l Linking) {
	m.tellIf(l, func() bool { return true })
}

// tellOffer publishes how far an offer is, unless it is over: what it came to was
// told then.
func (m *Manager) tellOffer(o *offer, l Linking) {
	m.tellIf(l, func() bool { return m.links.shown == o })
}

// tellIf publishes how far it is where that holds; holds is asked under mu.
func (m *Manager) tellIf(l Linking, holds func() bool) {
	m.links.telling.Lock()
	defer m.links.telling.Unlock()
	m.links.mu.Lock()
	told := holds()
	if told {
		m.links.last = l
	}
	m.links.mu.Unlock()
	if told {
		m.links.changed.Publish(l)
	}
}

// linkedPeer reports whether a peer is the other side of a link.
func (m *Manager) linkedPeer(peer seal.ID) bool {
	m.links.mu.Lock()
	defer m.links.mu.Unlock()
	return m.links.taking != nil && m.links.taking.link.Peer.Peer == peer
}

// linkLobby reports whether a new device may knock; once codes were compared with one,
// only that one. A device that was removed somewhere is no new one. The zero peer asks
// about anybody.
func (m *Manager) linkLobby(peer seal.ID) bool {
	o, s := m.offered()
	switch {
	case o == nil, s.Verified > 0 && !peer.IsZero() && s.Peer != peer:
		return false
	case peer.IsZero():
		return true
	}
	return !slices.ContainsFunc(m.List(), func(w *Workspace) bool {
		st := w.State()
		device, known := st.DeviceByPeer(peer)
		return known && w.castOut(st, device.ID)
	})
}

// CancelLink ends the adding of a device, on either side. What was added stays.
func (m *Manager) CancelLink(ctx context.Context) error {
	m.links.mu.Lock()
	shown, taking := m.links.shown, m.links.taking
	m.links.mu.Unlock()
	if shown != nil {
		return m.endOffer(ctx, shown, Linking{State: LinkFailed, Err: ErrLinkOver})
	}
	if taking == nil {
		return nil
	}
	taking.cancel()
	select {
	case <-taking.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// openLinks reads the links of the last run.
func (m *Manager) openLinks(ctx context.Context) error {
	if raw, found, err := m.Storage.Secret(ctx, seal.ID{}, secretOffer); err != nil {
		return err
	} else if found {
		stored, err := seal.Decode[storedOffer](raw)
		if err == nil && m.Now().UnixMilli() <= stored.until() {
			m.reopenOffer(stored)
		}
	}
	raw, found, err := m.Storage.Secret(ctx, seal.ID{}, secretTaking)
	if err != nil || !found {
		return err
	}
	stored, err := seal.Decode[storedTaking](raw)
	if err != nil {
		return nil // a newer version wrote it: the link is opened again
	}
	link, err := member.ParseDeviceLink(stored.Link)
	if err != nil {
		return nil
	}
	m.links.taking = m.newTaking(link, stored)
	return nil
}

// startLinks goes on with the links of the last run.
func (m *Manager) startLinks() {
	m.links.mu.Lock()
	shown, taking := m.links.shown, m.links.taking
	m.links.mu.Unlock()
	if shown != nil {
		m.wg.Go(func() { m.watchOffer(shown) })
	}
	if taking != nil {
		m.wg.Go(func() { m.runTaking(taking) })
	}
}

// putNodeSecret keeps a value that belongs to no workspace.
func (m *Manager) putNodeSecret(ctx context.Context, name string, value any) error {
	raw, err := seal.Encode(value)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return m.Storage.Write(ctx, func(ctx context.Context) error {
		return m.Storage.PutSecret(ctx, seal.ID{}, name, raw)
	})
}

func (m *Manager) dropNodeSecret(ctx context.Context, name string) error {
	return m.Storage.Write(ctx, func(ctx context.Context) error {
		return m.Storage.DeleteSecret(ctx, seal.ID{}, name)
	})
}
