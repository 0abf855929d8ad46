package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"

	"parvis/app/api"
	"parvis/app/web/client"
)

// devicesOf are the devices of a person of the workspace that are in.
func devicesOf(ctx context.Context, c *client.Client, ws, wanted string) (api.Person, []api.Device, error) {
	p, err := person(ctx, c, ws, wanted)
	if err != nil {
		return p, nil, err
	}
	all, err := client.Call[[]api.Device](ctx, c, "Devices.Of", client.Arg(ws), client.Arg(p.ID))
	return p, slices.DeleteFunc(all, func(d api.Device) bool { return d.Removed }), err
}

// listDevicesOf lists the devices of somebody.
func (s *session) listDevicesOf(ctx context.Context, wanted string) error {
	return s.in(ctx, func(ctx context.Context, c *client.Client, ws api.Workspace) error {
		_, all, err := devicesOf(ctx, c, ws.ID, wanted)
		if err != nil {
			return err
		}
		return s.print(map[string][]api.Device{"devices": list(all)}, func(w io.Writer) {
			var rows [][]string
			for _, d := range all {
				rows = append(rows, []string{short(d.ID), strconv.Itoa(d.Number), d.Platform, clock(d.Added), deviceSeen(d)})
			}
			table(w, "ID NUMBER SYSTEM ADDED SEEN", rows)
		})
	})
}

// removeDeviceOf removes one device of somebody, who stays with the others.
func (s *session) removeDeviceOf(ctx context.Context, of, wanted string) error {
	return s.in(ctx, func(ctx context.Context, c *client.Client, ws api.Workspace) error {
		p, all, err := devicesOf(ctx, c, ws.ID, of)
		if err != nil {
			return err
		}
		d, err := pickDevice(all, wanted)
		if err != nil {
			return err
		}
		if err := does(ctx, c, "Devices.Remove", api.DeviceRemoval{Workspace: ws.ID, Device: d.ID}); err != nil {
			return err
		}
		d.Removed = true
		return s.print(map[string]api.Device{"device": d}, func(w io.Writer) {
			fmt.Fprintf(w, "Removed device %d of %s (%s) from %s.\n", d.Number, printable(p.Name), short(d.ID), printable(ws.Name))
			if len(all) == 1 {
				fmt.Fprintf(w, "It was the only one. %s stays a person of the workspace, and comes back with the recovery key alone; to remove %s: parvis people remove %s\n",
					printable(p.Name), printable(p.Name), short(p.ID))
			}
		})
	})
}
