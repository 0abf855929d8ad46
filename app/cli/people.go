package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) peopleCommand() *cobra.Command {
	return group("people", "See who is in the workspace", s.verifyCommand(), &cobra.Command{
		Use: "list", Short: "List the people of the workspace", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := client.Call[[]api.Person](ctx, c, "People.List", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				return s.print(map[string][]api.Person{"people": list(all)}, func(w io.Writer) {
					var rows [][]string
					for _, p := range all {
						rows = append(rows, []string{short(p.ID), p.Name, p.Role, p.State, seen(p), strconv.Itoa(p.Devices)})
					}
					table(w, "ID NAME ROLE STATE SEEN DEVICES", rows)
				})
			})
		},
	})
}

func seen(p api.Person) string {
	if p.Online {
		return "online"
	}
	return clock(p.LastSeen)
}

func (s *session) spaceCommand() *cobra.Command {
	return group("space", "Make and list spaces", s.spaceCreate(), s.spaceList())
}

func (s *session) spaceCreate() *cobra.Command {
	n := api.NewSpace{}
	create := &cobra.Command{
		Use: "create NAME", Short: "Make a private space for some people", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				wanted := n.People
				n.Workspace, n.Name, n.People = ws.ID, args[0], nil
				for _, name := range wanted {
					p, err := person(ctx, c, ws.ID, name)
					if err != nil {
						return err
					}
					n.People = append(n.People, p.ID)
				}
				made, err := client.Call[api.Space](ctx, c, "Workspaces.CreateSpace", client.Arg(n))
				if err != nil {
					return err
				}
				return s.print(map[string]api.Space{"space": made}, func(w io.Writer) {
					fmt.Fprintf(w, "Made %s (%s).\n", printable(made.Name), made.ID)
				})
			})
		},
	}
	create.Flags().StringArrayVar(&n.People, "private", nil, "a person who is in it besides you; may be repeated")
	create.Flags().StringVar(&n.History, "history", "full", "what newcomers may read: full or from-join")
	return create
}

func (s *session) spaceList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the spaces of the workspace", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := client.Call[[]api.Space](ctx, c, "Workspaces.Spaces", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				return s.print(map[string][]api.Space{"spaces": list(all)}, func(w io.Writer) {
					var rows [][]string
					for _, sp := range all {
						rows = append(rows, []string{sp.ID, sp.Name, sp.Kind, sp.History}) // whole: those of one person begin alike
					}
					table(w, "ID NAME KIND HISTORY", rows)
				})
			})
		},
	}
}
