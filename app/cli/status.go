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

func (s *session) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show the node, its workspaces, its peers and what waits for whom", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				status, err := client.Call[api.Status](ctx, c, "Settings.Status")
				if err != nil {
					return err
				}
				status.Workspaces, status.Peers, status.Addrs = list(status.Workspaces), list(status.Peers), list(status.Addrs)
				return s.print(status, func(w io.Writer) { showStatus(w, status) })
			})
		},
	}
}

func showStatus(w io.Writer, status api.Status) {
	if status.Locked {
		fmt.Fprintf(w, "The keys of this node are locked: enter the passphrase on its page, or start it with --passphrase-file. Version %s.\n", status.Version)
		return
	}
	fmt.Fprintf(w, "Node %s, version %s, network %s, disk %s, keys protected by: %s\n", status.Peer, status.Version, status.Network, status.Disk, status.Protection)
	for _, problem := range status.Problems {
		fmt.Fprintln(w, "!", printable(problem))
	}
	for _, addr := range status.Addrs {
		fmt.Fprintln(w, "  listens on", addr)
	}
	fmt.Fprintln(w)
	var rows [][]string
	for _, ws := range status.Workspaces {
		rows = append(rows, []string{short(ws.ID), ws.Name, ws.State, strconv.Itoa(ws.Online) + "/" + strconv.Itoa(ws.People), strconv.Itoa(ws.Queued)})
	}
	table(w, "WORKSPACE NAME STATE ONLINE WAITING", rows)
	fmt.Fprintln(w)
	rows = nil
	for _, p := range status.Peers {
		rows = append(rows, []string{short(p.Peer), p.Name, p.Path, strconv.FormatInt(p.RTTMs, 10) + "ms"})
	}
	table(w, "PEER PERSON PATH RTT", rows)
}
