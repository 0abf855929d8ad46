package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) spaceCommand() *cobra.Command {
	return group("space", "Make and change spaces", s.spaceCreate(), s.spaceAdd(), s.spaceRemove(), s.spaceClose(true), s.spaceClose(false), s.spaceList())
}

func (s *session) spaceCreate() *cobra.Command {
	n := api.NewSpace{}
	create := &cobra.Command{
		Use: "create NAME", Short: "Make a private space for some people", Args: cobra.ExactArgs(1),
		Long: "Makes a private space for some people: those who are named with --private and you. Without anybody it is for you alone until you let others in with parvis space add.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				people, err := persons(ctx, c, ws.ID, n.People)
				if err != nil {
					return err
				}
				n.Workspace, n.Name, n.People = ws.ID, args[0], people
				made, err := client.Call[api.Space](ctx, c, "Workspaces.CreateSpace", client.Arg(n))
				if err != nil {
					return err
				}
				return s.print(map[string]api.Space{"space": made}, func(w io.Writer) {
					fmt.Fprintf(w, "Made %s (%s).\n", printable(made.Name), made.ID)
					if len(people) == 0 {
						fmt.Fprintf(w, "You are alone in it. Let others in: parvis space add %s PERSON…\n", quote(made.Name))
					}
				})
			})
		},
	}
	create.Flags().StringArrayVar(&n.People, "private", nil, "a person who is in it besides you; may be repeated")
	create.Flags().BoolVar(&n.VerifiedOnly, "verified-only", false, "let in only people whom you have verified, also later")
	create.Flags().StringVar(&n.History, "history", "full", "full: who is added later reads everything; from-join: what is written from then on")
	return create
}

func (s *session) spaceAdd() *cobra.Command {
	var verifiedOnly bool
	cmd := &cobra.Command{
		Use: "add SPACE PERSON…", Short: "Let more people into a private space that you made", Args: cobra.MinimumNArgs(2),
		Long: "Lets more people into a private space that you made. They read what was written before; in a space with --history from-join only what is written from now on (a document from before stays closed to them).",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				sp, err := oneSpace(ctx, c, ws, args[0])
				if err != nil {
					return err
				}
				n := api.NewSpacePeople{Workspace: ws.ID, Space: sp.ID, VerifiedOnly: verifiedOnly}
				var already []string
				for _, name := range args[1:] {
					p, err := person(ctx, c, ws.ID, name)
					switch {
					case err != nil:
						return err
					case slices.Contains(sp.People, p.ID):
						already = append(already, p.Name)
					default:
						n.People = append(n.People, p.ID)
					}
				}
				if len(n.People) > 0 {
					if sp, err = client.Call[api.Space](ctx, c, "Workspaces.AddToSpace", client.Arg(n)); err != nil {
						return err
					}
				}
				return s.print(map[string]api.Space{"space": sp}, func(w io.Writer) {
					if len(already) > 0 {
						fmt.Fprintln(w, printable(areIn(already, sp.Name)))
					}
					if len(n.People) > 0 {
						fmt.Fprintf(w, "%s has %d people now.\n", printable(sp.Name), len(sp.People))
					}
				})
			})
		},
	}
	cmd.Flags().BoolVar(&verifiedOnly, "verified-only", false, "from now on, let in only people whom you have verified")
	return cmd
}

func (s *session) spaceRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove SPACE PERSON…", Short: "Take people out of a private space that you made", Args: cobra.MinimumNArgs(2),
		Long: "Takes people out of a private space that you made. What they have stays on their devices; what is written there from now on they cannot read.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				sp, err := oneSpace(ctx, c, ws, args[0])
				if err != nil {
					return err
				}
				people, err := persons(ctx, c, ws.ID, args[1:])
				if err != nil {
					return err
				}
				n := api.NewSpacePeople{Workspace: ws.ID, Space: sp.ID, People: people}
				if sp, err = client.Call[api.Space](ctx, c, "Workspaces.RemoveFromSpace", client.Arg(n)); err != nil {
					return err
				}
				return s.print(map[string]api.Space{"space": sp}, func(w io.Writer) {
					fmt.Fprintf(w, "%s has %d people now.\n", printable(sp.Name), len(sp.People))
				})
			})
		},
	}
}

// spaceClose closes a space, or opens it again.
func (s *session) spaceClose(closed bool) *cobra.Command {
	use, about, done := "open SPACE", "Let people write in a closed private space again", "open again"
	if closed {
		use, about, done = "close SPACE", "Close a private space: it can be read, not written", "closed"
	}
	return &cobra.Command{
		Use: use, Short: about, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				sp, err := oneSpace(ctx, c, ws, args[0])
				if err != nil {
					return err
				}
				if sp, err = client.Call[api.Space](ctx, c, "Workspaces.CloseSpace", client.Arg(api.SpaceClosing{Workspace: ws.ID, Space: sp.ID, Closed: closed})); err != nil {
					return err
				}
				return s.print(map[string]api.Space{"space": sp}, func(w io.Writer) { fmt.Fprintf(w, "%s is %s.\n", printable(sp.Name), done) })
			})
		},
	}
}

// areIn says of people that nothing has to be done to let them into a space.
func areIn(people []string, space string) string {
	last := len(people) - 1
	if last == 0 {
		return people[0] + " is in " + space + " already."
	}
	return strings.Join(people[:last], ", ") + " and " + people[last] + " are in " + space + " already."
}

func (s *session) spaceList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the spaces of the workspace and who is in them", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := client.Call[[]api.Space](ctx, c, "Workspaces.Spaces", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				people, err := client.Call[[]api.Person](ctx, c, "People.List", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				return s.print(map[string][]api.Space{"spaces": list(all)}, func(w io.Writer) {
					table(w, "ID NAME KIND HISTORY PEOPLE MADE_BY", spaceRows(all, people))
				})
			})
		},
	}
}

// mainSpace is what commands call the main space, which has no name of its own.
const mainSpace = "main"

// spaceRows are the rows of spaces.
func spaceRows(all []api.Space, people []api.Person) [][]string {
	names := map[string]string{}
	for _, p := range people {
		names[p.ID] = p.Name
	}
	nameOf := func(id string) string {
		if name := names[id]; name != "" {
			return name
		}
		return short(id)
	}
	ids := make([]string, len(all))
	for i, sp := range all {
		ids[i] = sp.ID
	}
	var rows [][]string
	for i, id := range distinctly(ids) {
		sp := all[i]
		name, in := sp.Name, someOf(sp.People, nameOf)
		switch {
		case sp.Kind == "main":
			name, in = mainSpace, "everybody"
		case name == "":
			name = "–" // of a direct conversation, or not arrived yet
		}
		rows = append(rows, []string{id, name, sp.Kind, sp.History, in, nameOf(sp.By)})
	}
	return rows
}

// someOf names the first people, and says how many there are beside them.
func someOf(people []string, nameOf func(id string) string) string {
	const most = 4
	shown := people
	if len(people) > most {
		shown = people[:most-1]
	}
	var names []string
	for _, id := range shown {
		names = append(names, nameOf(id))
	}
	text := strings.Join(names, ", ")
	if more := len(people) - len(shown); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
