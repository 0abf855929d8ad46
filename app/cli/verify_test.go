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

func TestTheInviterHearsWhatBecameOfTheCodes(t *testing.T) {
	const going = `[{"id":"k1","workspace":"aa11bb","invite":"beef","role":"member","inviter":true,"code":"123456","state":"compare","begun":100}]`
	for told, want := range map[string]struct {
		exit int
		text string
	}{
		`{"id":"k1","state":"verified"}`:                         {ExitDone, "the person is let in"},
		`{"id":"k1","state":"failed","end":"wrong"}`:             {ExitFailed, "not the code of the other side. Nobody was let in. Ask the person to open the invitation again"},
		`{"id":"k1","state":"failed","end":"lost","spent":true}`: {ExitFailed, "This was the third failure: the invitation has ended."},
		`{"id":"k1","state":"entered"}`:                          {ExitTimeout, "not compared in this time"},
		`{"id":"another","state":"failed","end":"wrong"}`:        {ExitTimeout, "not compared in this time"},
	} {
		n := &node{
			answers: map[string]string{"Workspaces.List": `[{"id":"aa11bb","name":"Atelier","state":"ready"}]`, "Workspaces.Comparisons": going, "Workspaces.EnterCode": "null"},
			codes:   map[string]string{"Workspaces.EnterCode": told},
		}
		out, errs, exit := run(t, n, "654321\n", "people", "verify", "--wait", "300ms")
		if exit != want.exit || !strings.Contains(out+errs, want.text) {
			t.Errorf("%s: exit %d, %q, %q", told, exit, out, errs)
		}
	}
}

func TestTrusteesWhoAreGoneAreNamedSo(t *testing.T) {
	n := &node{answers: map[string]string{
		"Workspaces.List": `[{"id":"aa11bb","name":"Atelier","state":"ready"}]`, "Members.Rules": `{"workspace":"aa11bb","quorum":2,"trustees":["0a","0b","0c"]}`,
		"People.List": `[{"id":"0a","name":"Ana","state":"verified"},{"id":"0b","name":"Ben","state":"left"},{"id":"0c","name":"Cleo","state":"removed"}]`,
	}}
	out, errs, exit := run(t, n, "", "workspace", "rules")
	if exit != ExitDone || !strings.Contains(out, "Ana, Ben (left), Cleo (removed)") || !strings.Contains(out, "Too few of them are still here") {
		t.Errorf("exit %d, %q, %q", exit, out, errs)
	}
}

func TestALockComesAfterAMinuteAtTheEarliest(t *testing.T) {
	n := &node{answers: map[string]string{"Settings.Protection": `{"kind":"passphrase"}`, "Settings.SetAutoLock": "null"}}
	if out, errs, exit := run(t, n, "", "protection", "--auto-lock", "5s"); exit != ExitFailed || !strings.Contains(errs, "at least 1m") || n.calls("Settings.SetAutoLock") {
		t.Errorf("exit %d, %q, %q", exit, out, errs)
	}
	if out, errs, exit := run(t, n, "", "protection", "--auto-lock", "1m"); exit != ExitDone || !n.calls("Settings.SetAutoLock") || !strings.Contains(out, "does not open them on this computer") {
		t.Errorf("exit %d, %q, %q", exit, out, errs)
	}
}
