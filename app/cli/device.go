package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) deviceCommand() *cobra.Command {
	return group("device", "Add, name and remove your devices", s.deviceList(), s.deviceLink(), s.deviceCancel(), s.deviceRename(), s.deviceRemove())
}

func (s *session) deviceCancel() *cobra.Command {
	return &cobra.Command{
		Use: "cancel", Short: "Stop adding a device; what was added stays", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				stopped, err := cancelLink(ctx, c)
				if err != nil {
					return err
				}
				return s.print(map[string]string{"state": "stopped"}, func(w io.Writer) {
					if stopped {
						fmt.Fprintln(w, "Stopped: no device is being added any more. To begin again: parvis device link")
					} else {
						fmt.Fprintln(w, "No device was being added: there was nothing to stop.")
					}
				})
			})
		},
	}
}

// cancelLink stops the adding of a device, and says whether one was being added.
func cancelLink(ctx context.Context, c *client.Client) (stopped bool, err error) {
	before, err := client.Call[api.DeviceLink](ctx, c, "Devices.Linking")
	if err != nil {
		return false, err
	}
	if _, err := client.Call[*client.Nothing](ctx, c, "Devices.CancelLink"); err != nil {
		return false, err
	}
	after, err := client.Call[api.DeviceLink](ctx, c, "Devices.Linking") // a link of the last run is not told before
	return after.State == "failed" && before.State != "failed", err
}

func (s *session) deviceList() *cobra.Command {
	var of string
	cmd := &cobra.Command{
		Use: "list", Short: "List your devices, or those of somebody else", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if of != "" {
				return s.listDevicesOf(cmd.Context(), of)
			}
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				all, err := client.Call[[]api.Device](ctx, c, "Devices.List")
				if err != nil {
					return err
				}
				return s.print(map[string][]api.Device{"devices": list(all)}, func(w io.Writer) {
					var rows [][]string
					for _, d := range all {
						rows = append(rows, []string{short(d.ID), d.Name, d.Platform, clock(d.Added), deviceSeen(d)})
					}
					table(w, "ID NAME SYSTEM ADDED SEEN", rows)
				})
			})
		},
	}
	cmd.Flags().StringVar(&of, "of", "", "the devices of this person of the workspace")
	return cmd
}

func deviceSeen(d api.Device) string {
	switch {
	case d.Self:
		return "this one"
	case d.Online:
		return "online"
	}
	return clock(d.LastSeen)
}

// oneDevice finds one of the own devices.
func oneDevice(ctx context.Context, c *client.Client, wanted string) (api.Device, error) {
	all, err := client.Call[[]api.Device](ctx, c, "Devices.List")
	if err != nil {
		return api.Device{}, err
	}
	return pickDevice(all, wanted)
}

func pickDevice(all []api.Device, wanted string) (api.Device, error) {
	things := make([]named, len(all))
	for i, d := range all {
		things[i] = named{d.ID, d.Name}
	}
	i, err := find("device", wanted, things)
	if err != nil {
		return api.Device{}, err
	}
	return all[i], nil
}

func (s *session) deviceRename() *cobra.Command {
	return &cobra.Command{
		Use: "rename DEVICE NAME", Short: "Name one of your devices", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				d, err := oneDevice(ctx, c, args[0])
				if err != nil {
					return err
				}
				if _, err := client.Call[*client.Nothing](ctx, c, "Devices.Rename", client.Arg(api.DeviceName{Device: d.ID, Name: args[1]})); err != nil {
					return err
				}
				if d, err = oneDevice(ctx, c, d.ID); err != nil { // the name as it is kept
					return err
				}
				return s.print(map[string]api.Device{"device": d}, func(w io.Writer) { fmt.Fprintf(w, "Named %s %s.\n", short(d.ID), quote(d.Name)) })
			})
		},
	}
}

func (s *session) deviceRemove() *cobra.Command {
	var of string
	cmd := &cobra.Command{
		Use: "remove DEVICE", Short: "Remove one of your devices for good, such as a lost one, or one of somebody else", Args: cobra.ExactArgs(1),
		Long: "Remove one of your devices from all your workspaces, for good. What it wrote until now stays; it is let in nowhere any more,\n" +
			"and cannot read what is written from now on. What is on it stays on it. A device that is older than this one could undo it by acting\n" +
			"at the same moment: if somebody else holds it, remove it with your oldest device, or ask an owner or an admin to remove it as well.\n" +
			"Owners and admins remove a device of somebody who stands below them with --of, from this workspace: the person stays, with the other devices.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if of != "" {
				return s.removeDeviceOf(cmd.Context(), of, args[0])
			}
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				d, err := oneDevice(ctx, c, args[0])
				if err != nil {
					return err
				}
				if _, err := client.Call[*client.Nothing](ctx, c, "Devices.Remove", client.Arg(api.DeviceRemoval{Device: d.ID})); err != nil {
					return err
				}
				d.Removed = true
				return s.print(map[string]api.Device{"device": d}, func(w io.Writer) {
					fmt.Fprintf(w, "Removed %s.\n", short(d.ID))
					if d.Older {
						fmt.Fprintln(w, "It is older than this device: whoever holds it could undo this by acting at the same moment. Look again in a while with\n"+
							"\"parvis device list\", and if somebody else has it, ask an owner or an admin of each workspace to remove it as well.")
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&of, "of", "", "the device is one of this person of the workspace")
	return cmd
}

func (s *session) deviceLink() *cobra.Command {
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "link [LINK]", Short: "Add a device: without LINK on the one you have, with it on the new one", Args: cobra.ArbitraryArgs, // a link that was broken into lines comes in pieces
		Long: "Add a device of yours. Run it without a link on the device that you have: it prints a link, which is good for five minutes.\n" +
			"Open that link on the new device with: parvis device link LINK. Both show a code; type each on the other device.",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), wait)
			defer cancel()
			return s.withEvents(ctx, func(ctx context.Context, node *client.Client, news <-chan struct{}) error {
				if err := s.beginLink(ctx, node, args); err != nil {
					return err
				}
				return s.followLink(ctx, node, news, len(args) > 0)
			})
		},
	}
	cmd.Flags().Var(newSpan(&wait, 10*time.Minute), "wait", "how long to wait for the other device")
	s.passphrase.addFile(cmd.Flags())
	return cmd
}

// beginLink makes a link, or opens one.
func (s *session) beginLink(ctx context.Context, node *client.Client, args []string) error {
	if len(args) > 0 {
		_, err := client.Call[api.DeviceLink](ctx, node, "Devices.Open", client.Arg(strings.Join(args, "")))
		return err
	}
	made, err := client.Call[api.DeviceLink](ctx, node, "Devices.Link", client.Arg(""))
	if e, ok := errors.AsType[*api.Error](err); ok && e.Code == api.CodeLocked {
		ask := s.asker(ctx)
		if ask == nil {
			return err
		}
		passphrase, failed := ask()
		if failed != nil {
			return failed
		}
		made, err = client.Call[api.DeviceLink](ctx, node, "Devices.Link", client.Arg(passphrase))
	}
	if err != nil {
		return err
	}
	return s.print(map[string]api.DeviceLink{"link": made}, func(w io.Writer) {
		fmt.Fprintf(w, "%s\n", printable(made.Link))
		fmt.Fprintf(s.Stderr, "Open this link on the new device until %s with: parvis device link LINK\n", clock(made.Expires))
	})
}

// followLink compares codes and waits until the device is added.
func (s *session) followLink(ctx context.Context, node *client.Client, news <-chan struct{}, isNew bool) error {
	asking := s.newCodes()
	for {
		l, err := client.Call[api.DeviceLink](ctx, node, "Devices.Linking")
		if err != nil {
			return err
		}
		switch {
		case l.State == "done":
			return s.print(map[string]api.DeviceLink{"linked": l}, func(w io.Writer) { showLinked(w, l) })
		case l.Code == "codes" && !isNew:
			return s.differ(ctx, node)
		case l.State == "failed":
			return &failure{code: api.CodeRefused, message: l.Problem, exit: ExitFailed}
		}
		if _, err := asking.look(ctx, node, news, func(c api.Comparison) bool { return c.Device && c.Inviter != isNew }); err != nil {
			return err
		}
		if err := await(ctx, node, news, "The other device did not come in this time. What was begun goes on while the node runs."); err != nil {
			return err
		}
	}
}

// differ ends the adding of a device whose codes were not compared. The link would be
// good for another try, but nobody is here any more to type that one's code.
func (s *session) differ(ctx context.Context, node *client.Client) error {
	if _, err := cancelLink(ctx, node); err != nil {
		return err
	}
	return &failure{
		code: api.CodeRefused, exit: ExitFailed,
		message: "A code was wrong, somebody stopped, or the connection was lost. The device was not added, and the link is good no more. When you have both devices in front of you, make a new one with: parvis device link",
	}
}

func showLinked(w io.Writer, l api.DeviceLink) {
	if l.New {
		fmt.Fprintf(w, "This device is added: %d of %d workspaces. What was written before arrives now.\n", l.Done, l.Total)
	} else {
		fmt.Fprintln(w, "The device is added: see parvis device list.")
	}
	if l.Problem != "" {
		fmt.Fprintln(w, "!", printable(l.Problem))
	}
}
