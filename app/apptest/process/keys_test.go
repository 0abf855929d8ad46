package process

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/app/web/client"
)

// serveFails runs a node that must not start and returns what it says.
func serveFails(t *testing.T, data string, env []string, flags ...string) string {
	t.Helper()
	command := exec.Command(program, append([]string{"--data", data, "--json", "serve", "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"}, flags...)...)
	command.Env = append(os.Environ(), env...)
	out, err := command.Output()
	exit, ok := err.(*exec.ExitError)
	if !ok || exit.ExitCode() != 1 || len(out) > 0 {
		t.Fatalf("the node ended with %v and printed %q, want exit 1 and nothing", err, out)
	}
	var document struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal(exit.Stderr, &document); err != nil {
		t.Fatalf("stderr is %q, want one JSON document", exit.Stderr)
	}
	t.Logf("%s: %s", document.Error.Code, document.Error.Message)
	return document.Error.Message
}

func TestASecondNodeOnOneFolderIsRefused(t *testing.T) {
	n := start(t)
	found(t, n, "Atelier", "Ana")
	text := serveFails(t, n.Data, nil, "--unprotected")
	if !strings.Contains(text, n.Data) || !strings.Contains(text, "already") {
		t.Errorf("the second node says %q, want the folder and that it is in use already", text)
	}
	say(t, n, "the first goes on")
	n.Kill(t)
	n.Start(t) // a killed node leaves no lock behind
	agree(t, []*clitest.Node{n}, []string{"the first goes on"})
}

// passphraseFile writes a passphrase where --passphrase-file finds it.
func passphraseFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "passphrase")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAPassphraseGuardsTheFolder(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("runs whole nodes: not with -short")
	}
	const right = "corret horse battery stable"
	n := clitest.New(t, program)
	serve := []string{program, "serve", "--data", n.Data, "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"}
	n.Serve = append(serve, "--passphrase-file", passphraseFile(t, right))
	n.Env = []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent"} // no keyring
	n.Start(t)
	found(t, n, "Atelier", "Ana")
	say(t, n, "behind a passphrase")
	n.Stop(t)

	text := serveFails(t, n.Data, n.Env, "--passphrase-file", passphraseFile(t, "wrong horse"))
	if !strings.Contains(strings.ToLower(text), "passphrase") || !strings.Contains(text, "wrong") {
		t.Errorf("a wrong passphrase is answered with %q", text)
	}
	text = serveFails(t, n.Data, n.Env, "--passphrase-file", filepath.Join(t.TempDir(), "nothing"))
	if !strings.Contains(strings.ToLower(text), "passphrase") {
		t.Errorf("a missing passphrase file is answered with %q", text)
	}

	// --unprotected never opens what is protected.
	n.Serve = append(serve, "--unprotected")
	n.Start(t)
	refuse(t, n, "locked", "workspace", "list")
	n.Stop(t)

	// Nobody can be asked: the node runs, locked, and can be unlocked.
	n.Serve = serve
	n.Start(t)
	refuse(t, n, "locked", "workspace", "list")
	refuse(t, n, "locked", "chat", "send", "general", "hello")
	c := talkTo(t, n)
	if s := ask[api.Status](t, c, "Settings.Status"); !s.Locked || s.Peer != "" {
		t.Errorf("the locked node says %+v", s)
	}
	if _, err := client.Call[*client.Nothing](t.Context(), c, "Settings.Unlock", client.Arg("wrong horse")); err == nil || !strings.Contains(err.Error(), `"refused"`) {
		t.Errorf("unlocking with a wrong passphrase: %v, want refused", err)
	}
	ask[*client.Nothing](t, c, "Settings.Unlock", client.Arg(right))
	agree(t, []*clitest.Node{n}, []string{"behind a passphrase"})
	n.Stop(t)

	n.Serve = serve
	n.Env = append(n.Env, "PARVIS_PASSPHRASE="+right)
	n.Start(t)
	agree(t, []*clitest.Node{n}, []string{"behind a passphrase"})

	// It is locked and unlocked while it runs, and gets another passphrase.
	clitest.Run[struct{ State string }](t, n, "lock")
	refuse(t, n, "locked", "chat", "list", "general")
	clitest.Run[struct{ State string }](t, n, "unlock", "--passphrase-file", passphraseFile(t, right))
	agree(t, []*clitest.Node{n}, []string{"behind a passphrase"})
	p := clitest.Run[struct{ Protection api.Protection }](t, n, "protection", "--passphrase-file", passphraseFile(t, right),
		"--new-passphrase-file", passphraseFile(t, "quite another one"), "--auto-lock", "90m").Protection
	if p.Kind != "passphrase" || p.AutoLock != 90 {
		t.Errorf("protection %+v", p)
	}
	clitest.Run[struct{ State string }](t, n, "lock")
	if r := n.Try(t, nil, "unlock", "--passphrase-file", passphraseFile(t, right)); r.Exit != 1 || !strings.Contains(r.Err, "wrong") {
		t.Errorf("the old passphrase: %+v", r)
	}
	clitest.Run[struct{ State string }](t, n, "unlock", "--passphrase-file", passphraseFile(t, "quite another one"))
	agree(t, []*clitest.Node{n}, []string{"behind a passphrase"})
}

func TestANewFolderIsNeverUnprotectedBySilence(t *testing.T) {
	if testing.Short() {
		t.Skip("runs whole nodes: not with -short")
	}
	n := clitest.New(t, program)
	n.Serve = []string{program, "serve", "--data", n.Data, "--no-mdns", "--listen", "/ip4/127.0.0.1/tcp/0"}
	n.Env = []string{"DBUS_SESSION_BUS_ADDRESS=unix:path=/nonexistent"}
	n.Start(t)
	refuse(t, n, "locked", "workspace", "create", "Atelier", "--as", "Ana")
	c := talkTo(t, n)
	ask[*client.Nothing](t, c, "Settings.Unlock", client.Arg("a new passphrase"))
	found(t, n, "Atelier", "Ana")
	if s := ask[api.Status](t, c, "Settings.Status"); s.Locked || s.Protection != "passphrase" {
		t.Errorf("locked %v, protection %q, want a passphrase", s.Locked, s.Protection)
	}
}
