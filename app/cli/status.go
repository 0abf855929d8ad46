package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"parvis/app"
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
				shown := statusOf{Status: status}
				if waiting, err := client.Call[[]api.Waiting](ctx, c, "Settings.Waiting"); err == nil {
					shown.Waiting = list(waiting)
				}
				return s.print(shown, func(w io.Writer) {
					showStatus(w, status)
					showWaiting(w, shown.Waiting)
				})
			})
		},
	}
}

// statusOf is the state of a node and what is on it alone.
type statusOf struct {
	api.Status
	Waiting []api.Waiting `json:"waiting"` // null: not known, of a node that is locked or still starts
}

// showWaiting says what waits for whom, a line for each workspace.
func showWaiting(w io.Writer, waiting []api.Waiting) {
	for i, one := range waiting {
		if i == 0 {
			fmt.Fprintln(w)
		}
		whom := "your other devices"
		if len(one.People) > 0 {
			whom = strings.Join(one.People, ", ")
		}
		items := "1 item waits"
		if one.Count != 1 {
			items = strconv.Itoa(one.Count) + " items wait"
		}
		fmt.Fprintf(w, "%s: %s on this computer alone, for %s.\n", printable(one.Name), items, printable(whom))
	}
}

// stateOf is how a workspace stands, in a word.
func stateOf(ws api.Workspace) string {
	switch {
	case ws.Stopped != "":
		return "stopped"
	case suspended(ws) || ws.Removal != nil && ws.Removal.How == "left":
		return ws.Removal.How
	}
	return ws.State
}

// suspended reports whether the own person waits for somebody to confirm it.
func suspended(ws api.Workspace) bool { return ws.Removal != nil && ws.Removal.How == "suspended" }

// showIsolated says that only the own local networks are reached, or will be.
func showIsolated(w io.Writer, isolated string) {
	switch isolated {
	case api.IsolatedNow:
		fmt.Fprintln(w, "Isolated mode is on: only computers on the same local networks are reached, super-peers elsewhere are not.")
	case api.IsolatedNext:
		fmt.Fprintln(w, "! Isolated mode takes effect when Parvis is started again: until then packets still leave the local network. Stop Parvis and start it.")
	}
}

func showStatus(w io.Writer, status api.Status) {
	if status.Locked && status.Fresh {
		fmt.Fprintf(w, "No passphrase was chosen yet, and there is no keyring here that keeps the keys: choose one on the page of this node or with \"parvis unlock\". Version %s.\n", status.Version)
		return
	}
	if status.Locked {
		fmt.Fprintf(w, "The keys of this node are locked: give the passphrase on its page or with \"parvis unlock\". Version %s.\n", status.Version)
		return
	}
	fmt.Fprintf(w, "Node %s, version %s, network %s, disk %s, keys protected by: %s\n", app.ShortPeer(status.Peer), status.Version, status.Network, status.Disk, status.Protection)
	showIsolated(w, status.Isolated)
	if r := status.Recovery; r != nil && r.Paper != api.PaperNone {
		showRecovery(w, *r)
	}
	for _, problem := range status.Problems {
		fmt.Fprintln(w, "!", printable(problem))
	}
	for _, addr := range status.Addrs {
		fmt.Fprintln(w, "  listens on", addr)
	}
	fmt.Fprintln(w)
	var rows [][]string
	for _, ws := range status.Workspaces {
		rows = append(rows, []string{short(ws.ID), ws.Name, stateOf(ws), strconv.Itoa(ws.Online) + "/" + strconv.Itoa(ws.People), strconv.Itoa(ws.Queued), strconv.Itoa(ws.HeldBySuperPeer), strconv.Itoa(ws.SuperPeersUp) + "/" + strconv.Itoa(ws.SuperPeers)})
	}
	table(w, "WORKSPACE NAME STATE ONLINE WAITING HELD SUPER-PEERS", rows)
	for _, ws := range status.Workspaces {
		if suspended(ws) {
			fmt.Fprintln(w, "!", removalText(ws, nil))
		}
	}
	fmt.Fprintln(w)
	rows = nil
	for _, p := range status.Peers {
		rows = append(rows, []string{app.ShortPeer(p.Peer), p.Name, p.Path, strconv.FormatInt(p.RTTMs, 10) + "ms"})
	}
	table(w, "PEER PERSON PATH RTT", rows)
}
