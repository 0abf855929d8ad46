package cli

import (
	"io"
	"strings"
	"testing"
)

func TestVerifyingSaysWhatBecameOfIt(t *testing.T) {
	const (
		going    = `[{"id":"k1","workspace":"aa11bb","person":"f00d","inviter":true,"code":"123456","state":"compare","begun":100}]`
		entered  = `[{"id":"k1","workspace":"aa11bb","person":"f00d","inviter":true,"code":"123456","state":"entered","begun":100}]`
		before   = `[{"id":"f00d","name":"Ben","role":"member","state":"unverified","verifiedAt":50}]`
		verified = `[{"id":"f00d","name":"Ben","role":"member","state":"verified","verifiedAt":100}]`
	)
	for name, c := range map[string]struct {
		args  []string
		typed bool
		after map[string]map[string]string
		exit  int
		want  string
	}{
		"right codes": {
			[]string{"verify", "Ben"}, true,
			map[string]map[string]string{"Workspaces.EnterCode": {"Workspaces.Comparisons": "[]", "People.List": verified}}, ExitDone, "Ben is verified.",
		},
		"a wrong code": {
			[]string{"verify", "Ben"}, true,
			map[string]map[string]string{"Workspaces.EnterCode": {"Workspaces.Comparisons": "[]"}}, ExitFailed, "Nobody is verified by it",
		},
		"the other one began": {
			[]string{"verify"}, true,
			map[string]map[string]string{"Workspaces.EnterCode": {"Workspaces.Comparisons": "[]", "People.List": verified}}, ExitDone, "Ben is verified.",
		},
		"the other one gave up": {
			[]string{"verify", "Ben"}, false,
			map[string]map[string]string{"Workspaces.Comparisons": {"Workspaces.Comparisons": "[]"}}, ExitFailed, "somebody stopped",
		},
		"the other one never types": {
			[]string{"verify", "Ben", "--wait", "300ms"}, true,
			map[string]map[string]string{"Workspaces.EnterCode": {"Workspaces.Comparisons": entered}}, ExitTimeout, "not compared in this time",
		},
	} {
		t.Run(name, func(t *testing.T) {
			n := &node{answers: map[string]string{
				"Workspaces.List": `[{"id":"aa11bb","name":"Atelier","state":"ready"}]`, "People.List": before,
				"People.Verify": strings.Trim(going, "[]"), "Workspaces.Comparisons": going, "Workspaces.EnterCode": "null",
			}, after: c.after}
			terminal, typing := io.Pipe()
			defer typing.Close()
			if c.typed {
				go func() { _, _ = typing.Write([]byte("654321\n")) }()
			}
			out, errs, exit := runAt(t, n, terminal, append([]string{"people"}, c.args...)...)
			if exit != c.exit || !strings.Contains(out+errs, c.want) || c.typed && !strings.Contains(errs, "Call Ben. Your code is 123456") {
				t.Errorf("exit %d, %q, %q; want %d and %q", exit, out, errs, c.exit, c.want)
			}
		})
	}
	t.Run("introducing somebody", func(t *testing.T) {
		n := &node{answers: map[string]string{
			"Workspaces.List": `[{"id":"aa11bb","name":"Atelier","state":"ready"}]`, "People.List": verified, "People.Vouch": "null",
		}}
		out, errs, exit := run(t, n, "", "people", "introduce", "ben")
		if exit != ExitDone || !strings.Contains(out, "you have verified Ben") || !n.calls("People.Vouch") {
			t.Errorf("exit %d, %q, %q", exit, out, errs)
		}
	})
	t.Run("who says so is in the list", func(t *testing.T) {
		n := &node{answers: map[string]string{
			"Workspaces.List": `[{"id":"aa11bb","name":"Atelier","state":"ready"}]`,
			"People.List":     `[{"id":"f00d","name":"Ben","role":"member","state":"unverified","verifiedBy":["0a"]},{"id":"0a","name":"Ana","role":"owner","state":"unverified"}]`,
		}}
		if out, errs, exit := run(t, n, "", "people", "list"); exit != ExitDone || !strings.Contains(out, "unverified (verified by Ana)") {
			t.Errorf("exit %d, %q, %q", exit, out, errs)
		}
	})
}
