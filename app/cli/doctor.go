package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use: "doctor", Short: "Test the network and say what to do about what does not work", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				found, err := client.Call[api.Diagnosis](ctx, c, "Settings.Doctor")
				if err != nil {
					return err
				}
				return s.print(map[string][]api.Check{"checks": list(found.Checks)}, func(w io.Writer) { showDoctor(w, found.Checks) })
			})
		},
	}
}

func showDoctor(w io.Writer, checks []api.Check) {
	for _, c := range checks {
		fmt.Fprintf(w, "%-4s  %-10s  %s\n", c.Result, c.Name, printable(c.Detail))
		if c.Remedy != "" {
			fmt.Fprintf(w, "                  → %s\n", printable(c.Remedy))
		}
	}
}
