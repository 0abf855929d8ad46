package cli

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestGuestsOfACall(t *testing.T) {
	const (
		marc    = "00000000abcd123400000000000000000000000000000000000000000000beef"
		lea     = "00000000abff567800000000000000000000000000000000000000000000beef"
		channel = `[{"id":"cc11","name":"general","workspace":"aa11bb"}]`
		inCall  = `[{"id":"dd22","here":true,"lobby":[{"guest":"` + marc + `","name":"Marc","at":1}],"participants":[{"device":"ee33","self":true},{"device":"` + lea + `","guest":true,"name":"Léa"}]}]`
		twoURLs = `[{"id":"0101","url":"https://meet.example.org/meet#one","revocable":false},{"id":"0202","url":"https://meet.example.org/meet#two","revocable":true}]`
	)
	answers := func(links, calls string) map[string]string {
		return map[string]string{
			"Workspaces.List": oneWorkspace, "Chat.Channels": channel, "Calls.List": calls, "Calls.Links": links, "Calls.Admit": "null", "Calls.Remove": "null",
			"Calls.RevokeLink": "null", "Calls.MakeLink": `{"id":"0303","url":"https://meet.example.org/meet#new"}`,
		}
	}
	for _, test := range []struct {
		name  string
		args  []string
		links string
		exit  int
		want  string // in the document or the sentence
		asked string
	}{
		{"the newest link", []string{"link", "general"}, twoURLs, ExitDone, "meet#two", "Calls.Links"},
		{"the first link", []string{"link", "general"}, "[]", ExitDone, "meet#new", "Calls.MakeLink"},
		{"a link that cannot be used now", []string{"link", "general"}, `[{"id":"0101","url":""}]`, ExitDone, "meet#new", "Calls.MakeLink"},
		{"another link", []string{"link", "general", "--new"}, twoURLs, ExitDone, "meet#new", "Calls.MakeLink"},
		{"all links", []string{"link", "general", "--list"}, twoURLs, ExitDone, "meet#one", "Calls.Links"},
		{"revoke those that one may", []string{"link", "general", "--revoke"}, twoURLs, ExitDone, `{"left":1,"revoked":1}`, `"id":"0202"`},
		{"both at once", []string{"link", "general", "--revoke", "--new"}, twoURLs, ExitFailed, "Choose one", ""},
		{"of an unknown channel", []string{"link", "nowhere"}, twoURLs, ExitFailed, "no channel", ""},
		{"who waits and who is here", []string{"guests"}, "[]", ExitDone, `{"guest":"` + marc + `","name":"Marc","state":"waits"},{"guest":"` + lea + `","name":"Léa","state":"here"}`, "Calls.List"},
		{"admit by name", []string{"admit", "marc"}, "[]", ExitDone, marc, `Calls.Admit {"guest":"` + marc},
		{"refuse by id", []string{"refuse", "abcd"}, "[]", ExitDone, marc, `Calls.Remove {"guest":"` + marc},
		{"remove by id", []string{"remove", "abff5678"}, "[]", ExitDone, lea, `Calls.Remove {"guest":"` + lea},
		{"nobody", []string{"admit", "Zoé"}, "[]", ExitFailed, "parvis call guests", ""},
		{"the zeros of all", []string{"admit", "0000"}, "[]", ExitFailed, "no guest", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &node{answers: answers(test.links, inCall)}
			out, errs, exit := run(t, n, "", append(append([]string{"call"}, test.args...), "--json")...)
			if exit != test.exit || !strings.Contains(out+errs, test.want) || !strings.Contains(n.last(), test.asked) {
				t.Errorf("exit %d, %q %s; want %d and %s; asked %s", exit, out, errs, test.exit, test.want, n.last())
			}
			if exit == ExitDone && !json.Valid([]byte(out)) {
				t.Errorf("%q is no JSON", out)
			}
		})
	}
	out, _, _ := run(t, &node{answers: answers("[]", inCall)}, "", "call", "guests")
	if !strings.Contains(out, "abcd1234") || strings.Contains(out, "00000000") {
		t.Errorf("the list for people says %q", out)
	}
	if _, errs, exit := run(t, &node{answers: answers("[]", `[{"id":"dd22"}]`)}, "", "call", "guests"); exit == ExitDone || !strings.Contains(errs, "parvis call join") {
		t.Errorf("in no call: %d, %s", exit, errs)
	}
}
