package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// sayWhatIsMissing lets every command below root name the words that it lacks or
// has too many of, as its use line calls them.
func sayWhatIsMissing(root *cobra.Command) {
	for _, cmd := range root.Commands() {
		sayWhatIsMissing(cmd)
		wanted := placeholders(cmd.Use)
		given := cmd.Args
		if given == nil || len(wanted) == 0 {
			continue
		}
		cmd.Args = func(cmd *cobra.Command, args []string) error {
			err := given(cmd, args)
			switch {
			case err == nil:
				return nil
			case len(args) < len(wanted):
				return fmt.Errorf("%s is missing", wanted[len(args)])
			default:
				return fmt.Errorf("%q is too much: put a text of several words into quotes", args[len(wanted)])
			}
		}
		cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
			return fmt.Errorf("%w; a text that begins with - goes behind --", err)
		})
	}
}

// placeholders are the words of a use line that stand for what a person writes:
// CHANNEL and TEXT of "send CHANNEL TEXT".
func placeholders(use string) []string {
	var all []string
	for _, word := range strings.Fields(use)[1:] {
		if strings.HasPrefix(word, "-") || strings.HasPrefix(word, "[") {
			break
		}
		if word == strings.ToUpper(word) {
			all = append(all, word)
		}
	}
	return all
}

// helpCommand shows the help of a command, and says where there is none.
func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [command]", Short: "Show how a command is used", Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			about, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return &failure{code: "usage", message: fmt.Sprintf("There is no command %q. All commands: parvis --help", strings.Join(args, " ")), exit: ExitUsage}
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}
