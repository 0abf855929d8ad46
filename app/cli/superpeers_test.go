package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"parvis/app/api"
)

func TestSuperPeersOfAWorkspace(t *testing.T) {
	const two = `[{"id":"12D3KooWAAAAaaaa","state":"connected","queued":0,"alone":7,"addrs":[]},{"id":"12D3KooWBBBBbbbb","state":"full","queued":3,"addrs":["/ip4/192.0.2.1/tcp/443"],"problem":"It is full."}]`
	answers := map[string]string{
		"Workspaces.List": oneWorkspace, "SuperPeers.List": two, "SuperPeers.Remove": `null`,
		"SuperPeers.Add": `{"id":"12D3KooWBBBBbbbb","state":"connecting","addrs":[]}`,
	}
	tests := []struct {
		name  string
		args  []string
		exit  int
		want  string // in the document or the sentence
		asked string
	}{
		{"add", []string{"add", "parvis://superpeer#abc"}, ExitDone, `{"superpeer":{"workspace":"","id":"12D3KooWBBBBbbbb"`, `"code":"parvis://superpeer#abc"`},
		{"add a code in pieces", []string{"add", "parvis://superpeer#abc", "def"}, ExitDone, `"superpeer"`, `"code":"parvis://superpeer#abcdef"`},
		{"add nothing", []string{"add"}, ExitUsage, "SETUP-CODE is missing", ""},
		{"list", []string{"list"}, ExitDone, `{"superpeers":[{`, `SuperPeers.List "aa11bb"`},
		{"remove by the end of its id", []string{"remove", "bbbb"}, ExitDone, `{"superpeer":{"id":"12D3KooWBBBBbbbb","state":"removed"}}`, `SuperPeers.Remove "aa11bb" "12D3KooWBBBBbbbb"`},
		{"remove one that alone has something", []string{"remove", "aaaa"}, ExitFailed, "7 items wait for others at this super-peer only", `SuperPeers.List "aa11bb"`},
		{"remove it all the same", []string{"remove", "aaaa", "--force"}, ExitDone, `{"superpeer":{"id":"12D3KooWAAAAaaaa","state":"removed"}}`, `SuperPeers.Remove "aa11bb" "12D3KooWAAAAaaaa"`},
		{"remove an ambiguous one", []string{"remove", "12D3KooW"}, ExitFailed, "Several", ""},
		{"remove an unknown one", []string{"remove", "cccc"}, ExitFailed, "no super-peer", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n := &node{answers: answers}
			out, errs, exit := run(t, n, "", append(append([]string{"superpeer"}, test.args...), "--json")...)
			if exit != test.exit || !strings.Contains(out+errs, test.want) || !strings.Contains(n.last(), test.asked) {
				t.Errorf("exit %d, %q %s; want %d and %s; asked %s", exit, out, errs, test.exit, test.want, n.last())
			}
			if exit == ExitDone && !json.Valid([]byte(out)) {
				t.Errorf("%q is no JSON", out)
			}
		})
	}
	for input, want := range map[string]int{"parvis://superpeer#abc\n": ExitDone, " \n": ExitFailed} {
		n := &node{answers: answers}
		if _, errs, exit := run(t, n, input, "superpeer", "add", "-"); exit != want || exit == ExitDone && !strings.Contains(n.last(), "parvis://superpeer#abc") {
			t.Errorf("a code in the input %q: exit %d, %s; asked %s", input, exit, errs, n.last())
		}
	}
	out, _, _ := run(t, &node{answers: answers}, "", "superpeer", "list")
	if !strings.Contains(out, "! It is full.") {
		t.Errorf("the list for people says %q", out)
	}
}

func TestTheRoomAtASuperPeer(t *testing.T) {
	for _, test := range []struct {
		p    api.SuperPeer
		want string
	}{
		{api.SuperPeer{State: "connecting"}, "–"},
		{api.SuperPeer{State: "connected"}, "–"},
		{api.SuperPeer{State: "connected", Limit: 900 << 10}, "0/900 KiB"},
		{api.SuperPeer{State: "connected", Used: 1, Limit: 900 << 10}, "1/900 KiB"},
		{api.SuperPeer{State: "connecting", Used: 38 << 10, Limit: 900 << 10, LastContact: 1}, "38/900 KiB"},
		{api.SuperPeer{State: "connected", Used: 300 << 20, Limit: 2 << 30}, "300/2048 MiB"},
		{api.SuperPeer{State: "full", Used: 38 << 10, Limit: 900 << 10}, "38 KiB, no more"},
		{api.SuperPeer{State: "full"}, "0 KiB, no more"},
	} {
		if got := room(test.p); got != test.want {
			t.Errorf("%+v: %q, want %q", test.p, got, test.want)
		}
	}
}

// TestASuperPeerHasOneNameForPeople: what one command prints, another takes.
func TestASuperPeerHasOneNameForPeople(t *testing.T) {
	const id, name, other = "12D3KooWSqsRNqz3DJ9yfdw31NFBDXtubHPdhpYdBi3LQkkQpBFa", "QkkQpBFa", "12D3KooWLJo9UudeywuR9iH5mJKtHpXptLm7AxEEXt84gXFAsmTH"
	answers := map[string]string{
		"Workspaces.List": oneWorkspace, "SuperPeers.Remove": `null`, "SuperPeers.Add": `{"id":"` + id + `","addrs":[]}`,
		"SuperPeers.List": `[{"id":"` + id + `","state":"connected","addrs":[]},{"id":"` + other + `","state":"connected","addrs":[]}]`,
		"Settings.Status": `{"peer":"` + other + `","peers":[{"peer":"` + id + `","path":"super-peer"}]}`,
	}
	for _, args := range [][]string{{"status"}, {"superpeer", "list"}, {"superpeer", "add", "parvis://superpeer#abc"}, {"superpeer", "remove", name}, {"superpeer", "remove", id}} {
		n := &node{answers: answers}
		out, errs, exit := run(t, n, "", args...)
		if exit != ExitDone || !strings.Contains(out, name) || strings.Contains(out, "12D3Koo") {
			t.Errorf("%v: exit %d, %q %q; want it named %s and not otherwise", args, exit, out, errs, name)
		}
		if args[0] == "superpeer" && args[1] == "remove" && n.last() != `SuperPeers.Remove "aa11bb" "`+id+`"` {
			t.Errorf("%v asked %s", args, n.last())
		}
	}
	if out, _, _ := run(t, &node{answers: answers}, "", "superpeer", "list", "--json"); !strings.Contains(out, id) {
		t.Errorf("for programs: %q, want the whole id", out)
	}
	if _, errs, exit := run(t, &node{answers: answers}, "", "superpeer", "remove", "12D3KooW"); exit != ExitFailed || !strings.Contains(errs, name+", gXFAsmTH") {
		t.Errorf("an ambiguous beginning: exit %d, %q; want the names of both", exit, errs)
	}
}

func TestWhoMayNotRemoveIsNotToldToForceIt(t *testing.T) {
	n := &node{answers: map[string]string{
		"Workspaces.List": `[{"id":"aa11bb","name":"Atelier","role":"member","state":"ready"}]`,
		"SuperPeers.List": `[{"id":"12D3KooWAAAAaaaa","alone":7,"addrs":[]}]`,
	}}
	if _, errs, exit := run(t, n, "", "superpeer", "remove", "aaaa"); exit != ExitFailed || !strings.Contains(errs, "Ask an owner") || strings.Contains(errs, "force") {
		t.Errorf("exit %d, %q", exit, errs)
	}
}
