package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/audit"
	"parvis/app/web/client"
)

func (s *session) auditCommand() *cobra.Command {
	return group("audit", "See who did what to the membership of the workspace", s.auditList(), s.auditExport(), s.auditVerify())
}

func (s *session) auditList() *cobra.Command {
	var of string
	query := api.AuditQuery{}
	cmd := &cobra.Command{
		Use: "list", Short: "List who did what to whom, the newest last", Args: cobra.NoArgs,
		Long: "Lists the signed entries of the membership log: who did what to whom, with which role and device. Times are those of the\n" +
			"authors' clocks; nothing proves them. What does not count says why. Guests see what they did and what was done to them.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if query.Limit < 1 || query.Limit > audit.MaxPage {
				return invalid("A list has 1 to %s lines. Choose another --limit.", fmt.Sprint(audit.MaxPage))
			}
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				query.Workspace = ws.ID
				if of != "" {
					p, err := person(ctx, c, ws.ID, of)
					if err != nil {
						return err
					}
					query.Person = p.ID
				}
				page, err := client.Call[api.AuditPage](ctx, c, "Audit.List", client.Arg(query))
				if err != nil {
					return err
				}
				page.Lines, page.Forks, page.People = list(page.Lines), list(page.Forks), list(page.People)
				return s.print(map[string]api.AuditPage{"audit": page}, func(w io.Writer) { showAudit(w, page) })
			})
		},
	}
	cmd.Flags().StringVar(&of, "person", "", "only what this person did and what was done to them")
	cmd.Flags().IntVar(&query.Limit, "limit", 100, "how many lines")
	cmd.Flags().IntVar(&query.Before, "before", 0, "only lines before this number")
	cmd.Flags().BoolVar(&query.Routine, "routine", false, "also keys and acknowledgements")
	return cmd
}

func showAudit(w io.Writer, page api.AuditPage) {
	if !page.Whole {
		fmt.Fprintln(w, "You are a guest: these are only your own acts and what was done to you.")
	}
	if page.More {
		fmt.Fprintf(w, "There are older lines. See them with: parvis audit list --before %d\n", page.Lines[0].N)
	}
	fmt.Fprintln(w, "Times are those of the authors' clocks.")
	for _, l := range page.Lines {
		text := l.Text
		if !l.Kept {
			text = "not kept: " + text + ", because " + l.Reason
		}
		fmt.Fprintf(w, "%4d  %s  %s\n", l.N, clock(l.Clock), printable(text))
	}
	for _, f := range page.Forks {
		fmt.Fprintf(w, "! Lines %d and %d: device %s of %s wrote both for the same place. It was copied, restored from a backup, or taken over.\n",
			f.First, f.Second, short(f.Device), printable(f.Name))
	}
}

func (s *session) auditExport() *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use: "export FILE", Short: "Write the whole log to one file that anybody can verify", Args: cobra.ExactArgs(1),
		Long: "Writes the whole membership log to one JSON file: every signed entry, and what they say in words. Anybody verifies it, without a\n" +
			"node: parvis audit verify FILE\nThe file holds no key of the workspace. It does hold the names of its people as this device knows them, and who is in which\n" +
			"space. A FILE that is there already is replaced with --force only; - is standard output.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "-" {
				if err := freeFile(args[0], force); err != nil {
					return err
				}
			}
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				made, err := client.Call[api.AuditExported](ctx, c, "Audit.Export", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				data, err := c.Get(ctx, "/content/export/"+made.Token)
				if err != nil {
					return err
				}
				if args[0] == "-" {
					_, err = s.Stdout.Write(data)
					return err
				}
				if err := replaceFile(args[0], data); err != nil {
					return invalid("The file cannot be written: %s. Choose another place.", err.Error())
				}
				record := map[string]any{"file": args[0], "bytes": len(data), "entries": made.Entries}
				return s.print(map[string]any{"audit": record}, func(w io.Writer) {
					fmt.Fprintf(w, "%s: %s; %d bytes. Check it with: parvis audit verify FILE\n", printable(args[0]), count(made.Entries, "entry", "entries"), len(data))
				})
			})
		},
	}
	addForce(cmd, &force)
	return cmd
}

// replaceFile writes a file beside its place first: there is never half of it under its
// name.
func replaceFile(name string, data []byte) error {
	part, err := os.CreateTemp(filepath.Dir(name), ".parvis-*.part")
	if err != nil {
		return err
	}
	_, err = part.Write(data)
	if err = errors.Join(err, part.Sync(), part.Close()); err == nil {
		err = os.Rename(part.Name(), name)
	}
	if err != nil {
		_ = os.Remove(part.Name())
	}
	return err
}

// verified is what scripts read of a file that holds. Claims are what the exporter says
// and nothing proves.
type verified struct {
	Holds     bool           `json:"holds"`
	Workspace string         `json:"workspace"`
	Entries   int            `json:"entries"`
	NotKept   int            `json:"notKept"`
	Forks     []audit.Fork   `json:"forks"`
	People    []audit.Person `json:"people"`
	Heads     []string       `json:"heads"`
	Claims    audit.Claims   `json:"claims"`
}

func (s *session) auditVerify() *cobra.Command {
	return &cobra.Command{
		Use: "verify FILE", Short: "Check a file that parvis audit export wrote; needs no node", Args: cobra.ExactArgs(1),
		Long: "Checks every signature in the file, replays the rules of the membership from the first entry on, and compares every line, person,\n" +
			"role and device with what the entries say. The exit code is 1 when something does not hold, with the sentence what it is.\n" +
			"It needs no node and no network. A file - is standard input.",
		RunE: func(_ *cobra.Command, args []string) error {
			in := s.Stdin
			if args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return invalid("The file cannot be read: %s.", err.Error())
				}
				defer file.Close()
				in = file
			}
			report, err := audit.Verify(in)
			if problem, ok := errors.AsType[*audit.Problem](err); ok {
				return &failure{code: "does-not-hold", message: printable(problem.Sentence), exit: ExitFailed}
			}
			if err != nil {
				return invalid("The file cannot be read: %s.", err.Error())
			}
			v := verified{true, report.Workspace, len(report.Lines), 0, list(report.Forks), report.People, report.Heads, report.Claims}
			for _, l := range report.Lines {
				if !l.Kept {
					v.NotKept++
				}
			}
			return s.print(map[string]verified{"audit": v}, func(w io.Writer) { showVerified(w, v, report.Lines) })
		},
	}
}

func showVerified(w io.Writer, v verified, lines []audit.Line) {
	fmt.Fprintf(w, "The audit log of workspace %s holds: %s, %s to %s by the authors' clocks.\n", short(v.Workspace),
		count(v.Entries, "entry", "entries"), clock(lines[0].ClockMs), clock(lines[len(lines)-1].ClockMs))
	fmt.Fprintln(w, "All signatures are right, every entry keeps to the rules, and every line says what its entry says.")
	standing := map[string]int{}
	for _, p := range v.People {
		standing[p.Status]++
	}
	fmt.Fprintf(w, "People: %d active, %d suspended, %d left, %d removed. Not kept: %s. Forks: %d.\n", standing["active"], standing["suspended"],
		standing["left"], standing["removed"], count(v.NotKept, "entry", "entries"), len(v.Forks))
	fmt.Fprintln(w, "What the file cannot show:")
	fmt.Fprintf(w, "- The names are what the exporter says, as is the name of the workspace (%s).\n", quote(printable(v.Claims.Workspace)))
	fmt.Fprintln(w, "- Entries that nobody here had seen may have been left out, at the end or beside others. Another member's export of the same log ends with the same:")
	shown := make([]string, len(v.Heads))
	for i, h := range v.Heads {
		shown[i] = h[:min(len(h), 16)]
	}
	fmt.Fprintf(w, "  %s\n", strings.Join(shown, " "))
}
