package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"parvis/app"
	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) recoveryCommand() *cobra.Command {
	return group("recovery", "Be prepared for the loss of all devices", s.recoveryStatus(), s.recoveryShow(), s.recoveryConfirm(), s.recoveryLink(), s.recoveryRemove(), s.recoveryIdentity())
}

func (s *session) recoveryStatus() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Say whether the recovery key was saved, and when the last backup was made", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				status, err := client.Call[api.Recovery](ctx, c, "Recoveries.Status")
				if err != nil {
					return err
				}
				return s.print(map[string]api.Recovery{"recovery": status}, func(w io.Writer) { showRecovery(w, status) })
			})
		},
	}
}

func showRecovery(w io.Writer, r api.Recovery) {
	switch r.Paper {
	case api.PaperNone:
		fmt.Fprintln(w, "There is no workspace on this device yet, so there is nothing to recover.")
	case api.PaperUnsaved:
		fmt.Fprintln(w, "Your recovery key is not saved yet. Write it down: parvis recovery show, then: parvis recovery confirm")
	case api.PaperElsewhere:
		fmt.Fprintln(w, "Your recovery key was made on another device and is not known to be saved. Look there.")
	case api.PaperSaved:
		fmt.Fprintf(w, "Your recovery key was saved on %s. It is on paper only.\n", clock(r.Saved))
	}
	if r.Needed {
		fmt.Fprintln(w, "Nobody can be invited before it is saved.")
	}
	if r.Backup == 0 {
		fmt.Fprintln(w, "There is no backup. Make one: parvis backup FILE")
	} else {
		fmt.Fprintf(w, "The last backup was written and read back on %s: %s\n", clock(r.Backup), printable(r.BackupPath))
	}
	for _, ws := range r.Returning {
		fmt.Fprintf(w, "! In workspace %s nobody knows of this device yet. Ask a member for a link (parvis recovery link) and open it: parvis restore --paper LINK\n", short(ws))
	}
}

func (s *session) recoveryShow() *cobra.Command {
	var language string
	cmd := &cobra.Command{
		Use: "show", Short: "Show the recovery key, to be written down", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				key, err := client.Call[api.PaperKey](ctx, c, "Recoveries.Show", client.Arg(language))
				if err != nil {
					return err
				}
				return s.print(map[string]api.PaperKey{"key": key}, func(w io.Writer) { showPaper(w, key) })
			})
		},
	}
	cmd.Flags().StringVar(&language, "language", "en", "language of the words: en or fr")
	return cmd
}

func showPaper(w io.Writer, key api.PaperKey) {
	fmt.Fprintln(w, "Write these 24 words on paper, with their numbers, and keep the paper where you keep your passport.")
	fmt.Fprintln(w, "Whoever has them can read your workspaces and act as you. Nobody can give them to you again.")
	fmt.Fprintln(w)
	const columns, rows = 4, 6
	for row := range rows {
		for column := range columns {
			if i := column*rows + row; i < len(key.Words) {
				fmt.Fprintf(w, "%3d %s%s", i+1, key.Words[i], strings.Repeat(" ", max(1, 12-len([]rune(key.Words[i])))))
			}
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "\nThe same in one line: %s\n\n", key.Text)
	fmt.Fprintf(w, "Then type words %s to show that you have them: parvis recovery confirm\n", places(key.Ask))
}

// places names the words that are asked for.
func places(ask []int) string {
	var all []string
	for _, place := range ask {
		all = append(all, fmt.Sprint(place))
	}
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

func (s *session) recoveryConfirm() *cobra.Command {
	return &cobra.Command{
		Use: "confirm [WORD…]", Short: "Type some words of the recovery key back; it then leaves this computer",
		Long: "Type the words that parvis recovery show asks for, in their order, or the whole key. Without any it asks for them.\n" +
			"The key then leaves this computer: only your paper has it.",
		RunE: func(cmd *cobra.Command, args []string) error {
			typed := strings.Join(args, " ")
			if typed == "" {
				var err error
				if typed, err = s.askPaper(cmd.Context(), "Type the words that were asked for, in one line: "); err != nil {
					return err
				}
			}
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				if _, err := client.Call[*client.Nothing](ctx, c, "Recoveries.Confirm", client.Arg(typed)); err != nil {
					return err
				}
				return s.print(map[string]map[string]string{"recovery": {"paper": api.PaperSaved}}, func(w io.Writer) {
					fmt.Fprintln(w, "Right. The recovery key is on your paper only now. Make a backup too: parvis backup FILE")
				})
			})
		},
	}
}

// askPaper reads words of a recovery key: from a script all of its input, at a terminal
// lines until there are enough words, or an empty one.
func (s *session) askPaper(ctx context.Context, prompt string) (string, error) {
	terminal, ok := s.terminal()
	if !ok {
		all, err := io.ReadAll(io.LimitReader(s.Stdin, 4<<10))
		if err != nil || strings.TrimSpace(string(all)) == "" {
			return "", invalid("The words of the recovery key are missing. Give them on the standard input.")
		}
		return string(all), nil
	}
	fmt.Fprint(s.Stderr, prompt)
	return typedLine(ctx, terminal)
}

func (s *session) recoveryLink() *cobra.Command {
	return &cobra.Command{
		Use: "link", Short: "Make a link for a member who has lost all devices but not the recovery key", Args: cobra.NoArgs,
		Long: "Make a link for a member who has lost all devices but not the recovery key. It holds no secret: without the key it opens nothing.\n" +
			"For a day this node answers strangers who bring one. The member opens it with: parvis restore --paper LINK",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.in(cmd.Context(), func(ctx context.Context, c *client.Client, ws api.Workspace) error {
				link, err := client.Call[api.ReturnLink](ctx, c, "Recoveries.Offer", client.Arg(ws.ID))
				if err != nil {
					return err
				}
				return s.print(map[string]api.ReturnLink{"link": link}, func(w io.Writer) { fmt.Fprintln(w, printable(link.Link)) })
			})
		},
	}
}

func (s *session) recoveryRemove() *cobra.Command {
	return &cobra.Command{
		Use: "remove-device DEVICE", Short: "Remove a lost device with the recovery key", Args: cobra.ExactArgs(1),
		Long: "Remove one of your devices with the recovery key, which outranks all of them: use it when the lost one is your oldest, or when somebody may have it.\n" +
			"The words are asked for, or read from the standard input.",
		RunE: func(cmd *cobra.Command, args []string) error {
			words, err := s.askPaper(cmd.Context(), "The 24 words of your recovery key, in one line: ")
			if err != nil {
				return err
			}
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				d, err := oneDevice(ctx, c, args[0])
				if err != nil {
					return err
				}
				if _, err := client.Call[*client.Nothing](ctx, c, "Recoveries.RemoveLost", client.Arg(d.ID), client.Arg(words)); err != nil {
					return err
				}
				return s.print(map[string]map[string]string{"device": {"id": d.ID, "state": "removed"}}, func(w io.Writer) {
					fmt.Fprintf(w, "Removed %s. It cannot read anything that is written from now on.\n", short(d.ID))
				})
			})
		},
	}
}

func (s *session) recoveryIdentity() *cobra.Command {
	return &cobra.Command{
		Use: "identity", Short: "Print the age identity of the recovery key, for other programs that open backups", Args: cobra.NoArgs,
		Long: "Print the age identity that belongs to the words of a recovery key. With it the age program (1.3 or newer) opens a backup:\n" +
			"  parvis recovery identity > key.txt; age --decrypt -i key.txt backup.age | tar x\n" +
			"The words are asked for, or read from the standard input; no node is needed. Whoever has the identity can read the backups.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			words, err := s.askPaper(cmd.Context(), "The 24 words of your recovery key, in one line: ")
			if err != nil {
				return err
			}
			identity, err := app.AgeIdentity(words)
			if err != nil {
				return invalid("%s", firstUpper(err.Error())+".")
			}
			return s.print(map[string]string{"identity": identity}, func(w io.Writer) { fmt.Fprintln(w, identity) })
		},
	}
}

// atLeisure runs one command about the whole node without a limit of time: it depends on
// how much there is.
func (s *session) atLeisure(ctx context.Context, do func(ctx context.Context, c *client.Client) error) error {
	if err := s.with(ctx, func(context.Context, *client.Client) error { return nil }); err != nil {
		return err
	}
	c, err := s.dial(ctx, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	return do(ctx, c)
}

// returnWait is how long restore waits for a member to answer.
const returnWait = time.Minute
