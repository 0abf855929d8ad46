package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) workspaceLeave() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "leave", Short: "Leave the workspace with all your devices", Args: cobra.NoArgs,
		Long: "Leave the workspace with all your devices. What you wrote stays with the others, and what is on this computer stays on it. This data folder\n" +
			"cannot come back into the workspace: to come back you need a new invitation, on another computer or with a new data folder (--data), and you are a new person there.\n\n" +
			"It asks first. Where nobody can be asked, as in a script, --yes is needed.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.inAtLeisure(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				if err := s.sure(ctx, yes, leavingText(ws)); err != nil {
					return err
				}
				if err := does(ctx, c, "Members.Leave", ws.ID); err != nil {
					return err
				}
				return s.print(map[string]idName{"workspace": {ws.ID, ws.Name}}, func(w io.Writer) {
					fmt.Fprintf(w, "You left %s. To come back you need a new invitation and a new data folder (--data).\n", printable(ws.Name))
				})
			})
		},
	}
	addYes(cmd, &yes)
	return cmd
}

// leavingText is what somebody should know before leaving a workspace.
func leavingText(ws api.Workspace) string {
	text := "You leave " + quote(ws.Name) + " with all your devices: nothing new arrives on them, and they cannot come back."
	if ws.Queued > 0 {
		text += " " + count(ws.Queued, "thing that you wrote is", "things that you wrote are") + " not with anybody else yet and may stay here."
	}
	return text
}

func (s *session) workspaceForget() *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "forget WORKSPACE", Short: "Delete from this computer a workspace that you left or were removed from", Args: cobra.ExactArgs(1),
		Long: "Delete from this computer all that is here of a workspace that you left, or that you or this device were removed from: its messages, documents,\n" +
			"files and keys. Until then it stays here to be read. What the others have stays with them, and a backup keeps what is in it.\n\n" +
			"It asks first. Where nobody can be asked, as in a script, --yes is needed.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.atLeisure(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				all, err := client.Call[[]api.Workspace](ctx, c, "Workspaces.List")
				if err != nil {
					return err
				}
				ws, err := theOne(args[0], all)
				if err != nil {
					return err
				}
				if ws.Removal == nil || ws.Removal.How == "suspended" {
					return invalid("You are still in %s. Leave it first (parvis workspace leave), then it can be forgotten here.", quote(ws.Name))
				}
				about := "All that is on this computer of " + quote(ws.Name) + " is deleted: messages, documents, files and keys. This cannot be undone; what the others have stays with them."
				if err := s.sure(ctx, yes, about); err != nil {
					return err
				}
				if err := does(ctx, c, "Workspaces.Forget", ws.ID); err != nil {
					return err
				}
				return s.print(map[string]idName{"workspace": {ws.ID, ws.Name}}, func(w io.Writer) {
					fmt.Fprintf(w, "Deleted %s from this computer.\n", printable(ws.Name))
				})
			})
		},
	}
	addYes(cmd, &yes)
	return cmd
}
