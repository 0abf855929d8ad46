package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

// onPerson runs one act on a person whom the first argument names, and prints the person
// as it is then.
func (s *session) onPerson(cmd *cobra.Command, wanted string, do func(ctx context.Context, c *client.Client, p api.Person) error, say func(p api.Person) string) error {
	return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
		p, err := person(ctx, c, ws.ID, wanted)
		if err != nil {
			return err
		}
		if err := do(ctx, c, p); err != nil {
			return err
		}
		if p, err = person(ctx, c, ws.ID, p.ID); err != nil {
			return err
		}
		return s.print(map[string]api.Person{"person": p}, func(w io.Writer) { fmt.Fprintln(w, say(p)) })
	})
}

// does calls a method that answers nothing.
func does(ctx context.Context, c *client.Client, method string, arg any) error {
	_, err := client.Call[*client.Nothing](ctx, c, method, client.Arg(arg))
	return err
}

func (s *session) personRemove() *cobra.Command {
	var lost bool
	cmd := &cobra.Command{
		Use: "remove PERSON", Short: "Remove somebody with all devices, for good", Args: cobra.ExactArgs(1),
		Long: "Remove somebody with all devices, for good. What the person wrote until now stays; what is written from now on cannot be read on\n" +
			"these devices. Owners and admins remove who stands below them. The invitation that the person came with ends too, where it was good for more people;\n" +
			"other open ones stay: look at them with \"parvis invite list\". To let the person in again, make a new invitation.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.onPerson(cmd, args[0], func(ctx context.Context, c *client.Client, p api.Person) error {
				return does(ctx, c, "Members.Remove", api.PersonRemoval{Workspace: p.Workspace, Person: p.ID, Lost: lost})
			}, func(p api.Person) string { return quote(p.Name) + " is removed, with all devices." })
		},
	}
	cmd.Flags().BoolVar(&lost, "lost", false, "the person's devices were lost or taken over: the audit log says so")
	return cmd
}

func (s *session) personRole() *cobra.Command {
	return &cobra.Command{
		Use: "role PERSON ROLE", Short: "Make somebody an owner, admin, member or guest", Args: cobra.ExactArgs(2),
		Long: "Make somebody an owner, admin, member or guest. Owners do this, for who stands below them. A guest reads only the private spaces that it is let into.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.onPerson(cmd, args[0], func(ctx context.Context, c *client.Client, p api.Person) error {
				return does(ctx, c, "Members.SetRole", api.PersonRole{Workspace: p.Workspace, Person: p.ID, Role: strings.ToLower(args[1])})
			}, func(p api.Person) string { return quote(p.Name) + " is " + p.Role + " now." })
		},
	}
}

func (s *session) personTransfer() *cobra.Command {
	return &cobra.Command{
		Use: "transfer PERSON", Short: "Hand the workspace over: make somebody the first owner in your place", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.onPerson(cmd, args[0], func(ctx context.Context, c *client.Client, p api.Person) error {
				return does(ctx, c, "Members.HandOver", api.PersonRef{Workspace: p.Workspace, Person: p.ID})
			}, func(p api.Person) string { return quote(p.Name) + " is the first owner now. You are an owner below." })
		},
	}
}

func (s *session) personConfirm() *cobra.Command {
	return &cobra.Command{
		Use: "confirm PERSON", Short: "Let somebody in whose invitation was used too often: it is the right person", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.onPerson(cmd, args[0], func(ctx context.Context, c *client.Client, p api.Person) error {
				return does(ctx, c, "Members.Confirm", api.PersonRef{Workspace: p.Workspace, Person: p.ID})
			}, func(p api.Person) string { return "Confirmed " + quote(p.Name) + "." })
		},
	}
}

func (s *session) personMatters() *cobra.Command {
	var done string
	cmd := &cobra.Command{
		Use: "matters", Short: "List what wants a decision: who waits for a confirmation, what was not kept, devices that were copied, a role you lost", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				if done != "" {
					if err := s.putAside(ctx, c, ws.ID, done); err != nil {
						return err
					}
				}
				all, err := client.Call[[]api.Matter](ctx, c, "Members.Matters", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				people, err := client.Call[[]api.Person](ctx, c, "People.List", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				return s.print(map[string][]api.Matter{"matters": list(all)}, func(w io.Writer) {
					names, self := map[string]string{"": "somebody"}, ""
					for _, p := range people {
						names[p.ID] = p.Name
						if p.Self {
							self = p.ID
						}
					}
					var rows [][]string
					for _, m := range all {
						rows = append(rows, []string{short(m.ID), clock(m.At), matterText(m, names, self)})
					}
					table(w, "ID AT WHAT", rows)
				})
			})
		},
	}
	cmd.Flags().StringVar(&done, "done", "", "put the matter with this ID aside first")
	return cmd
}

func (s *session) putAside(ctx context.Context, c *client.Client, ws, wanted string) error {
	all, err := client.Call[[]api.Matter](ctx, c, "Members.Matters", client.Arg(ws))
	if err != nil {
		return err
	}
	things := make([]named, len(all))
	for i, m := range all {
		things[i] = named{m.ID, ""}
	}
	i, err := find("matter", wanted, things)
	if err != nil {
		return err
	}
	return does(ctx, c, "Members.PutAside", api.MatterRef{Workspace: ws, ID: all[i].ID})
}

// matterText says a matter in a sentence; self is the own person.
func matterText(m api.Matter, names map[string]string, self string) string {
	name := func(id string) string {
		if n, known := names[id]; known {
			return n
		}
		return short(id)
	}
	by, who := name(m.By), name(m.Person)
	switch m.Kind {
	case "suspended":
		return who + " waits: the invitation of " + by + " was used more often than it allows. Confirm or remove: parvis people confirm|remove " + short(m.Person)
	case "fork":
		return forkText(m, who, self)
	case "lowered":
		with := ""
		if m.Act == "deposition" {
			with = ", with the consent of other trustees"
		}
		return by + " gave you another role" + with + ": " + m.Role + ". You are no longer " + m.Was + "."
	case "lost":
		return "What you decided for " + who + " lost to a removal at the same moment. Invite " + who + " again, or leave it so."
	}
	switch m.Act {
	case "invitation":
		return "Not kept: you made an invitation, and lost the right to it at the same moment. Its link lets nobody in. Ask an owner or admin for another one."
	case "let-in":
		return "Not kept: " + by + " let " + who + " in, and lost the right to it at the same moment. Invite again?"
	case "role":
		return "Not kept: " + by + " made " + who + " " + m.Role + "."
	}
	return "Not kept: " + by + " removed " + who + "."
}

// forkText says what is known of a device that was copied, and what to do.
func forkText(m api.Matter, who, self string) string {
	called := ""
	if m.DeviceName != "" {
		called = ", " + m.DeviceName
	}
	text := fmt.Sprintf("Device %d of %s (%s%s) was copied, restored from an old state or taken over: it wrote two different things in one place. ", m.Number, who, short(m.Device), called)
	switch {
	case m.This:
		return text + "It is this computer. If you did not restore an old state on it, somebody uses a copy: have it removed, from another device of yours or by an owner or an admin."
	case m.Person == self:
		return text + "If you did not restore an old state on it, remove it: parvis device remove " + short(m.Device)
	case m.Decide:
		return text + "If nobody restored it, remove it: parvis device remove " + short(m.Device) + " --of " + short(m.Person)
	}
	return text + "Tell an owner or an admin: they remove it, unless " + who + " restored an old state on it."
}
