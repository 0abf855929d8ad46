package cli

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) backupCommand() *cobra.Command {
	var passphrase string
	var force bool
	cmd := &cobra.Command{
		Use: "backup FILE", Short: "Write everything to one file that your recovery key opens", Args: cobra.ExactArgs(1),
		Long: "Write everything that this node holds to one age file: membership logs, messages, documents, pictures, keys, settings.\n" +
			"Your recovery key opens it, or, with --passphrase-file, a passphrase; then both are needed to restore it.\n" +
			"The keys of this device are not in it: whoever restores it is a new device. The age program (1.3 or newer) opens the file.\n\n" +
			"The file is written beside its place, flushed, read back and compared; only then does it get its name. With --force it replaces a file that has\n" +
			"it already: the old one stays whole until the new one is.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := freeFile(args[0], force); err != nil {
				return err
			}
			to, err := newBackup(args[0], passphrase)
			if err != nil {
				return err
			}
			return s.atLeisure(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				made, err := client.Call[api.BackupMade](ctx, c, "Recoveries.Backup", client.Arg(to))
				if err != nil {
					return err
				}
				return s.print(map[string]api.BackupMade{"backup": made}, func(w io.Writer) { showBackup(w, made, to.Passphrase != "") })
			})
		},
	}
	addForce(cmd, &force)
	cmd.Flags().StringVar(&passphrase, "passphrase-file", "", "seal it with the passphrase in the first line of this file")
	return cmd
}

func newBackup(path, passphraseFile string) (api.NewBackup, error) {
	whole, err := filepath.Abs(path)
	if err != nil {
		return api.NewBackup{}, invalid("The file cannot be written: %s.", err.Error())
	}
	to := api.NewBackup{Path: whole}
	if passphraseFile != "" {
		if to.Passphrase, err = readPassphraseFile(passphraseFile); err != nil {
			return to, invalid("%s.", firstUpper(err.Error()))
		}
	}
	return to, nil
}

func showBackup(w io.Writer, made api.BackupMade, passphrase bool) {
	fmt.Fprintf(w, "%s: %s with %s, %s and %s of files; %d bytes, read back and compared.\n", printable(made.Path), count(made.Workspaces, "workspace", "workspaces"),
		count(made.Envelopes, "message or change", "messages and changes"), count(made.Entries, "log entry", "log entries"), count(made.Blocks, "block", "blocks"), made.Bytes)
	if made.Omitted > 0 {
		fmt.Fprintf(w, "! Not in it: %s that this device has not finished joining.\n", count(made.Omitted, "workspace", "workspaces"))
	}
	needs := "the file and your recovery key"
	if passphrase {
		needs = "the file, the passphrase that it is sealed with, and your recovery key"
	}
	fmt.Fprintf(w, "Keep it on another disk. To restore it you need %s.\n", needs)
}

func (s *session) restoreCommand() *cobra.Command {
	var passphrase string
	var onPaper bool
	var wait time.Duration
	cmd := &cobra.Command{
		Use: "restore FILE | restore --paper LINK", Short: "Come back from a backup, or with the recovery key alone", Args: cobra.MinimumNArgs(1),
		Long: "Start a node on an empty data folder (parvis serve --data DIR), then restore into it. It becomes a new device of yours.\n" +
			"The words of the recovery key are asked for, or read from the standard input.\n\n" +
			"With a FILE that parvis backup wrote, everything in it comes back at once, and the others are told of the new device.\n" +
			"With --paper and a LINK that a member made (parvis recovery link), everything comes back from the members.",
		RunE: func(cmd *cobra.Command, args []string) error {
			words, err := s.askPaper(cmd.Context(), "The 24 words of your recovery key, in one line: ")
			if err != nil {
				return err
			}
			if onPaper {
				return s.returnBy(cmd.Context(), api.Return{Link: strings.Join(args, " "), Words: words, WaitMs: wait.Milliseconds()})
			}
			if strings.HasPrefix(args[0], "parvis://") {
				return invalid("That is a link. To come back with the recovery key alone: parvis restore --paper LINK")
			}
			from, err := newBackup(args[0], passphrase)
			if err != nil {
				return err
			}
			return s.atLeisure(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				restored, err := client.Call[api.Restored](ctx, c, "Recoveries.Restore", client.Arg(api.Restore{Path: from.Path, Words: words, Passphrase: from.Passphrase}))
				if err != nil {
					return err
				}
				return s.print(map[string]api.Restored{"restored": restored}, func(w io.Writer) { showRestored(w, restored) })
			})
		},
	}
	cmd.Flags().BoolVar(&onPaper, "paper", false, "with the recovery key alone, through a member's link")
	cmd.Flags().StringVar(&passphrase, "passphrase-file", "", "the passphrase of the backup, in the first line of this file")
	cmd.Flags().Var(newSpan(&wait, returnWait), "wait", "how long to wait for a member to answer")
	return cmd
}

// returnBy comes back through a member's link.
func (s *session) returnBy(ctx context.Context, back api.Return) error {
	return s.atLeisure(ctx, func(ctx context.Context, c *client.Client) error {
		ws, err := client.Call[api.Workspace](ctx, c, "Recoveries.Return", client.Arg(back))
		if err != nil {
			return err
		}
		return s.print(map[string]idName{"workspace": {ws.ID, ws.Name}}, func(w io.Writer) {
			fmt.Fprintf(w, "You are back in %s, with a new device. What was written comes from the members who are online.\n", short(ws.ID))
			fmt.Fprintln(w, "Remove the devices that you have lost: parvis device list, parvis recovery remove-device DEVICE")
		})
	})
}

func showRestored(w io.Writer, r api.Restored) {
	fmt.Fprintf(w, "The backup was made on %s.\n", clock(r.Made))
	for _, ws := range r.Workspaces {
		name := printable(ws.Name)
		if name == "" {
			name = short(ws.ID)
		}
		switch ws.State {
		case "restored":
			fmt.Fprintf(w, "%s: %s, %s and %s of files. This is a new device there.\n", name, count(ws.Envelopes, "message or change", "messages and changes"),
				count(ws.Entries, "log entry", "log entries"), count(ws.Blocks, "block", "blocks"))
		case "known":
			fmt.Fprintf(w, "%s was here already; %s were added.\n", name, count(ws.Envelopes, "message or change", "messages and changes"))
		case "other-key":
			fmt.Fprintf(w, "! %s needs another recovery key and was left out.\n", name)
		default:
			fmt.Fprintf(w, "! You are no longer in %s; it was left out.\n", name)
		}
		if ws.Refused > 0 {
			fmt.Fprintf(w, "! %d of it were refused; the rest is in.\n", ws.Refused)
		}
	}
	fmt.Fprintln(w, "The others hear of this device when one of them can be reached. If nobody lets it in, ask a member for a link: parvis recovery link")
	fmt.Fprintln(w, "Remove the devices that you have lost: parvis device list, parvis recovery remove-device DEVICE")
}
