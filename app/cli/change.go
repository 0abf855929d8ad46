package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) chatEdit() *cobra.Command {
	return &cobra.Command{
		Use: "edit ID TEXT", Short: "Change the text of your message", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.change(cmd.Context(), "Chat.Edit", args[0], api.MessageChange{Text: args[1]})
		},
	}
}

func (s *session) chatDelete() *cobra.Command {
	return &cobra.Command{
		Use: "delete ID", Short: "Delete your message", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.change(cmd.Context(), "Chat.Delete", args[0], api.MessageChange{})
		},
	}
}

func (s *session) chatReact() *cobra.Command {
	var remove bool
	cmd := &cobra.Command{
		Use: "react ID EMOJI", Short: "Add a reaction to a message", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.change(cmd.Context(), "Chat.React", args[0], api.MessageChange{Text: args[1], Remove: remove})
		},
	}
	cmd.Flags().BoolVar(&remove, "remove", false, "take your reaction back")
	return cmd
}

// change changes the message that id names, in whichever channel it stands.
func (s *session) change(ctx context.Context, method, id string, change api.MessageChange) error {
	return s.in(ctx, func(ctx context.Context, c *client.Client, ws api.Workspace) error {
		var err error
		change.Workspace = ws.ID
		if change.Channel, change.ID, err = message(ctx, c, ws, id); err != nil {
			return err
		}
		if _, err := client.Call[*client.Nothing](ctx, c, method, client.Arg(change)); err != nil {
			return err
		}
		return s.print(map[string]map[string]string{"message": {"id": change.ID}}, func(w io.Writer) { fmt.Fprintln(w, short(change.ID)) })
	})
}

// message finds a message of the workspace by its id or the beginning of it.
func message(ctx context.Context, c *client.Client, ws api.Workspace, wanted string) (channel, id string, err error) {
	all, err := client.Call[[]api.Channel](ctx, c, "Chat.Channels", client.Arg(ws.ID))
	if err != nil {
		return "", "", err
	}
	for _, ch := range all {
		id, err := messageIn(ctx, c, ch, wanted)
		if err == nil {
			return ch.ID, id, nil
		}
		if f, isFailure := errors.AsType[*failure](err); !isFailure || f.code != api.CodeNotFound {
			return "", "", err
		}
	}
	return "", "", &failure{code: api.CodeNotFound, message: "There is no message " + quote(wanted) + ". See: parvis chat list CHANNEL --json", exit: ExitFailed}
}

// messageIn finds a message of a channel: any one by its full id, one of the
// newest by the beginning of it.
func messageIn(ctx context.Context, c *client.Client, ch api.Channel, wanted string) (string, error) {
	const fullID = 64
	query := api.MessageQuery{Workspace: ch.Workspace, Channel: ch.ID, Limit: 500}
	if len(wanted) == fullID {
		query.Around, query.Limit = wanted, 3
	}
	page, err := client.Call[api.MessagePage](ctx, c, "Chat.Messages", client.Arg(query))
	if e, ok := errors.AsType[*api.Error](err); ok && e.Code == api.CodeNotFound {
		page = api.MessagePage{} // it is not in this channel
	} else if err != nil {
		return "", err
	}
	things := make([]named, len(page.Messages))
	for i, m := range page.Messages {
		things[i] = named{m.ID, m.ID}
	}
	i, err := find("message", strings.ToLower(wanted), things)
	if err != nil {
		return "", err
	}
	return things[i].id, nil
}
