package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parvis/app/store"
	"parvis/crdt/seal"
	"parvis/p2p/mailbox"
)

func TestSizesAreReadAndWritten(t *testing.T) {
	for text, want := range map[string]byteSize{
		"50GiB": 50 << 30, "500MiB": 500 << 20, "1TiB": 1 << 40, "2TB": 2e12, "1.5GiB": 3 << 29, "1048576": 1 << 20, "20gb": 20e9,
	} {
		var got byteSize
		if err := got.Set(text); err != nil || got != want {
			t.Errorf("%s is read as %d, %v", text, got, err)
		}
		var again byteSize
		if err := again.Set(got.String()); err != nil || again != got {
			t.Errorf("%s is written as %s", text, got.String())
		}
	}
	for _, text := range []string{"", "GiB", "-1GiB", "NaN", "1e30TiB", "5PiB", "1KiB", "0", "1 000 GiB", "infGiB"} {
		var got byteSize
		if err := got.Set(text); err == nil {
			t.Errorf("%q is read as %d", text, got)
		}
	}
}

// readyLine is the first line of a super-peer on a folder, which then ends.
func readyLine(t *testing.T, data string, flags ...string) superPeerReady {
	t.Helper()
	return readyLineWhile(t, data, func() {}, flags...)
}

// readyLineWhile is readyLine of one that ends when something was done.
func readyLineWhile(t *testing.T, data string, do func(), flags ...string) (line superPeerReady) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	reader, writer := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		program := Program{Stdin: strings.NewReader(""), Stdout: writer, Stderr: io.Discard, Getenv: func(string) string { return "set" }}
		ended <- program.Run(ctx, append([]string{"superpeer", "--data", data, "--listen", "/ip4/127.0.0.1/tcp/0", "--metrics", ""}, flags...))
		_ = writer.Close()
	}()
	if err := json.NewDecoder(reader).Decode(&line); err != nil {
		t.Fatal(err)
	}
	do()
	stop()
	if exit := <-ended; exit != ExitDone {
		t.Errorf("exit %d", exit)
	}
	return line
}

func TestTheSetUpCodeIsShownUntilAWorkspaceIsAttached(t *testing.T) {
	data := t.TempDir()
	first := readyLine(t, data)
	setup, err := mailbox.ParseSetup(first.Setup)
	if err != nil {
		t.Fatalf("the first line has the code %q: %v", first.Setup, err)
	}
	if again := readyLine(t, data); again.Setup == "" || again.Peer != first.Peer {
		t.Error("the code is hidden before anybody could use it")
	}
	key, err := setup.Peer.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	list, err := mailbox.SignACL([32]byte{1}, mailbox.ACL{Counter: 1, Peers: [][32]byte{key}, Admins: [][32]byte{key}})
	if err != nil {
		t.Fatal(err)
	}
	box := store.NewMailbox(data, store.MailboxLimits{})
	if err := errors.Join(box.Open(t.Context()), box.PutAccess(t.Context(), [32]byte{}, list, func(seal.ID) bool { return true }, 0), box.Close()); err != nil {
		t.Fatal(err)
	}
	if line := readyLine(t, data); line.Setup != "" || line.Peer != first.Peer {
		t.Errorf("the code is shown to every log: %q", line.Setup)
	}
	shown, err := mailbox.ParseSetup(readyLine(t, data, "--show-code").Setup)
	if err != nil || shown.Secret != setup.Secret {
		t.Errorf("--show-code shows another one: %v", err)
	}
	fresh, err := mailbox.ParseSetup(readyLine(t, data, "--new-code").Setup)
	if err != nil || fresh.Secret == setup.Secret || fresh.Peer != setup.Peer {
		t.Errorf("--new-code shows the old one, or of another super-peer: %v", err)
	}
	for _, code := range []string{"", "parvis://superpeer#abc"} {
		if hint := superPeerHint(code); !strings.Contains(hint, code) || code == "" && !strings.Contains(hint, "--show-code") {
			t.Errorf("the hint is %q", hint)
		}
	}
}

func TestASuperPeerThatWasMeantOtherwiseDoesNotStart(t *testing.T) {
	data := filepath.Join(t.TempDir(), "mistyped")
	for want, flags := range map[string][]string{
		"There is no super-peer in " + data: {"--show-code"},
		"\"foo\" is not an address":         {"--announce", "foo"},
	} {
		var said strings.Builder
		program := Program{Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: &said, Getenv: func(string) string { return "set" }}
		code := program.Run(t.Context(), append([]string{"superpeer", "--data", data, "--listen", "/ip4/127.0.0.1/tcp/0", "--metrics", ""}, flags...))
		if code == 0 || !strings.Contains(said.String(), want) {
			t.Errorf("%q: exit %d, %q", flags, code, said.String())
		}
	}
	if _, err := os.Stat(data); err == nil {
		t.Error("it left a folder")
	}
}

// startSuperPeer runs a super-peer on a folder until stop, which waits for its end.
func startSuperPeer(t *testing.T, data string) (line superPeerReady, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		program := Program{Stdin: strings.NewReader(""), Stdout: writer, Stderr: io.Discard, Getenv: func(string) string { return "set" }}
		program.Run(ctx, []string{"superpeer", "--data", data, "--listen", "/ip4/127.0.0.1/tcp/0", "--metrics", ""})
		_ = writer.Close()
	}()
	if err := json.NewDecoder(reader).Decode(&line); err != nil {
		t.Fatal(err)
	}
	return line, func() { cancel(); <-ended }
}

func TestTheCodeOfARunningSuperPeerIsShown(t *testing.T) {
	data := t.TempDir()
	line, stop := startSuperPeer(t, data)
	defer stop()
	for name, c := range map[string]struct {
		flag      string
		exit      int
		out, errs string
	}{
		"shown":    {"--show-code", ExitDone, line.Setup, ""},
		"replaced": {"--new-code", ExitFailed, "", "stop it first"},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs strings.Builder
			program := Program{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs, Getenv: func(string) string { return "set" }}
			exit := program.Run(t.Context(), []string{"superpeer", "--data", data, "--metrics", "", c.flag})
			if exit != c.exit || !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.errs) {
				t.Errorf("exit %d, %q, %q; want %d, %q, %q", exit, out.String(), errs.String(), c.exit, c.out, c.errs)
			}
			if strings.Contains(errs.String(), "super-peer stopped") {
				t.Errorf("says that it stopped, though it never ran: %q", errs.String())
			}
		})
	}
}

// TestTheServiceFitsTheCommand: the unit for systemd starts what there is.
func TestTheServiceFitsTheCommand(t *testing.T) {
	unit, err := os.ReadFile("../../build/linux/parvis-superpeer.service")
	if err != nil {
		t.Fatal(err)
	}
	_, line, _ := strings.Cut(string(unit), "\nExecStart=")
	line, _, _ = strings.Cut(line, "\n")
	words := strings.Fields(line)
	s := &session{Program: Program{Getenv: os.Getenv}}
	command, rest, err := s.root().Find(words[1:])
	if err != nil || command.Name() != "superpeer" {
		t.Fatalf("%q: %v", line, err)
	}
	if err := command.ParseFlags(rest); err != nil || command.Flags().NArg() != 0 {
		t.Errorf("%q: %v, %v", line, err, command.Flags().Args())
	}
}
