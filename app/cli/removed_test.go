package cli

import (
	"strings"
	"testing"
)

func TestACommandInAWorkspaceThatThisDeviceIsOutOfSaysSo(t *testing.T) {
	const people = `[{"id":"0a","name":"Ana","role":"owner","state":"verified"},{"id":"f00d","name":"Ben","role":"member","self":true},{"id":"0c","name":"Cleo","role":"admin"},{"id":"0d","name":"Dan","role":"owner","state":"removed"}]`
	commands := [][]string{
		{"chat", "send", "general", "hi"}, {"chat", "list", "general"}, {"channel", "list"}, {"doc", "list"}, {"doc", "text", "Plan"},
		{"people", "list"}, {"invite", "create"}, {"superpeer", "list"}, {"bundle", "export", "x.parvis"},
	}
	for _, test := range []struct {
		name, state string
		people      string
		want        []string
		never       string
	}{
		{"by another own device", `"removal":{"how":"device","by":"f00d"}`, people, []string{`This device was removed from the workspace "Atelier" by another device of yours.`, "parvis device link"}, "by Ben"},
		{"by an admin", `"removal":{"how":"device","by":"0c"}`, people, []string{`This device was removed from the workspace "Atelier" by Cleo.`, "ask Ana."}, "Dan"},
		{"nobody knows by whom", `"removal":{"how":"device","by":""}`, people, []string{`from the workspace "Atelier". Nothing new`, "ask Ana."}, " by "},
		{"with the person", `"removal":{"how":"person","by":"0a"}`, people, []string{`You were removed from the workspace "Atelier" by Ana.`, "ask Ana."}, "device was"},
		{"left", `"removal":{"how":"left","by":""}`, people, []string{`You left the workspace "Atelier".`, "ask Ana for an invitation"}, "removed"},
		{"suspended", `"removal":{"how":"suspended","by":""}`, people, []string{`You are suspended in the workspace "Atelier"`, "new invitation"}, "removed"},
		{"nobody else is known", `"removal":{"how":"device","by":""}`, `[]`, []string{"ask an owner of the workspace."}, " by "},
	} {
		t.Run(test.name, func(t *testing.T) {
			answers := map[string]string{"Workspaces.List": `[{"id":"aa11bb","name":"Atelier","state":"removed",` + test.state + `}]`, "People.List": test.people}
			for _, command := range commands {
				out, errs, exit := run(t, &node{answers: answers}, "", command...)
				for _, want := range test.want {
					if exit != ExitFailed || out != "" || !strings.Contains(errs, want) || strings.Contains(errs, test.never) {
						t.Errorf("%v: exit %d, %q %q; want %q and no %q", command, exit, out, errs, want, test.never)
					}
				}
			}
		})
	}
	out, errs, exit := run(t, &node{answers: map[string]string{"Workspaces.List": `[{"id":"aa11bb","name":"Atelier","state":"removed","removal":{"how":"device","by":""}}]`}}, "", "workspace", "list")
	if exit != ExitDone || !strings.Contains(out, "removed") {
		t.Errorf("the list of workspaces: exit %d, %q %q", exit, out, errs)
	}
}

func TestACommandInAWorkspaceThatIsStillJoinedSaysSo(t *testing.T) {
	answers := map[string]string{"Workspaces.List": `[{"id":"aa11bb","state":"joining"}]`}
	for _, command := range [][]string{{"chat", "send", "general", "hi"}, {"doc", "list"}, {"superpeer", "list"}} {
		if _, errs, exit := run(t, &node{answers: answers}, "", command...); exit != ExitFailed || !strings.Contains(errs, "has not finished joining") {
			t.Errorf("%v: exit %d, %q", command, exit, errs)
		}
	}
}
