package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"parvis/app/api"
	"parvis/app/store/keyslots"
	"parvis/app/workspace"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// devices tells the api about the devices of people and adds and removes them.
type devices struct{ app *App }

// Devices implements [api.DeviceListService].
func (d devices) Devices(ctx context.Context) ([]api.Device, error) {
	byID := map[seal.ID]*api.Device{}
	var order []seal.ID
	for _, w := range d.app.manager.List() {
		st := w.State()
		person, _ := w.Self()
		p, ok := st.Person(person)
		if !w.Ready() || !ok {
			continue
		}
		for _, id := range p.Devices {
			found, ok := st.Device(id)
			if !ok || !found.Active {
				continue
			}
			if byID[id] == nil {
				dto := d.describe(ctx, w, found)
				byID[id], order = &dto, append(order, id)
				continue
			}
			merge(byID[id], d.describe(ctx, w, found))
		}
	}
	slices.SortFunc(order, func(a, b seal.ID) int {
		if x, y := byID[a].Self, byID[b].Self; x != y {
			if x {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(byID[a].Added, byID[b].Added), a.Compare(b))
	})
	list := make([]api.Device, len(order))
	for i, id := range order {
		list[i] = *byID[id]
	}
	return list, nil
}

// merge adds what another workspace knows of a device.
func merge(into *api.Device, other api.Device) {
	into.Workspaces = append(into.Workspaces, other.Workspaces...)
	into.Name = cmp.Or(into.Name, other.Name)
	into.Online, into.Older = into.Online || other.Online, into.Older || other.Older
	into.LastSeen = max(into.LastSeen, other.LastSeen)
	into.Added = min(into.Added, other.Added)
}

// DevicesOf implements [api.DeviceListService].
func (d devices) DevicesOf(ctx context.Context, ws, person string) ([]api.Device, error) {
	w, err := d.app.teams.get(ws)
	if err != nil {
		return nil, err
	}
	id, err := seal.ParseID(person)
	if err != nil {
		return nil, fmt.Errorf("person %q: %w", person, workspace.ErrNotFound)
	}
	st := w.State()
	p, ok := st.Person(id)
	if !ok {
		return nil, fmt.Errorf("person %s: %w", id.Short(), workspace.ErrNotFound)
	}
	var list []api.Device
	for _, id := range p.Devices {
		if found, ok := st.Device(id); ok {
			list = append(list, d.describe(ctx, w, found))
		}
	}
	slices.SortFunc(list, func(a, b api.Device) int { return cmp.Or(cmp.Compare(a.Added, b.Added), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

func (d devices) describe(ctx context.Context, w *workspace.Workspace, found member.Device) api.Device {
	person, own := w.Self()
	dto := api.Device{
		ID: found.ID.String(), Person: found.Person.String(), Number: found.Idx + 1, Platform: platformName(found.Platform), Added: found.AddedMs,
		LastSeen: w.LastSeen(found.ID), Online: found.Active && w.Online(found.ID), Self: found.ID == own, Removed: !found.Active,
		Workspaces: []string{w.ID().String()},
	}
	if found.Person == person {
		self, known := w.State().Device(own)
		dto.Older = known && found.Idx < self.Idx
		dto.Name = d.app.carry.deviceName(ctx, w.ID(), found.ID)
		if dto.Name == "" && dto.Self {
			dto.Name = hostName()
		}
	}
	return dto
}

// platformName says what the number in a device record means.
func platformName(platform uint) string {
	names := []string{"", "linux", "windows", "macos"}
	if int(platform) < len(names) {
		return names[platform]
	}
	return ""
}

// RenameDevice implements [api.DeviceListService].
func (d devices) RenameDevice(ctx context.Context, device, text string) error {
	id, err := parseDevice(device)
	if err != nil {
		return err
	}
	return d.app.carry.nameDevice(ctx, id, text)
}

func parseDevice(text string) (seal.ID, error) {
	id, err := seal.ParseID(text)
	if err != nil {
		return id, fmt.Errorf("device %q: %w", text, workspace.ErrNotFound)
	}
	return id, nil
}

// RemoveDevice implements [api.DeviceListService].
func (d devices) RemoveDevice(ctx context.Context, ws, device string) error {
	id, err := parseDevice(device)
	if err != nil {
		return err
	}
	if ws != "" {
		w, err := d.app.teams.get(ws)
		if err != nil {
			return err
		}
		return d.app.teams.leadersOnly(ctx, w, "remove devices of others", w.RemoveDevice(ctx, id))
	}
	return d.app.manager.RemoveOwnDevice(ctx, id)
}

// OfferLink implements [api.LinkService].
func (d devices) OfferLink(ctx context.Context, passphrase string) (api.DeviceLink, error) {
	if err := d.app.device.confirm(passphrase); err != nil {
		return api.DeviceLink{}, err
	}
	l, err := d.app.manager.OfferLink(ctx)
	return d.linking(l), err
}

// confirm makes sure that the person at this device knows the passphrase of its keys,
// if there is one: who finds it unlocked cannot add a device of his own.
func (d *device) confirm(passphrase string) error {
	d.mu.Lock()
	protection := d.protection
	d.mu.Unlock()
	if protection != keyslots.Passphrase {
		return nil
	}
	if passphrase == "" {
		return &api.Error{Code: api.CodeLocked, Message: "Enter your passphrase to add a device."}
	}
	_, _, err := keyslots.Open(d.app.config.Data, keyslots.Options{Passphrase: func() (string, error) { return passphrase, nil }})
	return err
}

// TakeLink implements [api.LinkService].
func (d devices) TakeLink(ctx context.Context, link string) (api.DeviceLink, error) {
	l, err := d.app.manager.TakeLink(ctx, link)
	return d.linking(l), misplaced(link, err)
}

// Linking implements [api.LinkService].
func (d devices) Linking(context.Context) (api.DeviceLink, error) {
	return d.linking(d.app.manager.Linking()), nil
}

// CancelLink implements [api.LinkService].
func (d devices) CancelLink(ctx context.Context) error { return d.app.manager.CancelLink(ctx) }

func (d devices) linking(l workspace.Linking) api.DeviceLink {
	dto := api.DeviceLink{Link: l.Link, New: l.New, State: l.State, Expires: l.Expires, Done: l.Done, Total: l.Total}
	dto.Code, dto.Problem = problemOf(l.Err)
	if !l.Device.IsZero() {
		dto.Device = l.Device.String()
	}
	return dto
}

// problemOf names what went wrong with a link, and says it in a sentence.
func problemOf(err error) (code, sentence string) {
	switch {
	case err == nil:
		return "", ""
	case errors.Is(err, workspace.ErrCodes):
		return "codes", "The codes could not be compared or did not match. Open the link again when you have both devices in front of you."
	case errors.Is(err, workspace.RefusalOf(workspace.RefusedExpired)):
		return "expired", "The link is too old. Make a new one on the other device."
	case errors.Is(err, workspace.RefusalOf(workspace.RefusedUnknown)):
		return "unknown", "The other device does not know this link any more. Make a new one there."
	case errors.Is(err, workspace.RefusalOf(workspace.RefusedUsed)):
		return "used", "Another device was added with this link. If that was not you, remove it, and make a new link."
	case errors.Is(err, workspace.RefusalOf(workspace.RefusedRules)), errors.Is(err, workspace.ErrJoined):
		return "rules", "Some workspaces could not be added: this device is in them as somebody else, or was removed from them."
	case errors.Is(err, workspace.ErrLinkOver):
		return "stopped", "Adding the device was stopped. Make a new link to try again."
	}
	return "failed", "The device could not be added. Make a new link and try again; the details are in the log."
}

// forwardDevices tells the user interfaces when devices change.
func (a *App) forwardDevices() {
	tell := func() { a.api.Publish(api.EventDevices, api.Notice{}) }
	a.carry.changed = tell
	a.manager.OnLinking(func(l workspace.Linking) {
		a.api.Publish(api.EventLinking, devices{a}.linking(l))
		tell()
	})
	a.manager.Events.Members.Subscribe(func(workspace.MembersChanged) { tell() })
}
