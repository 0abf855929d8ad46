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

// superPeerCommands attach super-peers to the workspace; they talk to the running
// node, unlike the command above them, which runs a super-peer.
func (s *session) superPeerCommands() []*cobra.Command {
	return []*cobra.Command{s.superPeerAdd(), s.superPeerList(), s.superPeerRemove()}
}

func (s *session) superPeerAdd() *cobra.Command {
	return &cobra.Command{
		Use: "add SETUP-CODE", Short: "Attach a super-peer to the workspace (owners)", Args: cobra.MinimumNArgs(1), // a code that was broken into lines comes in pieces
		Long: "Attaches a super-peer to the workspace. With - for the code it is read from standard input, so that it stays out of\n" +
			"the shell's history and of the list of processes. Only owners may.",
		RunE: func(cmd *cobra.Command, args []string) error {
			code, err := s.setupCode(args)
			if err != nil {
				return err
			}
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				n := api.NewSuperPeer{Workspace: ws.ID, Code: code}
				added, err := client.Call[api.SuperPeer](ctx, c, "SuperPeers.Add", client.Arg(n))
				if err != nil {
					return err
				}
				return s.print(map[string]api.SuperPeer{"superpeer": added}, func(w io.Writer) {
					fmt.Fprintf(w, "Attached the super-peer %s. It keeps messages for whoever is away, and cannot read them.\n", printable(app.ShortPeer(added.ID)))
				})
			})
		},
	}
}

// maxSetupCode bounds a set-up code that is read, in bytes.
const maxSetupCode = 16 << 10

// setupCode is what was given as arguments, or for "-" what stands in the input.
func (s *session) setupCode(args []string) (string, error) {
	if len(args) != 1 || args[0] != "-" {
		return strings.Join(args, ""), nil
	}
	if isTerminal(s.Stdin) {
		fmt.Fprintln(s.Stderr, "Paste the set-up code, then press Ctrl-D on a line of its own.")
	}
	text, err := io.ReadAll(io.LimitReader(s.Stdin, maxSetupCode))
	if err != nil {
		return "", fmt.Errorf("read the set-up code: %w", err)
	}
	if len(strings.TrimSpace(string(text))) == 0 {
		return "", invalid("There is no set-up code in the input: write it there, as in \"parvis superpeer add - < code.txt\".")
	}
	return string(text), nil
}

func (s *session) superPeerList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "List the super-peers of the workspace", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := client.Call[[]api.SuperPeer](ctx, c, "SuperPeers.List", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				return s.print(map[string][]api.SuperPeer{"superpeers": list(all)}, func(w io.Writer) { showSuperPeers(w, all) })
			})
		},
	}
}

func showSuperPeers(w io.Writer, all []api.SuperPeer) {
	var rows [][]string
	for _, p := range all {
		rows = append(rows, []string{app.ShortPeer(p.ID), p.State, strconv.Itoa(p.Queued), room(p), strings.Join(p.Addrs, " ")})
	}
	table(w, "SUPER-PEER STATE WAITING ROOM ADDRESSES", rows)
	for _, p := range all {
		if p.Problem != "" {
			fmt.Fprintln(w, "!", printable(p.Problem))
		}
	}
}

// room is how full the share of this device is: used and all of it. What is not known
// yet is a dash; where nothing more is taken there is nothing to be used up.
func room(p api.SuperPeer) string {
	switch {
	case p.State == "full":
		return quantity(p.Used, p.Used) + ", no more"
	case p.Limit == 0 || p.State == "connecting" && p.LastContact == 0:
		return "–"
	}
	return strings.Fields(quantity(p.Used, p.Limit))[0] + "/" + quantity(p.Limit, p.Limit)
}

// quantity is a number of bytes in the unit that fits a whole.
func quantity(bytes, whole int64) string {
	unit, shift := "KiB", 10
	if whole >= 10<<20 {
		unit, shift = "MiB", 20
	}
	return strconv.FormatInt((bytes+1<<shift-1)>>shift, 10) + " " + unit
}

func (s *session) superPeerRemove() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "remove ID", Short: "Take a super-peer from the workspace (owners)", Args: cobra.ExactArgs(1),
		Long: "Takes a super-peer from the workspace, named by its id as \"parvis superpeer list\" shows it. Where something waits for\n" +
			"others that, as far as this device knows, lies only there, it says how much and removes nothing without --force.\n" +
			"Only owners may.",
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				all, err := client.Call[[]api.SuperPeer](ctx, c, "SuperPeers.List", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				p, err := findSuperPeer(args[0], all)
				if err != nil {
					return err
				}
				if p.Alone > 0 && !force && ws.Role == "owner" { // others may not anyway, and hear whom to ask
					return waitsOnly(p.Alone)
				}
				id := p.ID
				if _, err := client.Call[*client.Nothing](ctx, c, "SuperPeers.Remove", client.Arg(ws.ID), client.Arg(id)); err != nil {
					return err
				}
				return s.print(map[string]map[string]string{"superpeer": {"id": id, "state": "removed"}}, func(w io.Writer) {
					fmt.Fprintf(w, "Removed the super-peer %s. What it holds stays sealed; ask whoever runs it to delete it.\n", printable(app.ShortPeer(id)))
				})
			})
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "remove it even if something lies only there")
	return cmd
}

// waitsOnly refuses to remove a super-peer that alone keeps something for others.
func waitsOnly(count int) error {
	wait := strconv.Itoa(count) + " items wait for others at this super-peer only"
	if count == 1 {
		wait = "1 item waits for others at this super-peer only"
	}
	return &failure{code: api.CodeRefused, exit: ExitFailed, message: wait +
		". Keep it until the others were online or another super-peer has everything, or remove it all the same with --force."}
}

// findSuperPeer finds one by its peer id, which has capital letters, or by the end of it
// as it is shown, or the beginning.
func findSuperPeer(wanted string, all []api.SuperPeer) (api.SuperPeer, error) {
	var found []api.SuperPeer
	for _, p := range all {
		if p.ID == wanted {
			return p, nil
		}
		if len(wanted) >= minPrefix && (strings.HasPrefix(p.ID, wanted) || strings.HasSuffix(p.ID, wanted)) {
			found = append(found, p)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return api.SuperPeer{}, &failure{code: api.CodeNotFound, message: "There is no super-peer " + quote(wanted) + ". See: parvis superpeer list", exit: ExitFailed}
	default:
		var ids []string
		for _, p := range found {
			ids = append(ids, app.ShortPeer(p.ID))
		}
		return api.SuperPeer{}, invalid("Several super-peers are meant by %s: name one by its id (%s).", quote(wanted), strings.Join(ids, ", "))
	}
}
