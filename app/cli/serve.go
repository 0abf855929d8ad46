package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"parvis/app"
	"parvis/app/web"
	"parvis/frontend"
)

// nodeFlags are those of the commands that run a node.
type nodeFlags struct {
	listen []string
	ui     string
	supers []string
	noMDNS bool
	alone  bool
}

func (n *nodeFlags) add(flags *pflag.FlagSet, ui string) {
	flags.StringArrayVar(&n.listen, "listen", nil, "multiaddress to listen on for peers, such as /ip4/0.0.0.0/udp/4001/quic-v1; may be repeated (default: all interfaces, free ports)")
	flags.StringVar(&n.ui, "ui", ui, "loopback address of the browser interface")
	flags.StringArrayVar(&n.supers, "super-peer", nil, "multiaddress with /p2p/ID of a super-peer of a workspace, when it is elsewhere than before; may be repeated")
	flags.BoolVar(&n.noMDNS, "no-mdns", false, "do not look for peers on the local network")
	flags.BoolVar(&n.alone, "isolated", false, "reach computers on the own local networks only; nothing leaves them")
}

// config turns the flags into what the node needs.
func (s *session) config(ctx context.Context) app.Config {
	return app.Config{
		Data:           s.data,
		Listen:         s.node.listen,
		UI:             s.node.ui,
		NoMDNS:         s.node.noMDNS,
		SuperPeers:     s.node.supers,
		Isolated:       s.node.alone,
		Passphrase:     s.asker(ctx),
		PassphraseFrom: s.given(),
		Unprotected:    s.passphrase.unprotected,
		Version:        s.Version,
		Log:            s.log(),
	}
}

func (s *session) log() *slog.Logger {
	level := slog.LevelWarn
	if s.verbose {
		level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(s.Stderr, &slog.HandlerOptions{Level: level}))
}

func (s *session) serveCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "Run a node and its browser interface until it is told to stop", Args: cobra.NoArgs,
		Long: "Runs a node and its browser interface. The first line on stdout is JSON with the address of the page. Told to stop, by Ctrl+C\n" +
			"or SIGTERM, it says on stderr what is on this computer alone, and for whom; a second time ends it at once.",
		RunE: func(cmd *cobra.Command, _ []string) error { return s.serve(cmd.Context()) },
	}
	s.node.add(cmd.Flags(), "127.0.0.1:0")
	s.passphrase.add(cmd.Flags())
	return cmd
}

// prepare checks the flags and makes the data folder.
func (s *session) prepare() error {
	if err := errors.Join(s.checkProtection(), checkAddrs("listen", app.CheckListen, s.node.listen)); err != nil {
		return err
	}
	if err := os.MkdirAll(s.data, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	return nil
}

// checkAddrs refuses addresses of a flag before anything is opened.
func checkAddrs(flag string, check func([]string) error, addrs []string) error {
	if err := check(addrs); err != nil {
		return &failure{code: "usage", message: "--" + flag + ": " + err.Error() + ".", exit: ExitUsage}
	}
	return nil
}

// ready is the first line of a node that serves.
type ready struct {
	Event string   `json:"event"`
	UI    string   `json:"ui"`
	Peer  string   `json:"peer"`
	Addrs []string `json:"addrs"`
}

// serve runs until SIGTERM, SIGINT or the end of ctx.
func (s *session) serve(ctx context.Context) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := s.prepare(); err != nil {
		return err
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx)) // a signal leaves the node a moment to hand over what it has
	defer end()
	started := context.AfterFunc(ctx, end)
	node := app.New(s.config(ctx))
	if err := node.Start(life); err != nil {
		return errors.Join(err, node.Close())
	}
	defer func() { err = errors.Join(err, node.Close()) }()
	browser := s.browser(node)
	if err := browser.Start(life); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, browser.Close()) }()
	line, _ := json.Marshal(ready{"ready", browser.URL(), node.Peer(), list(node.Addrs())})
	if _, err := fmt.Fprintln(s.Stdout, string(line)); err != nil {
		return fmt.Errorf("print the ready line: %w", err)
	}
	s.sayProtection(node)
	if isTerminal(s.Stderr) {
		fmt.Fprintf(s.Stderr, "\nParvis runs. Open this address in a browser; Ctrl+C stops it.\n  %s\n", browser.URL())
	}
	started()
	<-ctx.Done()
	stop() // a second signal ends the program at once
	time.AfterFunc(leaving, end)
	s.farewell(life, node)
	return nil
}

// sayProtection names what a person should know about the keys.
func (s *session) sayProtection(node *app.App) {
	status, err := node.API().Settings.Status()
	switch {
	case err != nil:
	case status.Locked && status.Fresh:
		fmt.Fprintln(s.Stderr, "There is no keyring here to keep your keys: choose a passphrase on the page, or start with --passphrase-file FILE or PARVIS_PASSPHRASE.")
	case status.Locked:
		fmt.Fprintln(s.Stderr, "The keys are locked: enter the passphrase on the page, or start with --passphrase-file FILE or PARVIS_PASSPHRASE.")
	case status.Protection == "none":
		fmt.Fprintf(s.Stderr, "The keys lie UNPROTECTED in %s: whoever can read that folder can read everything.\n", s.data)
	}
}

// browser is the loopback interface of a node.
func (s *session) browser(node *app.App) *web.Server {
	return &web.Server{Listen: s.node.ui, Backend: node.API().Wire(), Content: web.Content(node.API().Content), Media: node.Page(), Assets: frontend.Dist(), Data: s.data, Log: s.log()}
}

// window opens the desktop window, with the loopback interface only when asked for.
func (s *session) window(ctx context.Context, args []string) error {
	if err := s.prepare(); err != nil {
		return err
	}
	w := Window{Node: app.New(s.config(ctx)), Assets: frontend.Dist(), Data: s.data}
	if s.node.ui != "" {
		w.Browser = s.browser(w.Node)
	}
	if len(args) > 0 {
		w.Link = args[0]
	}
	w.Started = func() { s.sayProtection(w.Node) }
	w.Ended = func() { s.farewell(context.WithoutCancel(ctx), w.Node) }
	return s.Window(ctx, w)
}

func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
