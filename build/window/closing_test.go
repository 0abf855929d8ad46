//go:build window

package window

import (
	"os/exec"
	"regexp"
	"testing"

	"parvis/app/cli/clitest"
)

func TestTheWindowAsksBeforeItClosesWhileSomethingWaits(t *testing.T) {
	program := clitest.Build(t, "parvis", "")
	shown := clitest.Build(t, "parvis-desktop", "desktop,production,webkit2_41")
	ana, ben := clitest.New(t, program), clitest.New(t, program)
	openWindow(t, shown, ana.Data)
	await(t, "a window", visible)
	ben.Start(t)
	clitest.Run[struct{}](t, ana, "workspace", "create", "Atelier", "--as", "Ana")
	clitest.Run[struct{}](t, ben, "join", ana.Invite(t), "--as", "Ben")
	await(t, "the channel", shows(t, "Message general"))
	ben.Stop(t)
	clitest.Run[struct{}](t, ana, "chat", "send", "general", "for Ben when he is back")

	closeWindow(t)
	await(t, "what waits for whom", shows(t, `items? waits? for Ben\.`))
	keepPicture(t, "window-closing.png")
	press(t, "Cancel")
	await(t, "the conversation again", func() bool { return !shows(t, `waits? for Ben\.`)() })

	closeWindow(t)
	await(t, "the question again", shows(t, "Stay in the background"))
	press(t, "Stay in the background")
	await(t, "nothing", func() bool { return !visible() })
	ana.Await(t, "general", "for Ben when he is back") // it goes on

	_ = exec.Command(shown, "--data", ana.Data).Run()
	await(t, "itself again", visible)
	closeWindow(t)
	await(t, "the question a third time", shows(t, "Quit anyway"))
	press(t, "Quit anyway")
	await(t, "nothing any more", func() bool { return tree(t) == "" })
}

// closeWindow does what the window's own button does.
func closeWindow(t *testing.T) {
	t.Helper()
	do(t, "xdotool", "search", "--onlyvisible", "--name", "Parvis", "windowactivate", "--sync")
	do(t, "xdotool", "key", "alt+F4") // for the window manager
}

// visible reports whether the window is on the screen.
func visible() bool {
	return exec.Command("xdotool", "search", "--onlyvisible", "--name", "Parvis").Run() == nil
}

// shows looks for a pattern in what a screen reader finds.
func shows(t *testing.T, pattern string) func() bool {
	wanted := regexp.MustCompile(pattern)
	return func() bool { return wanted.MatchString(tree(t)) }
}

// press presses a button; its role has had two names.
func press(t *testing.T, name string) {
	t.Helper()
	if exec.Command("/usr/bin/python3", "tree.py", "press", "push button", name).Run() != nil {
		do(t, "/usr/bin/python3", "tree.py", "press", "button", name)
	}
}
