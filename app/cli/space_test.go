package cli

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
)

// team has a main space, a private one of Ana, Dan and others, and a conversation.
func team() *node {
	return &node{answers: map[string]string{
		"Workspaces.List": oneWorkspace,
		"People.List": `[{"id":"f00d","name":"Ana"},{"id":"da1100","name":"Dan"},{"id":"e5a100","name":"Eva"},
			{"id":"b0b100","name":"Bob"},{"id":"c1c100","name":"Cleo"}]`,
		"Workspaces.Spaces": `[{"id":"0001","kind":"main","history":"full","by":"f00d"},
			{"id":"a24cee4d1a451c3f0011","name":"FJ","kind":"private","history":"full","people":["f00d","da1100"],"by":"f00d"},
			{"id":"a24cee4d1a451c3f0099","name":"All","kind":"private","history":"from-join","people":["f00d","da1100","e5a100","b0b100","c1c100"],"by":"da1100"},
			{"id":"d1d1","kind":"group","history":"full","people":["f00d","0dd1"],"by":"0dd1"}]`,
		"Workspaces.AddToSpace": `{"id":"a24cee4d1a451c3f0011","name":"FJ","kind":"private","people":["f00d","da1100","e5a100"]}`,
	}}
}

func TestTheListOfSpacesSaysWhoIsInThem(t *testing.T) {
	out, errs, exit := run(t, team(), "", "space", "list")
	if exit != ExitDone {
		t.Fatalf("exit %d, %s", exit, errs)
	}
	want := []string{
		"ID NAME KIND HISTORY PEOPLE MADE BY",
		"0001 main main full everybody Ana",
		"a24cee4d1a451c3f001 FJ private full Ana, Dan Ana",
		"a24cee4d1a451c3f009 All private from-join Ana, Dan, Eva and 2 more Dan",
		"d1d1 – group full Ana, 0dd1 0dd1",
	}
	var got []string
	for line := range strings.Lines(out) {
		got = append(got, strings.Join(strings.Fields(line), " "))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the list is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	out, _, _ = run(t, team(), "", "space", "list", "--json")
	var document map[string][]api.Space
	if err := json.Unmarshal([]byte(out), &document); err != nil || len(document["spaces"]) != 4 || document["spaces"][0].Name != "" {
		t.Errorf("the document is %s, %v", out, err)
	}
}

func TestWhoIsInASpaceAlreadyIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		args  []string
		want  string
		asked string // the call that lets people in; empty: none
	}{
		"one who is in":    {[]string{"FJ", "Dan"}, "Dan is in FJ already.\n", ""},
		"two who are in":   {[]string{"FJ", "Dan", "Ana"}, "Dan and Ana are in FJ already.\n", ""},
		"one who is not":   {[]string{"FJ", "Eva"}, "FJ has 3 people now.\n", `"people":["e5a100"]`},
		"one of each kind": {[]string{"FJ", "Dan", "Eva"}, "Dan is in FJ already.\nFJ has 3 people now.\n", `"people":["e5a100"]`},
		"into main":        {[]string{"main", "Dan"}, "", `"space":"0001"`},
	} {
		n := team()
		if c.want == "" { // the node refuses it
			delete(n.answers, "Workspaces.AddToSpace")
		}
		out, errs, exit := run(t, n, "", append([]string{"space", "add"}, c.args...)...)
		if out != c.want || (exit == ExitDone) != (c.want != "") {
			t.Errorf("%s: exit %d, %q %s; want %q", name, exit, out, errs, c.want)
		}
		if n.calls("Workspaces.AddToSpace") != (c.asked != "") || !strings.Contains(n.last(), c.asked) {
			t.Errorf("%s: the node was asked %s", name, n.last())
		}
	}
}
