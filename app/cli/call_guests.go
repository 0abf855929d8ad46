package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

// callLink shows, makes and revokes the meeting links of a channel.
func (s *session) callLink() *cobra.Command {
	var another, revoke, all bool
	cmd := &cobra.Command{
		Use:   "link CHANNEL",
		Short: "Print a link by which people without Parvis can ask to come into the calls of a channel, with a browser",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if another && revoke || another && all || revoke && all {
				return invalid("Choose one of --new, --revoke and --list.")
			}
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				ch, err := channel(ctx, c, ws, args[0])
				if err != nil {
					return err
				}
				of := api.CallChannel{Workspace: ws.ID, Channel: ch.ID}
				links, err := client.Call[[]api.CallLink](ctx, c, "Calls.Links", client.Arg(of))
				switch {
				case err != nil:
					return err
				case revoke:
					return s.revokeLinks(ctx, c, of, links)
				case all:
					return s.print(map[string][]api.CallLink{"links": list(links)}, func(w io.Writer) {
						var rows [][]string
						for _, l := range links {
							rows = append(rows, []string{short(l.ID), clock(l.Made), dash(l.URL)})
						}
						table(w, "ID MADE LINK", rows)
					})
				}
				link, err := s.oneLink(ctx, c, of, links, another)
				if err != nil {
					return err
				}
				return s.print(map[string]api.CallLink{"link": link}, func(w io.Writer) { fmt.Fprintln(w, link.URL) })
			})
		},
	}
	cmd.Flags().BoolVar(&another, "new", false, "make another link, although there is one")
	cmd.Flags().BoolVar(&revoke, "revoke", false, "revoke the links of the channel: nobody comes in by them any more")
	cmd.Flags().BoolVar(&all, "list", false, "list the valid links")
	return cmd
}

// oneLink is the newest link that can be used, or one that is made now.
func (s *session) oneLink(ctx context.Context, c *client.Client, of api.CallChannel, links []api.CallLink, another bool) (api.CallLink, error) {
	for _, l := range slices.Backward(links) {
		if !another && l.URL != "" {
			return l, nil
		}
	}
	return client.Call[api.CallLink](ctx, c, "Calls.MakeLink", client.Arg(of))
}

func dash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// revokeLinks revokes all that one may revoke.
func (s *session) revokeLinks(ctx context.Context, c *client.Client, of api.CallChannel, links []api.CallLink) error {
	revoked, left := 0, 0
	for _, l := range links {
		if !l.Revocable {
			left++
			continue
		}
		ref := api.CallLinkRef{Workspace: of.Workspace, Channel: of.Channel, ID: l.ID}
		if _, err := client.Call[*client.Nothing](ctx, c, "Calls.RevokeLink", client.Arg(ref)); err != nil {
			return err
		}
		revoked++
	}
	return s.print(map[string]int{"revoked": revoked, "left": left}, func(w io.Writer) {
		fmt.Fprintf(w, "%s revoked.\n", count(revoked, "meeting link", "meeting links"))
		if left > 0 {
			fmt.Fprintf(w, "%s made by others left: ask them, or somebody who moderates the channel.\n", count(left, "meeting link", "meeting links"))
		}
	})
}

// callGuests lists who waits and who was let in.
func (s *session) callGuests() *cobra.Command {
	return &cobra.Command{
		Use: "guests", Short: "List the guests of the call that this node is in, and those who wait to come in", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := guestsOf(ctx, c, ws)
				if err != nil {
					return err
				}
				return s.print(map[string][]guestRow{"guests": list(all)}, func(w io.Writer) {
					var rows [][]string
					for _, g := range all {
						rows = append(rows, []string{guestShort(g.Guest), g.Name, g.State})
					}
					table(w, "ID NAME STATE", rows)
				})
			})
		},
	}
}

// guestRow is a guest in lists.
type guestRow struct {
	Guest string `json:"guest"`
	Name  string `json:"name"`
	State string `json:"state"` // waits or here
}

// guestShort names a guest by what is not the same of all.
func guestShort(id string) string { return id[min(8, len(id)):min(16, len(id))] }

// guestsOf are the guests of the call that this node is in.
func guestsOf(ctx context.Context, c *client.Client, ws api.Workspace) (guests []guestRow, err error) {
	all, err := client.Call[[]api.Call](ctx, c, "Calls.List", client.Arg(api.CallQuery{Workspace: ws.ID}))
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(all, func(found api.Call) bool { return found.Here })
	if i < 0 {
		return nil, invalid("This node is in no call of this workspace. Join one first: parvis call join ID")
	}
	for _, k := range all[i].Lobby {
		guests = append(guests, guestRow{k.Guest, k.Name, "waits"})
	}
	for _, p := range all[i].Participants {
		if p.Guest {
			guests = append(guests, guestRow{p.Device, p.Name, "here"})
		}
	}
	return guests, nil
}

// callDoor lets a guest in or out.
func (s *session) callDoor(use, about, method, done string) *cobra.Command {
	return &cobra.Command{
		Use: use + " GUEST", Short: about, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := guestsOf(ctx, c, ws)
				if err != nil {
					return err
				}
				things := make([]named, len(all))
				for i, g := range all {
					things[i] = named{g.Guest[min(8, len(g.Guest)):], g.Name}
				}
				i, err := find("guest", args[0], things)
				if err != nil {
					return err
				}
				if _, err := client.Call[*client.Nothing](ctx, c, method, client.Arg(api.CallGuest{Guest: all[i].Guest})); err != nil {
					return err
				}
				return s.print(map[string]guestRow{"guest": all[i]}, func(w io.Writer) { fmt.Fprintf(w, done+"\n", quote(all[i].Name)) })
			})
		},
	}
}
