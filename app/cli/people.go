package cli

import (
	"context"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) peopleCommand() *cobra.Command {
	return group("people", "See who is in the workspace, and change it", s.verifyCommand(), s.introduceCommand(), s.personRemove(), s.personRole(), s.personTransfer(), s.personConfirm(), s.personMatters(), s.personConsent(), s.personDepose(), &cobra.Command{
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
						rows = append(rows, []string{short(p.ID), p.Name, p.Role, trusted(p, all), seen(p), strconv.Itoa(p.Devices)})
					}
					table(w, "ID NAME ROLE STATE SEEN DEVICES", rows)
				})
			})
		},
	})
}

// trusted is how sure one can be of a person, and who says that they verified them.
func trusted(p api.Person, all []api.Person) string {
	var names []string
	for _, other := range all {
		if slices.Contains(p.VerifiedBy, other.ID) {
			names = append(names, other.Name)
		}
	}
	if len(names) == 0 || out(p) {
		return p.State
	}
	return p.State + " (verified by " + strings.Join(names, " and ") + ")"
}

// out reports whether a person left or was removed.
func out(p api.Person) bool { return p.State == "left" || p.State == "removed" }

func seen(p api.Person) string {
	if p.Online {
		return "online"
	}
	return clock(p.LastSeen)
}
