package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

// idName is how a workspace or person stands in a document.
type idName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (s *session) workspaceCommand() *cobra.Command {
	var as string
	create := &cobra.Command{
		Use: "create NAME --as PERSON", Short: "Make a workspace and be its owner", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				ws, err := client.Call[api.Workspace](ctx, c, "Workspaces.Create", client.Arg(api.CreateWorkspace{Name: args[0], Person: as}))
				if err != nil {
					return err
				}
				return s.print(map[string]idName{"workspace": {ws.ID, ws.Name}}, func(w io.Writer) {
					fmt.Fprintf(w, "Made %s (%s). Invite people with: parvis invite create\n", printable(ws.Name), short(ws.ID))
				})
			})
		},
	}
	create.Flags().StringVar(&as, "as", "", "your name, as the others will read it")
	_ = create.MarkFlagRequired("as")
	all := &cobra.Command{
		Use: "list", Short: "List the workspaces of this node", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				all, err := client.Call[[]api.Workspace](ctx, c, "Workspaces.List")
				if err != nil {
					return err
				}
				return s.print(map[string][]api.Workspace{"workspaces": list(all)}, func(w io.Writer) {
					var rows [][]string
					for _, ws := range all {
						rows = append(rows, []string{short(ws.ID), ws.Name, ws.Role, ws.State, strconv.Itoa(ws.Online) + "/" + strconv.Itoa(ws.People)})
					}
					table(w, "ID NAME ROLE STATE ONLINE", rows)
				})
			})
		},
	}
	return group("workspace", "Make and list workspaces", create, all)
}

// joined is the document of a join.
type joined struct {
	Workspace idName `json:"workspace"`
	Person    idName `json:"person"`
}

func (s *session) joinCommand() *cobra.Command {
	var as string
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "join LINK --as PERSON", Short: "Join a workspace with an invitation link", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), wait+s.timeout)
			defer cancel()
			return s.withEvents(ctx, func(ctx context.Context, c *client.Client, news <-chan struct{}) error {
				return s.join(ctx, c, args[0], as, wait, news)
			})
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "your name, as the others will read it")
	cmd.Flags().DurationVar(&wait, "wait", time.Minute, "how long to wait for the keys; the node keeps trying afterwards")
	_ = cmd.MarkFlagRequired("as")
	return cmd
}

// join asks, then waits until the keys are here and says for whom it waits.
func (s *session) join(ctx context.Context, c *client.Client, link, as string, wait time.Duration, news <-chan struct{}) error {
	end := time.NewTimer(wait)
	defer end.Stop()
	look := time.NewTicker(time.Second)
	defer look.Stop()
	first := min(wait, time.Second)
	ws, err := client.Call[api.Workspace](ctx, c, "Workspaces.Join", client.Arg(api.JoinWorkspace{Link: link, Person: as, WaitMs: first.Milliseconds()}))
	said := "nobody yet"
	asking := s.newCodes()
	for {
		if err != nil {
			return err
		}
		if ws.State == "ready" {
			return s.print(joined{idName{ws.ID, ws.Name}, idName{ws.Self, as}}, func(w io.Writer) {
				fmt.Fprintf(w, "Joined %s (%s) as %s.\n", printable(ws.Name), short(ws.ID), printable(as))
			})
		}
		if ws.Waiting != said {
			said = ws.Waiting
			fmt.Fprintf(s.Stderr, "Waiting for %s …\n", whom(said))
		}
		if _, err := asking.look(ctx, c, func(found api.Comparison) bool { return !found.Inviter && found.Workspace == ws.ID }); err != nil {
			return err
		}
		select {
		case <-news:
		case <-look.C:
		case <-end.C:
			return &failure{code: api.CodeTimeout, message: "Nobody who could let you in was reached yet" + waitingFor(said) + ". The node keeps trying; see: parvis workspace list", exit: ExitTimeout}
		case <-c.Done():
			return client.ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
		ws, err = again(ctx, c, ws.ID)
	}
}

func waitingFor(said string) string { return " (waiting for " + whom(said) + ")" }

// whom names who has to come online; names are known only after the join.
func whom(said string) string {
	if said == "" {
		return "a computer of the workspace"
	}
	return printable(said)
}

// again reads how a workspace stands now.
func again(ctx context.Context, c *client.Client, id string) (api.Workspace, error) {
	all, err := client.Call[[]api.Workspace](ctx, c, "Workspaces.List")
	if err != nil {
		return api.Workspace{}, err
	}
	for _, ws := range all {
		if ws.ID == id {
			return ws, nil
		}
	}
	return api.Workspace{}, &failure{code: api.CodeRefused, message: "The invitation was not accepted. Ask for a new link.", exit: ExitFailed}
}
