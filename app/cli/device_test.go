package cli

import (
	"io"
	"strings"
	"testing"
)

const (
	compared = `[{"id":"k1","device":true,"inviter":true,"code":"1234567","state":"compare"}]`
	differed = `{"state":"open","code":"codes","problem":"The codes differ."}`
)

func TestTheOlderDeviceEndsWhenTheCodesDiffer(t *testing.T) {
	for name, c := range map[string]struct {
		typed bool   // a code on this device
		when  string // what happens after this
		then  map[string]string
		exit  int
		want  string
	}{
		"a wrong code here":       {true, "Workspaces.EnterCode", map[string]string{"Devices.Linking": differed, "Workspaces.Comparisons": "[]"}, ExitFailed, "A code was wrong"},
		"a wrong code there":      {false, "Workspaces.Comparisons", map[string]string{"Devices.Linking": differed, "Workspaces.Comparisons": "[]"}, ExitFailed, "parvis device link"},
		"the last of three tries": {true, "Workspaces.EnterCode", map[string]string{"Devices.Linking": `{"state":"failed","code":"codes"}`, "Workspaces.Comparisons": "[]"}, ExitFailed, "A code was wrong"},
		"stopped by a command":    {false, "Workspaces.Comparisons", map[string]string{"Devices.Linking": `{"state":"failed","code":"stopped","problem":"It was stopped."}`, "Workspaces.Comparisons": "[]"}, ExitFailed, "It was stopped."},
		"right codes":             {true, "Workspaces.EnterCode", map[string]string{"Devices.Linking": `{"state":"done"}`, "Workspaces.Comparisons": "[]"}, ExitDone, "Type the code"},
	} {
		t.Run(name, func(t *testing.T) {
			n := &node{answers: map[string]string{
				"Devices.Link": `{"state":"open","link":"parvis://device#x"}`, "Devices.Linking": `{"state":"codes"}`, "Devices.CancelLink": "null",
				"Workspaces.Comparisons": compared, "Workspaces.EnterCode": "null",
			}, after: map[string]map[string]string{c.when: c.then}}
			terminal, typing := io.Pipe()
			defer typing.Close()
			if c.typed {
				go func() { _, _ = typing.Write([]byte("7654321\n")) }()
			}
			out, errs, exit := runAt(t, n, terminal, "device", "link", "--wait", "20s")
			if exit != c.exit || !strings.Contains(errs, c.want) || strings.Contains(errs, "Nobody was let in") {
				t.Errorf("exit %d, %q, %q; want %d and %q", exit, out, errs, c.exit, c.want)
			}
			if differ := strings.Contains(errs, "A code was wrong"); n.calls("Devices.CancelLink") != differ {
				t.Errorf("the link was stopped: %v, want %v: nobody types the code of another try", n.calls("Devices.CancelLink"), differ)
			}
			if n.calls("Workspaces.EnterCode") != c.typed {
				t.Errorf("a code was given: %v", !c.typed)
			}
		})
	}
}

func TestStoppingTheAddingOfADeviceSaysWhatItDid(t *testing.T) {
	const failed = `{"state":"failed","code":"stopped"}`
	for name, c := range map[string]struct{ before, after, want string }{
		"a link that is open":         {`{"state":"open"}`, failed, "Stopped"},
		"one of before the start":     {`{}`, failed, "Stopped"},
		"nothing":                     {`{}`, `{}`, "nothing to stop"},
		"what was stopped before":     {failed, failed, "nothing to stop"},
		"a device that is in already": {`{"state":"done"}`, `{"state":"done"}`, "nothing to stop"},
	} {
		n := &node{
			answers: map[string]string{"Devices.Linking": c.before, "Devices.CancelLink": "null"},
			after:   map[string]map[string]string{"Devices.CancelLink": {"Devices.Linking": c.after}},
		}
		if out, errs, exit := run(t, n, "", "device", "cancel"); exit != ExitDone || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit %d, %q %s; want %q", name, exit, out, errs, c.want)
		}
	}
}

func TestRemovingAnOlderDeviceWarns(t *testing.T) {
	for older, want := range map[string]bool{"": false, `,"older":true`: true} {
		n := &node{answers: map[string]string{
			"Devices.List": `[{"id":"aa11","self":true},{"id":"bb22","name":"Laptop"` + older + `}]`, "Devices.Remove": "null",
		}}
		out, errs, exit := run(t, n, "", "device", "remove", "bb22")
		if exit != ExitDone || !strings.Contains(out, "Removed bb22") || strings.Contains(out, "older than this device") != want {
			t.Errorf("older %q: exit %d, %q %s", older, exit, out, errs)
		}
	}
}
