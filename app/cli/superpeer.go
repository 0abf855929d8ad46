package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"parvis/app/superpeer"
)

// superPeerFlags are those of the command that runs a super-peer.
type superPeerFlags struct {
	listen, announce []string
	limit            byteSize
	metrics          string
	showCode         bool
	newCode          bool
	noCalls          bool
	guests           guestFlags
}

func (s *session) superPeerCommand() *cobra.Command {
	f := superPeerFlags{limit: 50 << 30}
	cmd := &cobra.Command{
		Use: "superpeer", Short: "Run a super-peer: an always-on mailbox, relay and carrier of calls that can read nothing", Args: cobra.NoArgs,
		Long: "Runs a super-peer until it is told to stop. It stores, relays and carries what it cannot read, for the workspaces whose\n" +
			"owner attached it with \"parvis superpeer add CODE\". Until the first one did, the code is in its first line; later\n" +
			"--show-code brings it back, also while it runs, and --new-code makes another one. It can read nothing that it keeps, so\n" +
			"there are no keys to protect with a passphrase. Its folder is parvis-superpeer beside those of nodes,\n" +
			"unless --data names another. Its log on stderr is JSON.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !cmd.Flags().Changed("data") {
				s.data = filepath.Join(xdg.DataHome, "parvis-superpeer") // beside a node's, not in it
			}
			return s.superPeer(cmd.Context(), f)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&f.listen, "listen", nil, "multiaddress to listen on, such as /ip4/0.0.0.0/tcp/443; may be repeated (default: all interfaces, at the first start port 443 if permitted, else 4443, then the same port)")
	flags.StringArrayVar(&f.announce, "announce", nil, "multiaddress that devices reach it at, such as /dns/parvis.example.org/udp/443/quic-v1; may be repeated")
	flags.Var(&f.limit, "store-limit", "room for the objects of all devices, each of which has a share of 2GiB and 100MiB a day; from 95 % on it takes no more; the file may be a quarter larger, and 40MB come on top")
	flags.StringVar(&f.metrics, "metrics", "127.0.0.1:9464", "address of /healthz and /metrics; empty for none")
	flags.BoolVar(&f.showCode, "show-code", false, "print the set-up code, though a workspace is attached already; of one that runs, without stopping it")
	flags.BoolVar(&f.newCode, "new-code", false, "replace the set-up code, so that those given out so far are void, and print it; what is attached stays so")
	flags.BoolVar(&f.noCalls, "no-calls", false, "do not carry the sound and pictures of calls; then one of the participants does")
	f.guests.add(flags)
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		if strings.Contains(err.Error(), "--unprotected") || strings.Contains(err.Error(), "--passphrase-file") {
			return errors.New("a super-peer has no keys that open what it keeps, so it needs neither a passphrase nor --unprotected: leave them out")
		}
		return err
	})
	cmd.AddCommand(s.superPeerCommands()...)
	return cmd
}

// superPeerReady is the first line of a super-peer.
type superPeerReady struct {
	Event   string   `json:"event"`
	Setup   string   `json:"setup,omitempty"` // once a workspace is attached only for who asks
	Peer    string   `json:"peer"`
	Addrs   []string `json:"addrs"`
	Metrics string   `json:"metrics"`
	Guests  string   `json:"guests,omitempty"`
}

// superPeer runs until SIGTERM, SIGINT or the end of ctx.
func (s *session) superPeer(ctx context.Context, f superPeerFlags) (err error) {
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	level := slog.LevelInfo
	if s.verbose {
		level = slog.LevelDebug
	}
	if err := errors.Join(checkAddrs("listen", superpeer.CheckListen, f.listen), checkAddrs("announce", superpeer.CheckAnnounce, f.announce)); err != nil {
		return err
	}
	if (f.showCode || f.newCode) && !superpeer.Exists(s.data) {
		return &failure{code: "not-found", message: "There is no super-peer in " + s.data + ". Check --data; a new one shows its code without being asked.", exit: ExitFailed}
	}
	guests, err := f.guests.config()
	if err != nil {
		return err
	}
	log := slog.New(slog.NewJSONHandler(s.Stderr, &slog.HandlerOptions{Level: level}))
	peer := superpeer.New(superpeer.Config{
		Data: s.data, Listen: f.listen, Announce: f.announce, StoreLimit: int64(f.limit), Metrics: f.metrics,
		NewCode: f.newCode, NoCalls: f.noCalls, Guests: guests, Thrifty: s.Getenv("GOMEMLIMIT") == "", Log: log,
	})
	if err := peer.Start(ctx); err != nil {
		if f.showCode && !f.newCode && errors.Is(err, superpeer.ErrRuns) {
			return errors.Join(s.printCode(), peer.Close())
		}
		return errors.Join(err, peer.Close())
	}
	defer func() { err = errors.Join(err, peer.Close()) }()
	code := ""
	if f.showCode || f.newCode || !peer.Attached() {
		code = peer.Setup()
	}
	line, _ := json.Marshal(superPeerReady{"ready", code, peer.Peer(), list(peer.Addrs()), peer.Metrics(), guests.URL})
	if _, err := fmt.Fprintln(s.Stdout, string(line)); err != nil {
		return fmt.Errorf("print the ready line: %w", err)
	}
	if isTerminal(s.Stderr) {
		fmt.Fprint(s.Stderr, superPeerHint(code))
	}
	<-ctx.Done()
	stop() // a second signal ends the program at once
	return nil
}

// printCode shows the code of a super-peer that runs already, and leaves it running.
func (s *session) printCode() error {
	code, err := superpeer.SetupOf(s.data)
	if err != nil {
		return err
	}
	return s.printLine(map[string]string{"event": "running", "setup": code})
}

// superPeerHint says what to do next.
func superPeerHint(code string) string {
	if code == "" {
		return "\nThe super-peer runs. To attach it to a further workspace, show its code with --show-code, in another terminal too.\n"
	}
	return fmt.Sprintf("\nThe super-peer runs. Attach it to a workspace with\n  parvis superpeer add '%s'\nor, so that the code does not stay in the shell's history, with\n  parvis superpeer add -\nWho has this code may decide who uses it: give it to owners only.\n", code)
}

// byteSize is a flag with a size.
type byteSize int64

// Set reads a size such as 500MiB, 50GiB or 2TB.
func (b *byteSize) Set(text string) error {
	digits := strings.TrimRight(text, "BKMGTikmgtb")
	n, err := strconv.ParseFloat(digits, 64)
	factor, known := map[string]float64{
		"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
	}[strings.ToLower(text[len(digits):])]
	if n *= factor; err != nil || !known || !(n >= 1<<20 && n < math.MaxInt64) {
		return errors.New(`a size is a number with MiB, GiB or TiB behind it, such as "50GiB", and at least 1MiB`)
	}
	*b = byteSize(n)
	return nil
}

// String writes the largest unit that fits.
func (b *byteSize) String() string {
	for _, unit := range []struct {
		name string
		size byteSize
	}{{"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}} {
		if *b >= unit.size && *b%unit.size == 0 {
			return strconv.FormatInt(int64(*b/unit.size), 10) + unit.name
		}
	}
	return strconv.FormatInt(int64(*b), 10)
}

// Type names the kind of value in help texts.
func (b *byteSize) Type() string { return "size" }
