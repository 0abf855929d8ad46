package process

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
)

// linking is one "device link" command that runs.
type linking struct {
	command *exec.Cmd
	in      io.WriteCloser
	lines   *bufio.Reader // what it prints
	codes   chan string   // the codes it shows
}

var shownCode = regexp.MustCompile(`is (\d{6})`)

// link runs "device link" in the background.
func link(t *testing.T, n *clitest.Node, args ...string) *linking {
	t.Helper()
	l := &linking{codes: make(chan string, 8)}
	l.command = exec.Command(n.Program, append([]string{"--data", n.Data, "--json", "device", "link"}, args...)...)
	in, err := l.command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := l.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	errs, err := l.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	l.in, l.lines = in, bufio.NewReader(out)
	if err := l.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.command.Process.Kill() })
	go func() {
		all := bufio.NewReader(errs)
		for {
			line, err := all.ReadString(' ') // the question for the code ends in no line
			_ = line
			if err != nil {
				return
			}
			rest, _ := all.Peek(all.Buffered())
			if found := shownCode.FindStringSubmatch(line + string(rest)); found != nil {
				l.codes <- found[1]
				_, _ = all.Discard(all.Buffered())
			}
		}
	}()
	return l
}

// shown is the link that the command printed, or nothing when it was ended.
func (l *linking) shown() string {
	line, _ := l.lines.ReadString('\n')
	var document struct{ Link api.DeviceLink }
	_ = json.Unmarshal([]byte(line), &document)
	return document.Link.Link
}

// swap types each command's code at the other one, until they end.
func swap(a, b *linking) {
	for {
		select {
		case code := <-a.codes:
			fmt.Fprintln(b.in, code)
		case code := <-b.codes:
			fmt.Fprintln(a.in, code)
		case <-time.After(20 * time.Second):
			return
		}
	}
}

// addDevice links a new node to the person of another one, and says how long that
// took from the opening of the link.
func addDevice(t *testing.T, old, added *clitest.Node) time.Duration {
	t.Helper()
	first := link(t, old)
	begun := time.Now()
	second := link(t, added, first.shown())
	go swap(first, second)
	if err := second.command.Wait(); err != nil {
		t.Fatalf("device link LINK: %v\n%s", err, added.Log())
	}
	took := time.Since(begun)
	if err := first.command.Wait(); err != nil {
		t.Fatalf("device link: %v\n%s", err, old.Log())
	}
	return took
}

func devicesOf(t *testing.T, n *clitest.Node) []api.Device {
	t.Helper()
	return clitest.Run[struct{ Devices []api.Device }](t, n, "device", "list").Devices
}

func TestADeviceIsLinkedNamedAndRemovedByCommands(t *testing.T) {
	ana, ben := pair(t)
	say(t, ana, "before")
	phone := start(t)
	t.Logf("linked in %s", addDevice(t, ana, phone))
	phone.Await(t, "general", "before")
	say(t, phone, "from the phone")
	for _, n := range []*clitest.Node{ana, ben} {
		n.Await(t, "general", "from the phone")
	}
	all := devicesOf(t, ana)
	if len(all) != 2 || !all[0].Self || all[1].Self {
		t.Fatalf("devices %+v, want this one and another", all)
	}
	clitest.Run[struct{}](t, ana, "device", "rename", all[1].ID, "Telephone")
	until(t, "the phone knows its name", func() bool { return devicesOf(t, phone)[0].Name == "Telephone" })
	clitest.Run[struct{}](t, ana, "device", "remove", "Telephone")
	if all := devicesOf(t, ana); len(all) != 1 {
		t.Errorf("devices %+v, want one", all)
	}
	until(t, "nobody talks to the phone", func() bool { // though an invitation is open
		return len(clitest.Run[api.Status](t, phone, "status").Peers) == 0
	})
	if result := ana.Try(t, nil, "device", "remove", ana.Ready.Peer); result.Exit != 1 {
		t.Errorf("remove what is no device: %+v", result)
	}
	if result := ana.Try(t, nil, "device", "link", "parvis://device#nothing"); result.Exit != 1 || !strings.Contains(result.Err, "link-broken") {
		t.Errorf("a broken link: %+v", result)
	}
}

// TestALinkSurvivesKills kills the new device or the old one at different moments.
// After a start it goes on by itself or is done again; the person has the device
// once.
func TestALinkSurvivesKills(t *testing.T) {
	t.Parallel()
	moments := []time.Duration{60, 150, 300, 600}
	if long() {
		for ms := time.Duration(20); ms < 900; ms += 40 {
			moments = append(moments, ms)
		}
	}
	for _, ms := range moments {
		for _, who := range []string{"new", "old"} {
			t.Run(fmt.Sprintf("%s device killed after %d ms", who, ms), func(t *testing.T) {
				ana, phone := start(t), start(t)
				found(t, ana, "Atelier", "Ana")
				say(t, ana, "welcome")
				first := link(t, ana)
				second := link(t, phone, first.shown())
				go swap(first, second)
				time.Sleep(ms * time.Millisecond) // anywhere in the life of the link
				victim := phone
				if who == "old" {
					victim = ana
				}
				victim.Kill(t)
				victim.Start(t)
				for try := 0; !linked(t, phone); try++ {
					if try > 3 {
						t.Fatalf("not linked\n%s", phone.Log())
					}
					clitest.Run[struct{}](t, phone, "device", "cancel")
					addDevice(t, ana, phone)
				}
				phone.Await(t, "general", "welcome")
				say(t, phone, "here")
				ana.Await(t, "general", "here")
				if all := devicesOf(t, ana); len(all) != 2 {
					t.Errorf("devices %+v, want two", all)
				}
			})
		}
	}
}

// linked waits a moment for a link that goes on by itself.
func linked(t *testing.T, n *clitest.Node) bool {
	t.Helper()
	deadline := time.Now().Add(5 * time.Second)
	for time.Now().Before(deadline) {
		list := clitest.Run[struct{ Workspaces []api.Workspace }](t, n, "workspace", "list").Workspaces
		if len(list) == 1 && list[0].State == "ready" {
			return true
		}
		time.Sleep(100 * time.Millisecond) // between two questions to another process
	}
	return false
}
