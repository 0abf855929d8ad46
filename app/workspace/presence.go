package workspace

import (
	"context"
	"sync"

	"parvis/crdt/seal"
)

// presence knows which devices are connected and when others were last.
type presence struct {
	mu     sync.Mutex
	online map[seal.ID]bool  // guarded by mu
	seen   map[seal.ID]int64 // guarded by mu; Unix milliseconds
}

// Online reports whether a device is connected now; the own one always is.
func (w *Workspace) Online(device seal.ID) bool {
	if device == w.self.device {
		return true
	}
	w.presence.mu.Lock()
	defer w.presence.mu.Unlock()
	return w.presence.online[device]
}

// LastSeen is when a device was last connected, in Unix milliseconds; 0: never.
func (w *Workspace) LastSeen(device seal.ID) int64 {
	w.presence.mu.Lock()
	defer w.presence.mu.Unlock()
	return w.presence.seen[device]
}

func (w *Workspace) loadPresence(ctx context.Context) error {
	seen, err := w.storage.Addrs(ctx, w.id)
	if err != nil {
		return err
	}
	w.presence.mu.Lock()
	defer w.presence.mu.Unlock()
	w.presence.online, w.presence.seen = map[seal.ID]bool{}, map[seal.ID]int64{}
	for device, s := range seen {
		w.presence.seen[device] = s.SeenMs
	}
	return nil
}

// noteContacts stores that the devices which are connected were seen just now, so that the
// time survives the end of the program. All of them cost one write.
func (w *Workspace) noteContacts(ctx context.Context) {
	now := w.now().UnixMilli()
	var devices []seal.ID
	w.presence.mu.Lock()
	for device, online := range w.presence.online {
		if online {
			devices = append(devices, device)
			w.presence.seen[device] = now
		}
	}
	w.presence.mu.Unlock()
	if len(devices) == 0 {
		return
	}
	err := w.storage.Write(ctx, func(ctx context.Context) error {
		for _, device := range devices {
			if err := w.storage.PutAddrs(ctx, w.id, device, nil, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		w.logger.Warn("store last contacts", "workspace", w.id.Short(), "err", err)
	}
}

// peerChanged notes that a peer connected or left, if it is a device of this workspace.
func (w *Workspace) peerChanged(ctx context.Context, peer seal.ID, connected bool, addrs []string) {
	st := w.State()
	if st == nil {
		return
	}
	device, ok := st.DeviceByPeer(peer)
	if !ok || device.ID == w.self.device {
		return
	}
	now := w.now().UnixMilli()
	w.presence.mu.Lock()
	changed := w.presence.online[device.ID] != connected
	w.presence.online[device.ID] = connected
	w.presence.seen[device.ID] = now
	w.presence.mu.Unlock()
	if !changed {
		return
	}
	err := w.storage.Write(ctx, func(ctx context.Context) error {
		return w.storage.PutAddrs(ctx, w.id, device.ID, addrs, now)
	})
	if err != nil {
		w.logger.Warn("store address", "device", device.ID.Short(), "err", err)
	}
	w.events.Presence.Publish(PresenceChanged{Workspace: w.id, Person: device.Person, Device: device.ID, Online: connected})
}
