package cli

import (
	"strings"
	"testing"

	"parvis/app/api"
)

func TestStatsSayWhoCarriesTheCall(t *testing.T) {
	others := []api.CallStat{{Name: "Ben\x1b", Device: "bb"}, {Name: "Cleo", Device: "cc"}}
	for _, c := range []struct {
		stats api.CallStats
		want  string
	}{
		{api.CallStats{Participants: others}, ""},
		{api.CallStats{Participants: others, Forwarder: "bb"}, printable("Ben\x1b") + " carries the sound and pictures of all."},
		{api.CallStats{Participants: others, Forwarder: "aa"}, "This computer carries the sound and pictures of all."},
		{api.CallStats{Participants: others, Forwarder: "dd", BySuperPeer: true}, "A super-peer carries the sound and pictures of all."},
	} {
		if said := carriedBy(c.stats); said != c.want {
			t.Errorf("%+v: %q, want %q", c.stats, said, c.want)
		}
	}
}

func TestStatsSayWhichWay(t *testing.T) {
	ben, cleo := api.CallStat{Name: "Ben", Device: "bb", Path: "lan"}, api.CallStat{Name: "Cleo", Device: "cc", Path: "direct"}
	both := []api.CallStat{ben, cleo, {Name: "Dan", Device: "dd"}}
	for _, c := range []struct {
		stats api.CallStats
		want  string
	}{
		{api.CallStats{Participants: both}, "lan, direct, "},
		{api.CallStats{Participants: both, Forwarder: "bb"}, "lan, through Ben, "},
		{api.CallStats{Participants: both, Forwarder: "aa"}, "lan, direct, "},
		{api.CallStats{Participants: both, BySuperPeer: true}, "super-peer, super-peer, "},
	} {
		var ways []string
		for _, row := range statRows(c.stats) {
			ways = append(ways, row[2])
		}
		if got := strings.Join(ways, ", "); got != c.want {
			t.Errorf("%+v: %q, want %q", c.stats, got, c.want)
		}
	}
}

func TestCallsAreListedByNames(t *testing.T) {
	n := &node{answers: map[string]string{
		"Workspaces.List": oneWorkspace, "Chat.Channels": channels,
		"People.List": `[{"id":"aaaa","name":"Ana"},{"id":"bbbb","name":"Ben"}]`,
		"Calls.List": `[{"id":"0011","channel":"c003","by":"bbbb","started":5,"ended":9,"people":["aaaa","bbbb"]},
			{"id":"0022","channel":"c009","by":"aaaa","people":["aaaa","bbbb"],"participants":[{"person":"dddddddddddddddd"},{"person":"aaaa"},{"person":"aaaa"}]}]`,
	}}
	out, errs, exit := run(t, n, "", "call", "list")
	lines := strings.Split(out, "\n")
	for i, want := range []string{"ID STARTED CHANNEL PEOPLE STATE", "ops Ben, Ana over", "c009 Ana, " + short("dddddddddddddddd") + " open"} {
		if exit != ExitDone || !strings.HasSuffix(strings.Join(strings.Fields(lines[i]), " "), want) {
			t.Errorf("exit %d, %q, %s; want %q", exit, lines[i], errs, want)
		}
	}
}
