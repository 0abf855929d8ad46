// Package cli is the api of a node from a terminal, and the commands that run a node.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"parvis/app"
	"parvis/app/web"
)

// The exit codes of the program.
const (
	ExitDone    = 0
	ExitFailed  = 1 // refused or failed
	ExitUsage   = 2 // the command line itself is wrong
	ExitNoNode  = 3 // no node runs on this data folder
	ExitTimeout = 4
)

// Window is what the desktop flavour is asked to open.
type Window struct {
	Node    *app.App    // not started yet
	Browser *web.Server // to start after the node; nil unless asked for
	Assets  fs.FS       // the built page
	Data    string      // the data folder
	Link    string      // the parvis:// link it was opened with, or empty

	Started func() // to call once the node has started: says what a person should know about the keys
	Ended   func() // to call before the node is closed because the system ends the program; takes at most half a second
}

// Program is one run of the command line.
type Program struct {
	Version string
	// Window opens the desktop window and returns when it was closed. Nil in the
	// headless flavour, which serves instead.
	Window         func(ctx context.Context, w Window) error
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
}

// session holds the global flags of one run.
type session struct {
	Program
	data       string
	workspace  string
	json       bool
	verbose    bool
	timeout    time.Duration
	passphrase passphraseFlags
	node       nodeFlags
	started    bool // the command line was understood
	codesEnded ended
}

// Run executes one command line and returns its exit code.
func (p Program) Run(ctx context.Context, args []string) int {
	s := &session{Program: p}
	root := s.root()
	root.SetArgs(args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return ExitDone
	}
	if !s.started {
		s.json = s.json || slices.Contains(args, "--json") // what stands behind a wrong flag was not read
		err = &failure{code: "usage", message: firstUpper(err.Error()) + ". Usage: " + command.UseLine() + " (more: --help)", exit: ExitUsage}
	}
	return s.report(err)
}

func (s *session) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "parvis",
		Short:         "Talk, write and decide together, without a server",
		Long:          "Parvis connects the computers of a team directly and encrypts everything between them.\nWithout a command it opens the window, or, without a desktop, serves the browser interface.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          s.linkOnly,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			err := cmd.ValidateRequiredFlags()
			s.started = err == nil
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if s.Window == nil {
				return s.serve(cmd.Context())
			}
			return s.window(cmd.Context(), args)
		},
	}
	root.Version = s.Version // cobra adds --version
	root.SetVersionTemplate("parvis {{.Version}}\n")
	flags := root.PersistentFlags()
	flags.StringVar(&s.data, "data", filepath.Join(xdg.DataHome, "parvis"), "folder that holds everything of this node")
	flags.StringVarP(&s.workspace, "workspace", "w", "", "workspace, by id or name (default: the only one)")
	flags.BoolVar(&s.json, "json", false, "print one JSON document")
	flags.BoolVar(&s.verbose, "verbose", false, "say more on stderr")
	flags.Var(newSpan(&s.timeout, 30*time.Second), "timeout", "how long a command waits for the node")
	s.node.add(root.Flags(), s.defaultUI())
	s.passphrase.add(root.Flags())
	root.AddCommand(s.serveCommand(), s.statusCommand(), s.doctorCommand(), s.workspaceCommand(), s.inviteCommand(), s.joinCommand(),
		s.peopleCommand(), s.deviceCommand(), s.spaceCommand(), s.channelCommand(), s.chatCommand(), s.callCommand(), s.docCommand(), s.superPeerCommand(),
		s.bundleCommand(), s.lockCommand(), s.unlockCommand(), s.protectionCommand(), s.auditCommand(), s.recoveryCommand(), s.backupCommand(), s.restoreCommand(), s.versionCommand())
	root.SetHelpCommand(helpCommand())
	sayWhatIsMissing(root)
	return root
}

// defaultUI: a window needs no open port, the headless node is nothing without one.
func (s *session) defaultUI() string {
	if s.Window != nil {
		return ""
	}
	return "127.0.0.1:0"
}

// linkOnly is what the program may be started with besides a command: the link
// that a browser or mail program hands over.
func (s *session) linkOnly(_ *cobra.Command, args []string) error {
	switch {
	case len(args) == 0:
		return nil
	case len(args) == 1 && s.Window != nil && strings.HasPrefix(args[0], "parvis://"):
		return nil
	case strings.HasPrefix(args[0], "parvis://"):
		return errors.New(`to join with a link: parvis join LINK --as "Your name"`)
	}
	return fmt.Errorf("unknown command %q", args[0])
}

func (s *session) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return s.print(map[string]string{"version": s.Version}, func(w io.Writer) { fmt.Fprintln(w, "parvis", s.Version) })
		},
	}
}

// group is a command that only holds others.
func group(use, short string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{Use: use, Short: short, Args: cobra.ArbitraryArgs, RunE: func(cmd *cobra.Command, args []string) error {
		sentence := "Say what to do: " + strings.Join(names(commands), ", ") + "."
		if len(args) > 0 {
			sentence = fmt.Sprintf("Unknown command %q. %s", args[0], sentence)
		}
		return &failure{code: "usage", message: sentence, exit: ExitUsage}
	}}
	cmd.AddCommand(commands...)
	return cmd
}

func names(commands []*cobra.Command) []string {
	var all []string
	for _, c := range commands {
		all = append(all, c.CommandPath())
	}
	return all
}
