//go:build window

package window

import (
	"encoding/json"
	"image"
	"image/draw"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"parvis/app/api"
	"parvis/app/cli/clitest"
	"parvis/media/generate"
)

func TestACallWithVideoBothWays(t *testing.T) {
	program := clitest.Build(t, "parvis", "")
	shown := clitest.Build(t, "parvis-desktop", "desktop,production,webkit2_41,mockcapture")
	ana, ben := clitest.New(t, program), clitest.New(t, program)
	openWindow(t, shown, ana.Data)
	await(t, "the start screen", shows(t, "Create a workspace"))
	ben.Start(t)
	clitest.Run[struct{}](t, ana, "workspace", "create", "Atelier", "--as", "Ana")
	clitest.Run[struct{}](t, ben, "join", ana.Invite(t), "--as", "Ben")
	await(t, "the channel", shows(t, "Message general"))

	begun := time.Now()
	started := clitest.Run[struct{ Call api.Call }](t, ben, "call", "start", "general", "--media", "test", "--allow-recording")
	await(t, "the call", shows(t, "Join call"))
	press(t, "Join call")
	await(t, "the choice of devices", shows(t, "Cancel"))
	do(t, "xdotool", "key", "Return") // the dialog's own button has the keyboard
	await(t, "the call that it is in", shows(t, "Leave call"))

	// What the window sends: each picture is checked where it arrives.
	var came api.CallStat
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("Ben has received %+v", came)
		}
	})
	await(t, "pictures and sound of the window", func() bool {
		came = received(t, ben, started.Call.ID)
		return came.FramesReceived >= 30 && came.AudioPackets >= 100 && came.Line.LayerIn != ""
	})
	if came.FramesBad > 0 {
		t.Errorf("%d of %d pictures of the window are bad", came.FramesBad, came.FramesReceived)
	}

	// What the window shows: the number of the picture that Ben sent.
	var first uint32
	await(t, "Ben's picture", func() (ok bool) {
		first, ok = number(t, "Ben")
		return ok
	})
	await(t, "a later one", func() bool {
		now, ok := number(t, "Ben")
		return ok && now > first+15
	})
	keepPicture(t, "window-call.png")
	t.Logf("the call took %.1f s", time.Since(begun).Seconds())

	path := filepath.Join(t.TempDir(), "a call.webm")
	record(t, path, 3*time.Second)
	press(t, "Leave call")
	await(t, "no call", shows(t, "Join call"))

	f, err := readFilm(path)
	if err != nil {
		t.Fatalf("the recording: %v", err)
	}
	pictures, sound := f.video.Report(), f.sound.Report()
	t.Logf("%d ms; pictures %+v; sound %+v", f.last, pictures, sound)
	if pictures.Frames < 10 || pictures.Bad > 0 || sound.Packets < 100 || sound.BadPackets > 0 || f.last < 2000 || f.longest > 100 {
		t.Errorf("the recording: %d ms, pictures %+v, sound %+v, a hole of %d ms", f.last, pictures, sound, f.longest)
	}
}

// record records the call for a while into a file that is chosen in the system's dialog.
func record(t *testing.T, path string, length time.Duration) {
	t.Helper()
	press(t, "Record call")
	await(t, "the choice of a file", shows(t, "(?m)^text\t\tCall .*\\.webm$"))
	do(t, "xdotool", "key", "ctrl+a")
	do(t, "xdotool", "type", "--delay", "15", path)
	do(t, "xdotool", "key", "Return")
	await(t, "that it records", shows(t, "You are recording this call"))
	time.Sleep(length) // what is recorded has this length
	keepPicture(t, "window-recording.png")
	press(t, "Stop recording")
	await(t, "that it is saved", shows(t, "The recording was saved"))
}

// received is what a node has counted of its only partner.
func received(t *testing.T, n *clitest.Node, call string) api.CallStat {
	t.Helper()
	stats := clitest.Run[struct{ Participants []api.CallStat }](t, n, "call", "stats", call)
	if len(stats.Participants) != 1 {
		return api.CallStat{}
	}
	return stats.Participants[0]
}

// number reads the mark of a test participant's picture from the screen; false: its
// picture is not there.
func number(t *testing.T, name string) (counter uint32, ok bool) {
	t.Helper()
	out, err := exec.Command("/usr/bin/python3", "tree.py", "where", "figure", name).Output()
	var at struct{ X, Y, Width, Height int }
	if err != nil || json.Unmarshal(out, &at) != nil || at.Width < 100 {
		return 0, false
	}
	path := filepath.Join(t.TempDir(), "screen.png")
	do(t, "import", "-window", "root", path)
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	screen, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	const border = 2 // of a tile
	counter, _, ok = generate.ReadMark(luma(screen, inner(image.Rect(at.X, at.Y, at.X+at.Width, at.Y+at.Height).Inset(border))))
	return counter, ok
}

// inner is where a picture of 16:9 is shown whole in the middle of a box.
func inner(box image.Rectangle) image.Rectangle {
	width, height := box.Dx(), box.Dx()*9/16
	if height > box.Dy() {
		width, height = box.Dy()*16/9, box.Dy()
	}
	corner := image.Pt(box.Min.X+(box.Dx()-width)/2, box.Min.Y+(box.Dy()-height)/2)
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(width, height))}
}

// luma cuts a part out of a screen.
func luma(screen image.Image, part image.Rectangle) *image.YCbCr {
	grey := image.NewGray(image.Rect(0, 0, part.Dx(), part.Dy()))
	draw.Draw(grey, grey.Bounds(), screen, part.Min, draw.Src)
	made := image.NewYCbCr(grey.Bounds(), image.YCbCrSubsampleRatio444)
	for y := range part.Dy() {
		copy(made.Y[y*made.YStride:], grey.Pix[y*grey.Stride:y*grey.Stride+part.Dx()])
	}
	return made
}
