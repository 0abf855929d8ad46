package process

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unicode"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/crdt/member"
	"parvis/crdt/seal"
)

// refuse runs a command that must fail with a code, exit 1 and one readable text.
func refuse(t *testing.T, n *clitest.Node, code string, args ...string) {
	t.Helper()
	result := n.Try(t, nil, args...)
	var document struct {
		Error struct{ Code, Message string }
	}
	if err := json.Unmarshal([]byte(result.Err), &document); err != nil {
		t.Errorf("%s: stderr is %q, want one JSON document", code, result.Err)
	}
	if result.Exit != 1 || result.Out != "" || document.Error.Code != code {
		t.Errorf("%s: exit %d, stdout %q, stderr %q", code, result.Exit, result.Out, result.Err)
	}
	text := document.Error.Message
	if len(text) < 20 || len(text) > 160 || !unicode.IsUpper([]rune(text)[0]) || !strings.HasSuffix(text, ".") || strings.ContainsAny(text, "\n{}") {
		t.Errorf("%s: %q is not a clear sentence", code, text)
	}
	t.Logf("%s: %s", code, text)
}

// status is what the tests look at in "status".
type status struct {
	Peer       string
	Disk       string
	Problems   []string
	Workspaces []struct{ ID, State string }
	Peers      []struct{ Peer string }
}

func statusOf(t *testing.T, n *clitest.Node) status {
	t.Helper()
	return clitest.Run[status](t, n, "status")
}

// ear counts who knocks at an address.
type ear struct {
	tcp   net.Listener
	udp   net.PacketConn
	heard chan string
}

func listen(t *testing.T) *ear {
	t.Helper()
	e := &ear{heard: make(chan string, 1000)}
	var err error
	if e.tcp, err = net.Listen("tcp4", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	if e.udp, err = net.ListenPacket("udp4", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.tcp.Close(); e.udp.Close() })
	go func() {
		for {
			c, err := e.tcp.Accept()
			if err != nil {
				return
			}
			e.heard <- "tcp"
			c.Close()
		}
	}()
	go func() {
		for buffer := make([]byte, 2000); ; {
			if _, _, err := e.udp.ReadFrom(buffer); err != nil {
				return
			}
			e.heard <- "udp"
		}
	}()
	return e
}

func (e *ear) addrs() []string {
	port := func(a net.Addr) string { return a.String()[strings.LastIndexByte(a.String(), ':')+1:] }
	return []string{"/ip4/127.0.0.1/tcp/" + port(e.tcp.Addr()), "/ip4/127.0.0.1/udp/" + port(e.udp.LocalAddr()) + "/quic-v1"}
}

// TestBadLinksCauseNoTraffic: a link that cannot be right is refused before
// anybody is called; the same link undamaged calls.
func TestBadLinksCauseNoTraffic(t *testing.T) {
	n, e := start(t), listen(t)
	link := member.Link{
		V: 1, WS: seal.Sum([]byte("workspace")), Seed: [16]byte{1}, Expires: uint32(time.Now().Add(time.Hour).Unix() / 60), Mode: member.ModeInstant,
		LogHead: seal.Sum([]byte("head")), Peers: []member.LinkPeer{{Peer: seal.NewSignKey([32]byte{7}).Public(), Addrs: e.addrs()}},
	}
	good := link.String()
	link.Expires -= 3 * 24 * 60
	old := link.String()
	bad := map[string]string{
		"garbage":               "parvis://join#thisisnotaninvitation",
		"no link at all":        "hello",
		"empty":                 "parvis://join#",
		"other scheme":          "https" + strings.TrimPrefix(good, "parvis"),
		"first half":            good[:len(good)/2],
		"last character lacks":  good[:len(good)-1],
		"last ten lack":         good[:len(good)-10],
		"first character lacks": "parvis://join#" + good[len("parvis://join#")+1:],
		"one more":              good + "A",
	}
	for name, text := range bad {
		t.Run(name, func(t *testing.T) { refuse(t, n, "link-broken", "join", text, "--as", "Eve") })
	}
	t.Run("expired", func(t *testing.T) { refuse(t, n, "link-expired", "join", old, "--as", "Eve") })
	s := statusOf(t, n)
	if len(s.Workspaces) != 0 || len(s.Peers) != 0 {
		t.Errorf("refused links left %v and %v behind", s.Workspaces, s.Peers)
	}
	select {
	case how := <-e.heard:
		t.Errorf("a refused link caused traffic (%s)", how)
	default:
	}
	result := n.Try(t, nil, "join", good, "--as", "Eve", "--wait", "1s")
	if result.Exit != 4 {
		t.Errorf("the good link, with nobody there, ended with %d (%s), want 4", result.Exit, result.Err)
	}
	select {
	case <-e.heard:
	case <-time.After(patience):
		t.Error("the undamaged link called nobody: this test proves nothing")
	}
}

func TestSpentLinksAreRefusedWithTheirReason(t *testing.T) {
	ana, ben, eve := start(t), start(t), start(t)
	found(t, ana, "Atelier", "Ana")

	once := ana.Invite(t)
	enter(t, ben, once, "Ben")
	refuse(t, eve, "link-used", "join", once, "--as", "Eve")

	revoked := clitest.Run[struct{ Invite struct{ ID, Link string } }](t, ana, "invite", "create").Invite
	clitest.Run[struct{}](t, ana, "invite", "revoke", revoked.ID)
	refuse(t, eve, "link-revoked", "join", revoked.Link, "--as", "Eve")

	open := ana.Invite(t)
	refuse(t, ben, "invalid", "join", open, "--as", "Ben")

	if list := clitest.Run[struct{ Workspaces []api.Workspace }](t, eve, "workspace", "list").Workspaces; len(list) != 0 {
		t.Errorf("refused joins left %v behind", list)
	}
	if people := clitest.Run[struct{ People []api.Person }](t, ana, "people", "list").People; len(people) != 2 {
		t.Errorf("%d people in the workspace, want 2", len(people))
	}
	enter(t, eve, open, "Eve")
}

// TestASpentLinkWithNobodyElseInvited: the door is shut when no invitation is
// open, and yet the reason has to arrive.
func TestASpentLinkWithNobodyElseInvited(t *testing.T) {
	ana, ben, eve := start(t), start(t), start(t)
	found(t, ana, "Atelier", "Ana")
	once := ana.Invite(t)
	enter(t, ben, once, "Ben")
	refuse(t, eve, "link-used", "join", once, "--as", "Eve", "--wait", "5s")
}

// TestALinkIsRefusedLater: the inviter was off when the newcomer tried first.
func TestALinkIsRefusedLater(t *testing.T) {
	t.Parallel()
	ana, eve := start(t), start(t)
	found(t, ana, "Atelier", "Ana")
	revoked := clitest.Run[struct{ Invite struct{ ID, Link string } }](t, ana, "invite", "create").Invite
	ana.Invite(t)
	clitest.Run[struct{}](t, ana, "invite", "revoke", revoked.ID)
	ana.Stop(t)
	join := exec.Command(eve.Program, "--data", eve.Data, "--json", "join", revoked.Link, "--as", "Eve", "--wait", "60s")
	errs, err := join.StderrPipe()
	if err == nil {
		err = join.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	said := bufio.NewReader(errs)
	if line, _ := said.ReadString('\n'); !strings.HasPrefix(line, "Waiting for") {
		t.Errorf("the command says %q, want that it waits", line)
	}
	ana.Start(t)
	rest, _ := io.ReadAll(said)
	_ = join.Wait()
	if exit := join.ProcessState.ExitCode(); exit != 1 || !strings.Contains(string(rest), `"link-revoked"`) {
		t.Errorf("exit %d, %q, want 1 and link-revoked", exit, rest)
	}
}
