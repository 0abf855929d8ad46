//go:build window

package window

import (
	"bytes"
	"fmt"
	"image"
	_ "image/png" // the pictures that import takes
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"parvis/app/cli/clitest"
)

// patience is how long the window may take to show something.
const patience = 45 * time.Second

func TestTheWindowShowsAndSendsMessages(t *testing.T) {
	program := clitest.Build(t, "parvis", "")
	shown := clitest.Build(t, "parvis-desktop", "desktop,production,webkit2_41")
	ana := clitest.New(t, program)
	openWindow(t, shown, ana.Data)
	await(t, "the start screen", func() bool { return strings.Contains(tree(t), "Create a workspace") })

	ben := clitest.New(t, program)
	ben.Start(t)
	clitest.Run[struct{}](t, ana, "workspace", "create", "Atelier", "--as", "Ana")
	clitest.Run[struct{}](t, ben, "join", ana.Invite(t), "--as", "Ben")
	await(t, "the channel", func() bool { return strings.Contains(tree(t), "Message general") })

	text := fmt.Sprintf("hello from another node %d", os.Getpid())
	clitest.Run[struct{}](t, ben, "chat", "send", "general", text)
	await(t, "Ben's message", func() bool { return strings.Contains(tree(t), text) })
	keepPicture(t, "window.png")

	answer := fmt.Sprintf("typed into the window %d", os.Getpid())
	do(t, "/usr/bin/python3", "tree.py", "focus", "entry", "Message general")
	do(t, "xdotool", "type", "--delay", "20", answer)
	do(t, "xdotool", "key", "Return")
	ben.Await(t, "general", answer)
	await(t, "what was sent from it", func() bool { return strings.Contains(tree(t), "paragraph\t\t"+answer) })
	keepPicture(t, "window-answer.png")

	// The program started again on the same data hands its link over and ends.
	link := "parvis://join#" + fmt.Sprint(os.Getpid())
	again := exec.Command(shown, "--data", ana.Data, link)
	if out, err := again.CombinedOutput(); again.ProcessState == nil {
		t.Fatalf("the second start: %v\n%s", err, out)
	}
	await(t, "the link that was handed over", func() bool { return strings.Contains(tree(t), link) })
	keepPicture(t, "window-link.png")
}

// openWindow starts the desktop flavour; the test's end closes it politely.
func openWindow(t *testing.T, program, data string) {
	t.Helper()
	var log bytes.Buffer
	window := exec.Command(program, "--data", data, "--unprotected", "--no-mdns", "--ui", "127.0.0.1:0", "--listen", "/ip4/127.0.0.1/tcp/0")
	window.Stdout, window.Stderr = &log, &log
	if err := window.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- window.Wait() }()
	t.Cleanup(func() {
		_ = window.Process.Signal(syscall.SIGTERM)
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("the window ended with %v", err)
			}
		case <-time.After(patience):
			_ = window.Process.Kill()
			t.Error("the window did not close when asked to")
		}
		if t.Failed() {
			t.Logf("the window said:\n%s\nand showed:\n%s", log.String(), tree(t))
		}
	})
}

func await(t *testing.T, what string, there func() bool) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for !there() {
		if time.Now().After(deadline) {
			keepPicture(t, "window-failed.png")
			t.Fatalf("the window does not show %s after %s:\n%s", what, patience, tree(t))
		}
		time.Sleep(200 * time.Millisecond) // between two looks at another process
	}
}

// tree is what a screen reader finds in the window; empty while there is none.
func tree(t *testing.T) string {
	t.Helper()
	out, _ := exec.Command("/usr/bin/python3", "tree.py", "read").Output()
	return string(out)
}

func do(t *testing.T, command ...string) {
	t.Helper()
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, out)
	}
}

// keepPicture takes a picture of the screen and checks that something is on it.
func keepPicture(t *testing.T, name string) {
	t.Helper()
	path := filepath.Join(os.Getenv("PARVIS_ARTEFACTS"), name)
	do(t, "import", "-window", "root", path)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, _, err := image.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	if colours := count(picture); colours < 50 {
		t.Errorf("%s has %d colours: the window is blank", name, colours)
	}
}

func count(picture image.Image) int {
	seen := map[[3]uint32]bool{}
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y += 2 {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x += 2 {
			r, g, b, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r, g, b}] = true
		}
	}
	return len(seen)
}
