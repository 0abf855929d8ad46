package api

import (
	"context"
	"fmt"

	"parvis/app/name"
)

// DeviceListService knows the devices of people, one's own above all.
type DeviceListService interface {
	// Devices lists the own devices, in whatever workspaces they are.
	Devices(ctx context.Context) ([]Device, error)
	// DevicesOf lists the devices of a person of a workspace.
	DevicesOf(ctx context.Context, workspace, person string) ([]Device, error)
	RenameDevice(ctx context.Context, device, name string) error
	// RemoveDevice removes a device from a workspace; with none named one of the own
	// devices from all of them.
	RemoveDevice(ctx context.Context, workspace, device string) error
}

// LinkService adds devices to the own person.
type LinkService interface {
	// OfferLink makes the link that a new device opens.
	OfferLink(ctx context.Context, passphrase string) (DeviceLink, error)
	// TakeLink opens a link on the new device. It goes on in the background.
	TakeLink(ctx context.Context, link string) (DeviceLink, error)
	Linking(ctx context.Context) (DeviceLink, error)
	CancelLink(ctx context.Context) error
}

// Devices is the bound struct for the devices of people.
type Devices struct {
	edge  *edge
	list  DeviceListService
	links LinkService
}

// List lists the own devices, this one first.
func (d *Devices) List() ([]Device, error) {
	return run(d.edge, "Devices.List", func(ctx context.Context) ([]Device, error) { return list(d.list.Devices(ctx)) })
}

// Of lists the devices of a person of a workspace, removed ones included.
func (d *Devices) Of(workspace, person string) ([]Device, error) {
	return run(d.edge, "Devices.Of", func(ctx context.Context) ([]Device, error) {
		return list(d.list.DevicesOf(ctx, workspace, person))
	})
}

// Rename names one of the own devices.
func (d *Devices) Rename(n DeviceName) error {
	return act(d.edge, "Devices.Rename", func(ctx context.Context) error {
		if name.Typed(n.Name) == "" {
			return errInvalid{fmt.Sprintf("A device needs a name. Use 1 to %d visible characters.", name.Max)}
		}
		return d.list.RenameDevice(ctx, n.Device, n.Name)
	})
}

// Remove removes a device for good. One that is older than this one may have removed
// this one at the same moment; then it stays, and this one goes.
func (d *Devices) Remove(r DeviceRemoval) error {
	return act(d.edge, "Devices.Remove", func(ctx context.Context) error {
		return d.list.RemoveDevice(ctx, r.Workspace, r.Device)
	})
}

// Link makes the link that a new device of this person opens. Where the keys are
// under a passphrase, it has to be given again.
func (d *Devices) Link(passphrase string) (DeviceLink, error) {
	return run(d.edge, "Devices.Link", func(ctx context.Context) (DeviceLink, error) {
		return d.links.OfferLink(ctx, passphrase)
	})
}

// Open opens a link that another device of this person shows. It goes on in the
// background: see Linking and the event.
func (d *Devices) Open(link string) (DeviceLink, error) {
	return run(d.edge, "Devices.Open", func(ctx context.Context) (DeviceLink, error) { return d.links.TakeLink(ctx, link) })
}

// Linking says how far the adding of a device is.
func (d *Devices) Linking() (DeviceLink, error) {
	return run(d.edge, "Devices.Linking", func(ctx context.Context) (DeviceLink, error) { return d.links.Linking(ctx) })
}

// CancelLink stops the adding of a device. What was added stays.
func (d *Devices) CancelLink() error {
	return act(d.edge, "Devices.CancelLink", func(ctx context.Context) error { return d.links.CancelLink(ctx) })
}
