package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"parvis/app/api"
	"parvis/app/web/client"
)

func (s *session) lockCommand() *cobra.Command {
	return &cobra.Command{
		Use: "lock", Short: "Lock the node until its passphrase is given again", Args: cobra.NoArgs,
		Long: "Lock the node until its passphrase is given again, on the page or with \"parvis unlock\". Meanwhile it keeps no keys in memory, and nothing is sent or received.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				if _, err := client.Call[*client.Nothing](ctx, c, "Settings.Lock"); err != nil {
					return err
				}
				return s.print(map[string]string{"state": "locked"}, func(w io.Writer) { fmt.Fprintln(w, "Locked. To go on: parvis unlock") })
			})
		},
	}
}

func (s *session) unlockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "unlock", Short: "Give the passphrase to a locked node", Args: cobra.NoArgs,
		Long: "Give the passphrase to a locked node, or choose one for a node that has none yet and no keyring. Once the recovery key was saved on this computer, its 24 words are as good: type them in place of the passphrase.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				passphrase, err := s.askFor(ctx)
				if err != nil {
					return err
				}
				if err := does(ctx, c, "Settings.Unlock", passphrase); err != nil {
					return err
				}
				return s.print(map[string]string{"state": "open"}, func(w io.Writer) { fmt.Fprintln(w, "Unlocked.") })
			})
		},
	}
	s.passphrase.addFile(cmd.Flags())
	return cmd
}

// askFor gets the passphrase of now from wherever it comes.
func (s *session) askFor(ctx context.Context) (string, error) {
	ask := s.asker(ctx)
	if ask == nil {
		return "", invalid("The passphrase is needed: use a terminal, --passphrase-file or PARVIS_PASSPHRASE.")
	}
	return ask()
}

func (s *session) protectionCommand() *cobra.Command {
	var autoLock, next string
	var keyring bool
	cmd := &cobra.Command{
		Use: "protection", Short: "Show or change what guards the keys on this computer", Args: cobra.NoArgs,
		Long: "Show or change what guards the keys on this computer. A keyring opens them when you log in: it protects a computer that is off. A passphrase is asked\n" +
			"for at each start; only with one can Parvis be locked. Nobody can restore a forgotten passphrase: only the words of the recovery key, typed in its\n" +
			"place, open the keys then, and change it.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return s.with(cmd.Context(), func(ctx context.Context, c *client.Client) error {
				if err := s.protect(ctx, c, next, keyring, autoLock); err != nil {
					return err
				}
				p, err := client.Call[api.Protection](ctx, c, "Settings.Protection")
				if err != nil {
					return err
				}
				return s.print(map[string]api.Protection{"protection": p}, func(w io.Writer) {
					showProtection(w, p)
					if next != "" && p.From != "" && p.From != whole(next) {
						fmt.Fprintf(w, "! Parvis was started with the passphrase from %s. Put the new one there as well: with the old one it does not start any more.\n", printable(p.From))
					}
				})
			})
		},
	}
	cmd.Flags().StringVar(&next, "new-passphrase-file", "", "ask for the passphrase in the first line of this file from now on, at each start")
	cmd.Flags().BoolVar(&keyring, "keyring", false, "let the system's keyring open the keys from now on")
	cmd.Flags().StringVar(&autoLock, "auto-lock", "", "lock after so long without use, such as 10m; never: not at all")
	cmd.MarkFlagsMutuallyExclusive("new-passphrase-file", "keyring")
	s.passphrase.addFile(cmd.Flags())
	return cmd
}

// protect makes the changes that were asked for.
func (s *session) protect(ctx context.Context, c *client.Client, next string, keyring bool, autoLock string) error {
	before, err := client.Call[api.Protection](ctx, c, "Settings.Protection")
	if err != nil {
		return err
	}
	old := ""
	if (before.Kind == "passphrase" || before.Kind == "recovery") && (next != "" || keyring) {
		if old, err = s.askFor(ctx); err != nil {
			return err
		}
	}
	if next != "" {
		passphrase, err := readPassphraseFile(next)
		if err == nil {
			err = does(ctx, c, "Settings.SetPassphrase", api.NewPassphrase{Old: old, New: passphrase})
		}
		if err != nil {
			return err
		}
	}
	if keyring {
		if err := does(ctx, c, "Settings.UseKeyring", old); err != nil {
			return err
		}
	}
	if autoLock == "" {
		return nil
	}
	var after time.Duration
	if autoLock != "never" {
		if err := newSpan(&after, 0).Set(autoLock); err != nil {
			return invalid("--auto-lock is a time such as 10m, or never.")
		}
		if after < time.Minute {
			return invalid("--auto-lock is at least 1m.")
		}
	}
	return does(ctx, c, "Settings.SetAutoLock", int((after+time.Minute-1)/time.Minute))
}

func showProtection(w io.Writer, p api.Protection) {
	kinds := map[string]string{
		"keyring": "The system's keyring opens the keys.", "passphrase": "A passphrase is asked for at each start.",
		"recovery": "The system's keyring has lost the key: only the recovery key opens the keys. Choose a passphrase (--new-passphrase-file) or the keyring (--keyring) anew.",
		"none":     "The keys lie UNPROTECTED: whoever can read the data folder can read everything.",
	}
	fmt.Fprintln(w, kinds[p.Kind])
	switch {
	case p.Kind != "passphrase":
	case p.Recovery:
		fmt.Fprintln(w, "The 24 words of the recovery key open them as well.")
	default:
		fmt.Fprintln(w, "The recovery key does not open them on this computer. To let it: parvis recovery confirm, with all 24 words.")
	}
	if p.AutoLock > 0 {
		fmt.Fprintf(w, "Parvis locks itself after %s without use.\n", strings.TrimSuffix((time.Duration(p.AutoLock)*time.Minute).String(), "0s"))
	} else if p.Kind == "passphrase" {
		fmt.Fprintln(w, "Parvis does not lock itself.")
	}
	disks := map[string]string{"on": "The system encrypts the disk.", "off": "The system does not encrypt the disk: switch its disk encryption on."}
	if text := disks[p.Disk]; text != "" {
		fmt.Fprintln(w, text)
	}
}
