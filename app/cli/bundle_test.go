package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"parvis/app/api"
	"parvis/app/web"
)

// porter is a node's bundles.
type porter struct {
	content string // of what it exports
	fails   error  // after that
	asked   api.BundleExport
	took    string // what was imported
	into    string
}

func (p *porter) Export(_ context.Context, what api.BundleExport, out io.Writer) (api.BundleMade, error) {
	p.asked = what
	if _, err := io.WriteString(out, p.content); err != nil {
		return api.BundleMade{}, err
	}
	return api.BundleMade{Entries: 1, Envelopes: 412, Blocks: 12}, p.fails
}

func (p *porter) Import(_ context.Context, ws string, in io.Reader) (api.BundleTaken, error) {
	data, err := io.ReadAll(in)
	p.took, p.into = string(data), ws
	return api.BundleTaken{Workspace: "aa11bb", Entries: 3, Envelopes: 1, Known: 7, Waiting: 2, Refused: 1, Reasons: []api.BundleRefused{{What: "message", ID: "0123456789abcdef", Reason: "signature"}}},
		errors.Join(err, p.fails)
}

// runBundle runs one bundle command against a node with these bundles.
func runBundle(t *testing.T, p *porter, args ...string) (out, errs string, exit int) {
	t.Helper()
	n := &node{answers: map[string]string{
		"Workspaces.List": oneWorkspace, "People.List": `[{"id":"f00d","name":"Ana"},{"id":"beef","name":"Ben"}]`, "Devices.List": `[{"id":"cafe","name":"Old laptop"}]`,
	}}
	content := api.New(api.Config{Bundles: p, Life: func() (context.Context, error) { return t.Context(), nil }}).Content
	data := t.TempDir()
	server := &web.Server{Backend: n, Content: web.Content(content), Data: data}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	var stdout, stderr bytes.Buffer
	program := Program{Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr, Getenv: func(string) string { return "" }}
	exit = program.Run(t.Context(), append(append([]string{"bundle"}, args...), "--data", data))
	return stdout.String(), stderr.String(), exit
}

func TestABundleIsWrittenWholeOrNotAtAll(t *testing.T) {
	refused := &api.Error{Code: api.CodeRefused, Message: "No bundle today. Try tomorrow."}
	tests := []struct {
		name  string
		p     porter
		args  []string
		exit  int
		want  string // said
		asked api.BundleExport
		file  string // what lies there afterwards
	}{
		{"all that others lack", porter{content: "new"}, nil, ExitDone, "412 messages and changes, 1 log entry, 12 blocks of pictures; 3 bytes", api.BundleExport{Workspace: "aa11bb"}, "new"},
		{"for a person", porter{content: "new"}, []string{"--for", "ben"}, ExitDone, "412", api.BundleExport{Workspace: "aa11bb", For: "beef"}, "new"},
		{"for a device of one's own", porter{content: "new"}, []string{"--for", "Old laptop", "--all"}, ExitDone, "412", api.BundleExport{Workspace: "aa11bb", For: "cafe", All: true}, "new"},
		{"for any device", porter{content: "new"}, []string{"--for", strings.Repeat("ab", 32), "--text-only"}, ExitDone, "412", api.BundleExport{Workspace: "aa11bb", For: strings.Repeat("ab", 32), TextOnly: true}, "new"},
		{"for nobody", porter{content: "new"}, []string{"--for", "Zoe"}, ExitFailed, `no person or device "Zoe"`, api.BundleExport{}, "old"},
		{"refused", porter{fails: refused}, nil, ExitFailed, "No bundle today", api.BundleExport{Workspace: "aa11bb"}, "old"},
		{"broken off", porter{content: "half", fails: refused}, nil, ExitFailed, "No bundle today", api.BundleExport{Workspace: "aa11bb"}, "old"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.parvis")
			if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
				t.Fatal(err)
			}
			out, errs, exit := runBundle(t, &test.p, append([]string{"export", path}, test.args...)...)
			if exit != test.exit || !strings.Contains(out+errs, test.want) || test.p.asked != test.asked {
				t.Errorf("exit %d, %q %q, asked %+v", exit, out, errs, test.p.asked)
			}
			if file, err := os.ReadFile(path); string(file) != test.file {
				t.Errorf("the file is %q, %v", file, err)
			}
			if around, _ := os.ReadDir(filepath.Dir(path)); len(around) != 1 {
				t.Errorf("left behind: %v", around)
			}
		})
	}
	if _, errs, exit := runBundle(t, &porter{}, "export", filepath.Join(t.TempDir(), "no", "folder")); exit != ExitFailed || !strings.Contains(errs, "cannot be written") {
		t.Errorf("exit %d, %q", exit, errs)
	}
}

func TestABundleIsTaken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parvis")
	if err := os.WriteFile(path, []byte("a bundle"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &porter{}
	out, errs, exit := runBundle(t, p, "import", path)
	want := []string{"1 message or change, 3 log entries and 0 blocks of pictures are new; 7 were here already.", "2 build on what is missing", "1 were refused", "message 0123456789ab: signature"}
	if exit != ExitDone || p.took != "a bundle" || p.into != "" || slices.ContainsFunc(want, func(line string) bool { return !strings.Contains(out, line) }) {
		t.Errorf("exit %d, %q %q, took %q", exit, out, errs, p.took)
	}
	out, _, exit = runBundle(t, p, "import", path, "--json", "--workspace", "Atelier")
	var document struct{ Import map[string]any }
	if err := json.Unmarshal([]byte(out), &document); err != nil || exit != ExitDone || p.into != "aa11bb" || document.Import["known"] != 7.0 || document.Import["refused"] != 1.0 {
		t.Errorf("exit %d, %q, %v", exit, out, err)
	}
	for name, test := range map[string]struct {
		args []string
		want string
		exit int
	}{
		"a file that is not there": {[]string{path + "x"}, "cannot be read", ExitFailed}, "a folder": {[]string{filepath.Dir(path)}, "is no file", ExitFailed},
		"nothing": {nil, "FILE is missing", ExitUsage},
	} {
		if _, errs, exit := runBundle(t, p, append([]string{"import"}, test.args...)...); exit != test.exit || !strings.Contains(errs, test.want) {
			t.Errorf("%s: exit %d, %q", name, exit, errs)
		}
	}
	p.fails = &api.Error{Code: api.CodeRefused, Message: "Not yours. Ask for another."}
	if _, errs, exit := runBundle(t, p, "import", path); exit != ExitFailed || !strings.Contains(errs, "Not yours") {
		t.Errorf("exit %d, %q", exit, errs)
	}
}
