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
		{"suspended", `"removal":{"how":"suspended","by":""}`, people, []string{`You are suspended in the workspace "Atelier"`, "somebody has to confirm", "or Ana;"}, "--data"},
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
	for how, want := range map[string]string{"device": "removed", "person": "removed", "left": "left", "suspended": "suspended"} {
		checkListed(t, how, want)
	}
}

// checkListed looks at how the lists name a workspace that this device is out of.
func checkListed(t *testing.T, how, want string) {
	t.Helper()
	all := `[{"id":"aa11bb","name":"Atelier","state":"removed","removal":{"how":"` + how + `","by":""}}]`
	answers := map[string]string{"Workspaces.List": all, "Settings.Status": `{"protection":"none","workspaces":` + all + `}`}
	out, errs, exit := run(t, &node{answers: answers}, "", "status")
	if exit != ExitDone || !strings.Contains(out, want) || strings.Contains(out, "somebody has to confirm") != (how == "suspended") {
		t.Errorf("%s: exit %d, %q %q; want %q", how, exit, out, errs, want)
	}
	out, errs, exit = run(t, &node{answers: answers}, "", "workspace", "list")
	if exit != ExitDone || !strings.Contains(out, want) {
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
