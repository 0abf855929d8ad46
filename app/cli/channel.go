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

func (s *session) channelCommand() *cobra.Command {
	return group("channel", "Make and list channels and direct conversations", s.channelCreate(), s.channelDirect(), s.channelList())
}

func (s *session) channelCreate() *cobra.Command {
	var in string
	cmd := &cobra.Command{
		Use: "create NAME", Short: "Make a channel", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				spaceID, err := space(ctx, c, ws, in)
				if err != nil {
					return err
				}
				made, err := client.Call[api.Channel](ctx, c, "Chat.CreateChannel", client.Arg(api.NewChannel{Workspace: ws.ID, Space: spaceID, Name: args[0]}))
				return s.printChannel(made, err)
			})
		},
	}
	cmd.Flags().StringVar(&in, "space", "", "the space it belongs to (default: everybody's)")
	return cmd
}

func (s *session) channelDirect() *cobra.Command {
	return &cobra.Command{
		Use: "direct PERSON…", Short: "Open the conversation with some people alone", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				direct := api.Direct{Workspace: ws.ID}
				for _, name := range args {
					p, err := person(ctx, c, ws.ID, name)
					if err != nil {
						return err
					}
					direct.People = append(direct.People, p.ID)
				}
				made, err := client.Call[api.Channel](ctx, c, "Chat.OpenDirect", client.Arg(direct))
				return s.printChannel(made, err)
			})
		},
	}
}

func (s *session) printChannel(made api.Channel, err error) error {
	if err != nil {
		return err
	}
	return s.print(map[string]api.Channel{"channel": made}, func(w io.Writer) {
		fmt.Fprintf(w, "%s (%s)\n", printable(made.Name), short(made.ID))
	})
}

func (s *session) channelList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the channels and direct conversations", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := client.Call[[]api.Channel](ctx, c, "Chat.Channels", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				return s.print(map[string][]api.Channel{"channels": list(all)}, func(w io.Writer) {
					var rows [][]string
					for _, ch := range all {
						rows = append(rows, []string{short(ch.ID), ch.Name, ch.Kind, strconv.Itoa(ch.Unread)})
					}
					table(w, "ID NAME KIND UNREAD", rows)
				})
			})
		},
	}
}
