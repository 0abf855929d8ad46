package cli

import (
	"strings"
	"testing"

	"parvis/app/api"
)

func TestStatusNamesForWhomThingsWait(t *testing.T) {
	var out strings.Builder
	showWaiting(&out, []api.Waiting{
		{Name: "Atelier", Count: 2, People: []string{"Ben", "Chloé"}},
		{Name: "Bureau\x1b", Count: 1},
	})
	want := "\nAtelier: 2 items wait on this computer alone, for Ben, Chloé.\n" +
		printable("Bureau\x1b") + ": 1 item waits on this computer alone, for your other devices.\n"
	if out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	out.Reset()
	if showWaiting(&out, nil); out.Len() > 0 {
		t.Errorf("%q for nothing", out.String())
	}
}

func TestANodeThatEndsSaysWhatWaits(t *testing.T) {
	waiting := []api.Waiting{{Workspace: "aa", Name: "Atelier", Count: 2, People: []string{"Ben"}}}
	for _, test := range []struct {
		json    bool
		waiting []api.Waiting
		want    string
	}{
		{false, waiting, "\nAtelier: 2 items wait on this computer alone, for Ben.\nParvis sends them when it runs here again and somebody can be reached.\n"},
		{true, waiting, `{"event":"waiting","waiting":[{"workspace":"aa","name":"Atelier","count":2,"people":["Ben"]}]}` + "\n"},
		{false, nil, ""},
		{true, nil, ""},
	} {
		var out, errs strings.Builder
		s := &session{Program: Program{Stdout: &out, Stderr: &errs}, json: test.json}
		s.sayWaiting(test.waiting)
		if errs.String() != test.want || out.Len() > 0 {
			t.Errorf("json %v: %q, want %q; stdout has %q", test.json, errs.String(), test.want, out.String())
		}
	}
}

func TestStatusSaysThatPacketsStayInTheLocalNetwork(t *testing.T) {
	for isolated, want := range map[string]string{
		"":               "",
		api.IsolatedNow:  "Isolated mode is on",
		api.IsolatedNext: "when Parvis is started again",
	} {
		var out strings.Builder
		showStatus(&out, api.Status{Isolated: isolated})
		if said := strings.Contains(out.String(), "solated"); said != (want != "") || !strings.Contains(out.String(), want) {
			t.Errorf("isolated %q: %q, want %q", isolated, out.String(), want)
		}
	}
}

func TestAJoinThatWasStoppedIsNamedSoAndNotMeant(t *testing.T) {
	const stopped = `{"id":"bb22cc","name":"","state":"joining","stopped":"refused"}`
	both := "[" + oneWorkspace[1:len(oneWorkspace)-1] + "," + stopped + "]"
	if out, errs, exit := run(t, &node{answers: map[string]string{"Workspaces.List": both, "SuperPeers.List": `[]`}}, "", "superpeer", "list"); exit != ExitDone {
		t.Errorf("beside a workspace: exit %d, %q %q", exit, out, errs)
	}
	n := &node{answers: map[string]string{"Workspaces.List": "[" + stopped + "]"}}
	if _, errs, exit := run(t, n, "", "superpeer", "list"); exit != ExitFailed || !strings.Contains(errs, "ask for a new one") {
		t.Errorf("alone: exit %d, %q", exit, errs)
	}
	if out, _, exit := run(t, n, "", "workspace", "list"); exit != ExitDone || !strings.Contains(out, "stopped") {
		t.Errorf("the list: exit %d, %q", exit, out)
	}
}
