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
					fmt.Fprintf(w, "Made %s (%s). Save your recovery key (parvis recovery show), then invite people with: parvis invite create\n", printable(ws.Name), short(ws.ID))
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
						rows = append(rows, []string{short(ws.ID), ws.Name, ws.Role, stateOf(ws), strconv.Itoa(ws.Online) + "/" + strconv.Itoa(ws.People)})
					}
					table(w, "ID NAME ROLE STATE ONLINE", rows)
				})
			})
		},
	}
	return group("workspace", "Make, list and leave workspaces", create, all, s.workspaceRules(), s.workspaceLeave(), s.workspaceForget())
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
		Use: "join LINK --as PERSON", Short: "Join a workspace with an invitation link", Args: cobra.MinimumNArgs(1), // a link that was broken into lines comes in pieces
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), wait+s.timeout)
			defer cancel()
			return s.withEvents(ctx, func(ctx context.Context, c *client.Client, news <-chan struct{}) error {
				return s.join(ctx, c, strings.Join(args, " "), as, wait, news)
			})
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "your name, as the others will read it")
	cmd.Flags().Var(newSpan(&wait, time.Minute), "wait", "how long to wait for the keys; the node keeps trying afterwards")
	_ = cmd.MarkFlagRequired("as")
	return cmd
}

// joinResult is what the join came to.
type joinResult struct {
	workspace api.Workspace
	err       error
}

// join asks, and while it waits says for whom and compares codes where wanted.
func (s *session) join(ctx context.Context, c *client.Client, link, as string, wait time.Duration, news <-chan struct{}) error {
	result := make(chan joinResult, 1)
	go func() {
		ws, err := client.Call[api.Workspace](ctx, c, "Workspaces.Join", client.Arg(api.JoinWorkspace{Link: link, Person: as, WaitMs: wait.Milliseconds()}))
		result <- joinResult{ws, err}
	}()
	patience := time.NewTimer(min(wait, time.Second))
	defer patience.Stop()
	codes := make(chan error, 1)
	go func() { codes <- s.newCodes().keepLooking(ctx, c, news) }()
	for {
		select {
		case r := <-result:
			return s.joined(r, as)
		case <-patience.C:
			fmt.Fprintln(s.Stderr, "Waiting for a computer of the workspace …")
		case err := <-codes:
			if err != nil {
				return err
			}
		case <-c.Done():
			return client.ErrClosed
		}
	}
}

// joined prints what a join came to.
func (s *session) joined(r joinResult, as string) error {
	if r.err != nil {
		return r.err
	}
	if r.workspace.State != "ready" {
		return &failure{code: api.CodeTimeout, message: "Nobody who could let you in was reached yet (waiting for a computer of the workspace). The node keeps trying; see: parvis workspace list", exit: ExitTimeout}
	}
	return s.print(joined{idName{r.workspace.ID, r.workspace.Name}, idName{r.workspace.Self, as}}, func(w io.Writer) {
		fmt.Fprintf(w, "Joined %s (%s) as %s.\n", printable(r.workspace.Name), short(r.workspace.ID), printable(as))
	})
}
