package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) inviteCommand() *cobra.Command {
	return group("invite", "Invite people", s.inviteCreate(), s.inviteList(), s.inviteRevoke())
}

func (s *session) inviteCreate() *cobra.Command {
	var n api.NewInvite
	var expires time.Duration
	var spaces []string
	cmd := &cobra.Command{
		Use: "create", Short: "Make an invitation link", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				n.Workspace, n.ExpiresMs, n.Spaces = ws.ID, expires.Milliseconds(), nil
				for _, wanted := range spaces {
					sp, err := oneSpace(ctx, c, ws, wanted)
					if err != nil {
						return err
					}
					n.Spaces = append(n.Spaces, sp.ID)
				}
				invite, err := client.Call[api.Invite](ctx, c, "Workspaces.Invite", client.Arg(n))
				if err != nil {
					return err
				}
				return s.print(map[string]api.Invite{"invite": invite}, func(w io.Writer) { fmt.Fprintln(w, printable(invite.Link)) })
			})
		},
	}
	cmd.Flags().StringVar(&n.Role, "role", "member", "member or guest")
	cmd.Flags().StringArrayVar(&spaces, "space", nil, "of a guest: a private space that you made; may be repeated")
	cmd.Flags().IntVar(&n.Uses, "uses", 1, "how many people may join with it, 1 to 500")
	cmd.Flags().Var(newSpan(&expires, 7*24*time.Hour), "expires", "how long it is valid")
	cmd.Flags().BoolVar(&n.CodesFirst, "codes-first", false, "let nobody in before codes were compared")
	return cmd
}

func (s *session) inviteList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the invitations", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := client.Call[[]api.Invite](ctx, c, "Workspaces.Invites", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				return s.print(map[string][]api.Invite{"invites": list(all)}, func(w io.Writer) {
					var rows [][]string
					for _, i := range all {
						rows = append(rows, []string{
							short(i.ID), i.Role, strconv.Itoa(i.Used) + "/" + strconv.Itoa(i.Uses), i.Mode, clock(i.Expires), strings.ReplaceAll(i.State, "-", " "),
						})
					}
					table(w, "ID ROLE USED MODE EXPIRES STATE", rows)
				})
			})
		},
	}
}

func (s *session) inviteRevoke() *cobra.Command {
	return &cobra.Command{
		Use: "revoke ID", Short: "Make an invitation link worthless", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := client.Call[[]api.Invite](ctx, c, "Workspaces.Invites", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				things := make([]named, len(all))
				for i, invite := range all {
					things[i] = named{invite.ID, ""}
				}
				i, err := find("invitation", args[0], things)
				if err != nil {
					return err
				}
				if _, err := client.Call[*client.Nothing](ctx, c, "Workspaces.RevokeInvite", client.Arg(ws.ID), client.Arg(all[i].ID)); err != nil {
					return err
				}
				return s.print(map[string]map[string]string{"invite": {"id": all[i].ID, "state": "revoked"}}, func(w io.Writer) {
					fmt.Fprintf(w, "Revoked %s.\n", short(all[i].ID))
				})
			})
		},
	}
}
