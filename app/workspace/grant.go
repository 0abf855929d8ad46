package workspace

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// maxGrants is how many keys one device is given in an hour (protocol 2.7).
const maxGrants = 60

// grants counts the keys that each device was given.
type grants struct {
	mu    sync.Mutex
	since map[seal.ID]time.Time // guarded by mu
	count map[seal.ID]int       // guarded by mu
}

func (g *grants) allow(device seal.ID, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.since == nil {
		g.since, g.count = map[seal.ID]time.Time{}, map[seal.ID]int{}
	}
	if now.Sub(g.since[device]) > time.Hour {
		g.since[device], g.count[device] = now, 0
	}
	g.count[device]++
	return g.count[device] <= maxGrants
}

// grant answers a KeyRequest of a member's device.
func (w *Workspace) grant(from seal.ID, request member.KeyRequest) ([]byte, error) {
	st := w.State()
	device, ok := st.DeviceByPeer(from)
	if !ok || device.ID != request.Dev || !device.Active || !st.CanRead(request.Space, device.ID) {
		return nil, ErrRefused
	}
	if err := request.Check(st); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	epoch, ok := st.Epoch(request.Space, request.EpochID)
	secret, have := w.keys.epoch(request.EpochID)
	if !ok || !have {
		return nil, ErrNotFound
	}
	if !w.grants.allow(device.ID, w.now()) {
		return nil, ErrRefused
	}
	return member.NewKeyGrant(w.self.sign, w.id, epoch, secret, device)
}

// askKeys asks connected members for the epoch secrets that are not here.
func (w *Workspace) askKeys(ctx context.Context, network Network) error {
	if !w.Ready() {
		return nil
	}
	var failed []error
	locked, err := w.lockedEpochs(ctx)
	if err != nil {
		return err
	}
	asked := 0
	for _, epoch := range locked {
		from := w.onlineReaders(epoch.Space)
		if asked == maxAsked || len(from) == 0 || !w.keys.turn(epoch.ID) {
			continue
		}
		asked++
		if err := w.askKey(ctx, network, epoch, from); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// onlineReaders are the connected devices that may have the secrets of a space.
func (w *Workspace) onlineReaders(space seal.SpaceID) []member.Device {
	return slices.DeleteFunc(w.State().Recipients(space), func(d member.Device) bool {
		return d.ID == w.self.device || !w.Online(d.ID)
	})
}

func (w *Workspace) askKey(ctx context.Context, network Network, epoch member.Epoch, from []member.Device) error {
	st := w.State()
	self, ok := st.Device(w.self.device)
	if !ok {
		return nil
	}
	request, err := member.NewKeyRequest(w.self.sign, w.id, epoch.Space, epoch.ID, self.KemGen)
	if err != nil {
		return err
	}
	var failed []error
	for _, device := range from {
		raw, err := network.AskKey(ctx, device.Peer, request)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		secret, err := member.OpenKeyGrant(raw, st, epoch, w.id, w.self.device, device.ID, w.keys.kemOf)
		if err != nil {
			failed = append(failed, err)
			continue
		}
		return w.write(ctx, func(ctx context.Context, after *afterCommit) error {
			if err := w.members.fresh(ctx); err != nil {
				return err
			}
			if err := w.keys.addEpoch(ctx, epoch.Space, epoch.ID, secret); err != nil {
				return err
			}
			if err := w.unlock(ctx, after); err != nil {
				return err
			}
			return w.openWaiting(ctx, epoch.Space, after)
		})
	}
	return errors.Join(failed...)
}
